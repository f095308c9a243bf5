"""botocore and aiobotocore, as their users have them, against our S3: every verb that they have for objects."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import requests
from aiobotocore.session import get_session
from botocore.config import Config
from botocore.exceptions import ClientError

from tests import certificates
from tests.emulators.controls import Fault
from tests.emulators.running import KEY, Emulator, serving
from tests.emulators.s3 import S3

PART = 5 << 20


class Client:
    """botocore's client for one bucket: each call gets its name."""

    def __init__(self, endpoint: str, bucket: str, **options: Any) -> None:
        config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
        credentials = {"aws_access_key_id": KEY.id, "aws_secret_access_key": KEY.secret}
        at: dict[str, Any] = {"endpoint_url": endpoint, "region_name": "us-east-1", "config": config}
        self.name = bucket
        self.sdk = botocore.session.get_session().create_client("s3", **{**at, **credentials, **options})

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self.sdk, name)
        return lambda **kwargs: call(Bucket=self.name, **kwargs)

    def body(self, key: str, **options: Any) -> bytes:
        """An object's bytes."""
        with self.get_object(Key=key, **options)["Body"] as stream:
            data: bytes = stream.read()
        return data


@pytest.fixture
def client(s3_server: Emulator[S3]) -> Iterator[Client]:
    """For a fresh bucket."""
    made = Client(s3_server.endpoint, s3_server.fresh_bucket().name)
    yield made
    made.sdk.close()


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    """Status and code of what is refused."""
    with pytest.raises(ClientError) as refused:
        call()
    answer = refused.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def crc32(data: bytes) -> str:
    return b64(zlib.crc32(data).to_bytes(4, "big"))


def test_put_and_read(client: Client) -> None:
    """Bytes, headers, metadata, class and the SDK's own checksum come back; the standard class is not told of."""
    stored = client.put_object(
        Key="folder/a b+ü.css",
        Body=b"hello",
        ContentType="text/css",
        CacheControl="no-cache",
        Metadata={"who_am.i": "me"},
        StorageClass="STANDARD_IA",
        WebsiteRedirectLocation="/other",
    )
    assert stored["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    assert (stored["ChecksumCRC32"], stored["ChecksumType"]) == (crc32(b"hello"), "FULL_OBJECT")
    assert client.body("folder/a b+ü.css") == b"hello"  # the SDK has compared the checksum
    told = client.head_object(Key="folder/a b+ü.css", ChecksumMode="ENABLED")
    assert told["ChecksumCRC32"] == crc32(b"hello")
    names = ("ContentType", "CacheControl", "Metadata", "StorageClass", "ContentLength", "WebsiteRedirectLocation")
    assert [told[name] for name in names] == ["text/css", "no-cache", {"who_am.i": "me"}, "STANDARD_IA", 5, "/other"]
    client.put_object(Key="plain", Body=b"")
    assert "StorageClass" not in client.head_object(Key="plain")
    assert client.head_object(Key="plain")["ContentType"] == "binary/octet-stream"


def test_by_https(tmp_path: Path) -> None:
    """There the SDK sends its checksum behind the body, in chunks of its own."""
    certificate = certificates.make_certificate(tmp_path / "certificate.pem")
    with serving(S3, certificates.serving(certificate)) as server:
        client = Client(server.tls_endpoint, server.fresh_bucket().name, verify=str(certificate))
        data = b"0123456789" * 200_000
        client.put_object(Key="k", Body=data, ContentEncoding="gzip")
        told = client.head_object(Key="k", ChecksumMode="ENABLED")
        assert (told["ContentLength"], told["ContentEncoding"]) == (len(data), "gzip")
        assert told["ChecksumCRC32"] == crc32(data)
        assert client.body("k") == data
        client.sdk.close()


@pytest.mark.parametrize("style", ["list_objects", "list_objects_v2"])
def test_awkward_keys(client: Client, style: str) -> None:
    """Keys come back from both listings as they were put, page by page."""
    keys = ["a", "a b", "a+b", "a%2Fb", "ä", "日本/語", "q?x=1&y=2", "tilde~", "'(*)!", "//x", "dot/../x"]
    keys = sorted([*keys, "\x01low"])
    for key in keys:
        client.put_object(Key=key, Body=key.encode())
    pages = client.sdk.get_paginator(style).paginate(Bucket=client.name, PaginationConfig={"PageSize": 3})
    assert [each["Key"] for page in pages for each in page["Contents"]] == keys
    for key in keys:
        assert client.body(key) == key.encode()


def test_listing(client: Client) -> None:
    """Common prefixes, what is told of each, and no more than a thousand whoever asks for more."""
    for key in ("a", "b/1", "b/2", "c/1", "d"):
        client.put_object(Key=key, Body=b"12")
    page = client.list_objects_v2(Delimiter="/", MaxKeys=2)
    assert [each["Key"] for each in page["Contents"]] == ["a"]
    assert [each["Prefix"] for each in page["CommonPrefixes"]] == ["b/"]
    page = client.list_objects_v2(Delimiter="/", ContinuationToken=page["NextContinuationToken"])
    assert ([each["Key"] for each in page["Contents"]], page["KeyCount"]) == (["d"], 2)
    assert (page["Contents"][0]["Size"], page["Contents"][0]["StorageClass"]) == (2, "STANDARD")
    assert page["Contents"][0]["ChecksumAlgorithm"] == ["CRC32"]
    assert client.list_objects_v2(StartAfter="b/2", MaxKeys=5000)["MaxKeys"] == 1000
    none = client.list_objects_v2(MaxKeys=0)
    assert (none["KeyCount"], none["IsTruncated"]) == (0, False)
    assert refusal(lambda: client.list_objects_v2(ContinuationToken="no")) == (400, "InvalidArgument")


def test_ranges_and_conditions(client: Client) -> None:
    """By the standard's rules."""
    etag = client.put_object(Key="k", Body=b"0123456789")["ETag"]
    assert client.body("k", Range="bytes=2-4") == b"234"
    assert client.body("k", Range="bytes=-3") == b"789"
    assert client.body("k", Range="bytes=7-99") == b"789"
    assert refusal(lambda: client.get_object(Key="k", Range="bytes=10-")) == (416, "InvalidRange")
    assert client.body("k", IfMatch=etag) == b"0123456789"
    assert refusal(lambda: client.get_object(Key="k", IfMatch='"other"')) == (412, "PreconditionFailed")
    assert client.get_object(Key="k", ResponseContentType="text/x")["ContentType"] == "text/x"


def test_never_overwrite(client: Client) -> None:
    """If-None-Match on PUT and Complete, If-Match, and what counts as absent."""
    etag = client.put_object(Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    assert refusal(lambda: client.put_object(Key="k", Body=b"2", IfNoneMatch="*")) == (412, "PreconditionFailed")
    assert refusal(lambda: client.put_object(Key="k", Body=b"2", IfNoneMatch=etag)) == (501, "NotImplemented")
    assert refusal(lambda: client.put_object(Key="k", Body=b"2", IfMatch='"x"')) == (412, "PreconditionFailed")
    assert refusal(lambda: client.put_object(Key="new", Body=b"2", IfMatch=etag)) == (404, "NoSuchKey")
    upload_id = client.create_multipart_upload(Key="k")["UploadId"]
    part = client.upload_part(Key="k", UploadId=upload_id, PartNumber=1, Body=b"2")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    end = {"Key": "k", "UploadId": upload_id, "MultipartUpload": parts}
    assert refusal(lambda: client.complete_multipart_upload(**end, IfNoneMatch="*")) == (412, "PreconditionFailed")
    assert client.body("k") == b"1"
    client.put_bucket_versioning(VersioningConfiguration={"Status": "Enabled"})
    assert refusal(lambda: client.put_object(Key="k", Body=b"2", IfNoneMatch="*")) == (412, "PreconditionFailed")
    client.delete_object(Key="k")
    client.put_object(Key="k", Body=b"3", IfNoneMatch="*")
    assert client.body("k") == b"3"


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums(client: Client, algorithm: str) -> None:
    """The SDK's own of each kind is taken and told again; a wrong one is refused, and nothing is stored."""
    data = bytes(range(256)) * 5000
    stored = client.put_object(Key="k", Body=data, ChecksumAlgorithm=algorithm)
    value = stored[f"Checksum{algorithm}"]
    assert client.head_object(Key="k", ChecksumMode="ENABLED")[f"Checksum{algorithm}"] == value
    wrong = {f"Checksum{algorithm}": value}
    assert refusal(lambda: client.put_object(Key="new", Body=data[1:], **wrong)) == (400, "BadDigest")
    short = {f"Checksum{algorithm}": b64(b"123")}
    assert refusal(lambda: client.put_object(Key="new", Body=data, **short)) == (400, "InvalidRequest")
    assert refusal(lambda: client.head_object(Key="new")) == (404, "404")
    copied = client.copy_object(Key="copy", CopySource={"Bucket": client.name, "Key": "k"})
    assert copied["CopyObjectResult"][f"Checksum{algorithm}"] == value


def test_md5(client: Client) -> None:
    """Content-MD5 is compared."""
    right = b64(hashlib.md5(b"1").digest())
    client.put_object(Key="k", Body=b"1", ContentMD5=right)
    assert refusal(lambda: client.put_object(Key="k", Body=b"2", ContentMD5=right)) == (400, "BadDigest")
    assert refusal(lambda: client.put_object(Key="k", Body=b"2", ContentMD5="no")) == (400, "InvalidDigest")
    assert client.body("k") == b"1"


BODIES = [b"a" * PART, b"b" * PART, b"c"]


def begun(client: Client, **options: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """An upload with three parts: what names it, and the parts with all that was told of them."""
    upload = {"Key": "big", "UploadId": client.create_multipart_upload(Key="big", **options)["UploadId"]}
    algorithm = {"ChecksumAlgorithm": options["ChecksumAlgorithm"]} if "ChecksumAlgorithm" in options else {}
    parts = []
    for number, body in enumerate(BODIES, 1):
        told = client.upload_part(**upload, PartNumber=number, Body=body, **algorithm)
        sums = {name: told[name] for name in told if name.startswith("Checksum")}
        parts.append({"PartNumber": number, "ETag": told["ETag"], **sums})
    return upload, parts


def test_multipart(client: Client) -> None:
    """Parts of five megabytes at least, listed by pages, replaced, in order; the ETag is that of all MD5s."""
    upload, parts = begun(client, Metadata={"a": "b"}, ContentType="text/x")
    page = client.list_parts(**upload, MaxParts=2)
    assert [each["PartNumber"] for each in page["Parts"]] == [1, 2]
    page = client.list_parts(**upload, PartNumberMarker=page["NextPartNumberMarker"])
    assert [(each["PartNumber"], each["Size"]) for each in page["Parts"]] == [(3, 1)]
    assert [each["Key"] for each in client.list_multipart_uploads()["Uploads"]] == ["big"]
    told = [{"PartNumber": each["PartNumber"], "ETag": each["ETag"]} for each in parts]

    def complete(*wanted: dict[str, Any]) -> Any:
        return client.complete_multipart_upload(**upload, MultipartUpload={"Parts": list(wanted)})

    assert refusal(lambda: complete(told[1], told[0])) == (400, "InvalidPartOrder")
    assert refusal(lambda: complete({**told[0], "ETag": '"x"'})) == (400, "InvalidPart")
    assert refusal(lambda: complete(told[2], {**told[0], "PartNumber": 4})) == (400, "InvalidPart")
    done = complete(*told)
    digests = b"".join(hashlib.md5(body).digest() for body in BODIES)
    assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    head = client.head_object(Key="big", ChecksumMode="ENABLED")
    assert (head["Metadata"], head["ContentType"], head["ChecksumType"]) == ({"a": "b"}, "text/x", "FULL_OBJECT")
    assert head["ChecksumCRC64NVME"] == done["ChecksumCRC64NVME"]
    assert client.body("big") == b"".join(BODIES)
    assert refusal(lambda: client.abort_multipart_upload(**upload)) == (404, "NoSuchUpload")


def test_small_parts(client: Client) -> None:
    """Only the last may be small."""
    upload = {"Key": "k", "UploadId": client.create_multipart_upload(Key="k")["UploadId"]}
    parts = [
        {"PartNumber": number, "ETag": client.upload_part(**upload, PartNumber=number, Body=b"1")["ETag"]}
        for number in (1, 2)
    ]
    end = {**upload, "MultipartUpload": {"Parts": parts}}
    assert refusal(lambda: client.complete_multipart_upload(**end)) == (400, "EntityTooSmall")
    client.abort_multipart_upload(**upload)
    assert "Uploads" not in client.list_multipart_uploads()


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME"])
def test_whole_checksums(client: Client, algorithm: str) -> None:
    """Of the whole object, by the parts; at the end it is compared, and so is the size."""
    whole = client.put_object(Key="one", Body=b"".join(BODIES), ChecksumAlgorithm=algorithm)[f"Checksum{algorithm}"]
    upload, parts = begun(client, ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    listed = client.list_parts(**upload)["Parts"]
    assert [each[f"Checksum{algorithm}"] for each in listed] == [each[f"Checksum{algorithm}"] for each in parts]
    end = {**upload, "MultipartUpload": {"Parts": parts}, "ChecksumType": "FULL_OBJECT"}
    name = f"Checksum{algorithm}"
    wrong = parts[0][name]
    assert refusal(lambda: client.complete_multipart_upload(**end, **{name: wrong})) == (400, "BadDigest")
    assert refusal(lambda: client.complete_multipart_upload(**end, MpuObjectSize=9)) == (400, "InvalidRequest")
    other = {**end, "ChecksumType": "COMPOSITE"}
    assert refusal(lambda: client.complete_multipart_upload(**other)) == (400, "InvalidRequest")
    done = client.complete_multipart_upload(**end, **{name: whole}, MpuObjectSize=2 * PART + 1)
    assert (done[name], done["ChecksumType"]) == (whole, "FULL_OBJECT")
    assert client.head_object(Key="big", ChecksumMode="ENABLED")[name] == whole


def test_composite_checksums(client: Client) -> None:
    """A checksum of the parts' checksums, each of which must be named in the end."""
    upload, parts = begun(client, ChecksumAlgorithm="SHA256")
    bare = [{"PartNumber": each["PartNumber"], "ETag": each["ETag"]} for each in parts]
    end = {**upload, "MultipartUpload": {"Parts": bare}}
    assert refusal(lambda: client.complete_multipart_upload(**end)) == (400, "InvalidRequest")
    done = client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    digest = hashlib.sha256(b"".join(hashlib.sha256(body).digest() for body in BODIES)).digest()
    assert (done["ChecksumSHA256"], done["ChecksumType"]) == (f"{b64(digest)}-3", "COMPOSITE")
    impossible = {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"}
    assert refusal(lambda: client.create_multipart_upload(Key="k", **impossible)) == (400, "InvalidRequest")
    upload["UploadId"] = client.create_multipart_upload(Key="big", ChecksumAlgorithm="SHA256")["UploadId"]
    part = {**upload, "PartNumber": 1, "Body": b"1", "ChecksumAlgorithm": "CRC32"}
    assert refusal(lambda: client.upload_part(**part)) == (400, "InvalidRequest")


def test_copies(client: Client) -> None:
    """Whole and in parts, with the source's metadata or other, from a version, guarded by conditions."""
    etag = client.put_object(Key="a ü", Body=b"0123456789", Metadata={"x": "1"}, Tagging="t=1")["ETag"]
    source = {"Bucket": client.name, "Key": "a ü"}
    client.copy_object(Key="b", CopySource=source, CopySourceIfMatch=etag)
    head = client.head_object(Key="b")
    assert (head["Metadata"], head["TagCount"]) == ({"x": "1"}, 1)
    directives = {"MetadataDirective": "REPLACE", "TaggingDirective": "REPLACE"}
    client.copy_object(Key="b", CopySource=source, Metadata={"y": "2"}, ContentType="text/x", **directives)
    head = client.head_object(Key="b")
    assert (head["Metadata"], head["ContentType"], "TagCount" in head) == ({"y": "2"}, "text/x", False)
    stale = {"Key": "c", "CopySource": source, "CopySourceIfMatch": '"x"'}
    assert refusal(lambda: client.copy_object(**stale)) == (412, "PreconditionFailed")
    assert refusal(lambda: client.copy_object(Key="a ü", CopySource=source)) == (400, "InvalidRequest")
    missing = {"Bucket": client.name, "Key": "missing"}
    assert refusal(lambda: client.copy_object(Key="c", CopySource=missing)) == (404, "NoSuchKey")
    upload = {"Key": "c", "UploadId": client.create_multipart_upload(Key="c")["UploadId"]}
    ranged = {"CopySource": source, "CopySourceRange": "bytes=2-4"}
    part = client.upload_part_copy(**upload, PartNumber=1, **ranged)["CopyPartResult"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    client.complete_multipart_upload(**upload, MultipartUpload=parts)
    assert client.body("c") == b"234"


def test_versions(client: Client) -> None:
    """Each can be read, listed, copied and removed; a delete leaves a marker."""
    client.put_object(Key="k", Body=b"0")
    client.put_bucket_versioning(VersioningConfiguration={"Status": "Enabled"})
    assert client.get_bucket_versioning()["Status"] == "Enabled"
    first, second = (client.put_object(Key="k", Body=body)["VersionId"] for body in (b"1", b"2"))
    assert [client.body("k"), client.body("k", VersionId=first)] == [b"2", b"1"]
    marker = client.delete_object(Key="k")
    assert marker["DeleteMarker"]
    assert refusal(lambda: client.get_object(Key="k")) == (404, "NoSuchKey")
    listed = client.list_object_versions()
    assert [each["VersionId"] for each in listed["Versions"]] == [second, first, "null"]
    assert [each["IsLatest"] for each in listed["DeleteMarkers"]] == [True]
    source = {"Bucket": client.name, "Key": "k", "VersionId": first}
    client.copy_object(Key="copy", CopySource=source)
    assert client.body("copy") == b"1"
    client.delete_object(Key="k", VersionId=marker["VersionId"])
    client.delete_object(Key="k", VersionId=second)
    assert client.body("k") == b"1"
    assert refusal(lambda: client.get_object(Key="k", VersionId=second)) == (404, "NoSuchVersion")


def test_delete_many(client: Client) -> None:
    """By up to a thousand; what isn't there counts as deleted; the quiet way tells nothing."""
    for key in ("a", "b&<", "c"):
        client.put_object(Key=key, Body=b"")
    told = client.delete_objects(Delete={"Objects": [{"Key": "a"}, {"Key": "b&<"}, {"Key": "none"}]})
    assert [each["Key"] for each in told["Deleted"]] == ["a", "b&<", "none"]
    assert "Deleted" not in client.delete_objects(Delete={"Objects": [{"Key": "c"}], "Quiet": True})
    assert "Contents" not in client.list_objects_v2()
    many = {"Objects": [{"Key": str(number)} for number in range(1001)]}
    assert refusal(lambda: client.delete_objects(Delete=many)) == (400, "MalformedXML")


def test_tags(client: Client) -> None:
    """Put with the object or after it, read, counted, deleted; ten at most."""
    client.put_object(Key="k", Body=b"", Tagging="a=1&b=%C3%BC")
    assert client.get_object_tagging(Key="k")["TagSet"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "ü"}]
    client.put_object_tagging(Key="k", Tagging={"TagSet": [{"Key": "c", "Value": "3"}]})
    assert client.head_object(Key="k")["TagCount"] == 1
    client.delete_object_tagging(Key="k")
    assert client.get_object_tagging(Key="k")["TagSet"] == []
    many = {"TagSet": [{"Key": str(number), "Value": ""} for number in range(11)]}
    assert refusal(lambda: client.put_object_tagging(Key="k", Tagging=many)) == (400, "BadRequest")


def test_restore(client: Client, s3_server: Emulator[S3]) -> None:
    """Archived objects are read and copied only after a restore, which takes its time, and ends."""
    client.put_object(Key="k", Body=b"cold", StorageClass="GLACIER")
    assert client.list_objects_v2()["Contents"][0]["StorageClass"] == "GLACIER"
    source = {"Bucket": client.name, "Key": "k"}
    assert refusal(lambda: client.get_object(Key="k")) == (403, "InvalidObjectState")
    assert refusal(lambda: client.copy_object(Key="copy", CopySource=source)) == (403, "InvalidObjectState")

    assert restored(client, "Bulk") == 202
    assert client.head_object(Key="k")["Restore"] == 'ongoing-request="true"'
    assert refusal(lambda: restored(client, "Bulk")) == (409, "RestoreAlreadyInProgress")
    assert restored(client, "Standard") == 202  # a faster one
    assert refusal(lambda: client.get_object(Key="k")) == (403, "InvalidObjectState")
    s3_server.controls.switches.clock_skew_checked = False  # the SDK signs by this machine's clock
    s3_server.service.clock.turn(hours=6)
    assert client.head_object(Key="k")["Restore"].startswith('ongoing-request="false", expiry-date=')


def test_restored(client: Client, s3_server: Emulator[S3]) -> None:
    """It can be read for so many days, and for more when that is asked for again."""
    client.put_object(Key="k", Body=b"cold", StorageClass="DEEP_ARCHIVE")
    assert refusal(lambda: restored(client, "Expedited")) == (400, "InvalidArgument")
    assert refusal(lambda: restored(client, "Bulk", 0)) == (400, "InvalidArgument")
    assert restored(client, "Bulk") == 202
    s3_server.controls.switches.clock_skew_checked = False
    s3_server.service.clock.turn(hours=49)
    assert client.body("k") == b"cold"
    assert restored(client, "Bulk", 5) == 200
    s3_server.service.clock.turn(days=3)
    assert client.body("k") == b"cold"
    s3_server.service.clock.turn(days=3)
    assert refusal(lambda: client.get_object(Key="k")) == (403, "InvalidObjectState")
    client.put_object(Key="warm", Body=b"", StorageClass="GLACIER_IR")
    assert client.body("warm") == b""
    assert refusal(lambda: client.restore_object(Key="warm", RestoreRequest={"Days": 1})) == (403, "InvalidObjectState")


def restored(client: Client, tier: str, days: int = 1) -> int:
    request = {"Days": days, "GlacierJobParameters": {"Tier": tier}}
    status: int = client.restore_object(Key="k", RestoreRequest=request)["ResponseMetadata"]["HTTPStatusCode"]
    return status


def test_acls(client: Client) -> None:
    """Canned ones, told as grants."""
    client.put_object(Key="k", Body=b"", ACL="public-read")
    assert [each["Permission"] for each in client.get_object_acl(Key="k")["Grants"]] == ["FULL_CONTROL", "READ"]
    client.put_object_acl(Key="k", ACL="private")
    assert len(client.get_object_acl(Key="k")["Grants"]) == 1
    assert refusal(lambda: client.put_object_acl(Key="k", ACL="everybody")) == (400, "InvalidArgument")


def test_buckets(client: Client) -> None:
    """Made, listed, looked at and deleted when they are empty."""
    name = f"{client.name}-more"
    client.sdk.create_bucket(Bucket=name)
    assert refusal(lambda: client.sdk.create_bucket(Bucket="No")) == (400, "InvalidBucketName")
    assert name in [each["Name"] for each in client.sdk.list_buckets()["Buckets"]]
    assert client.sdk.head_bucket(Bucket=name)["BucketRegion"] == "us-east-1"
    assert client.sdk.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    client.sdk.put_object(Bucket=name, Key="k", Body=b"")
    assert refusal(lambda: client.sdk.delete_bucket(Bucket=name)) == (409, "BucketNotEmpty")
    client.sdk.delete_object(Bucket=name, Key="k")
    client.sdk.delete_bucket(Bucket=name)
    assert refusal(lambda: client.sdk.list_objects_v2(Bucket=name)) == (404, "NoSuchBucket")


def test_limits(client: Client) -> None:
    """Names, metadata and classes that S3 does not have."""
    client.put_object(Key="k" * 1024, Body=b"", Metadata={"a": "b" * 2047})
    assert refusal(lambda: client.put_object(Key="k" * 1025, Body=b"")) == (400, "KeyTooLongError")
    large = {"a": "b" * 2048}
    assert refusal(lambda: client.put_object(Key="k", Body=b"", Metadata=large)) == (400, "MetadataTooLarge")
    assert refusal(lambda: client.put_object(Key="k", Body=b"", StorageClass="IA")) == (400, "InvalidStorageClass")
    assert refusal(lambda: client.get_bucket_policy()) == (501, "NotImplemented")
    assert refusal(lambda: client.put_object(Key="k", Body=b"", ServerSideEncryption="aws:kms"))[0] == 501


def test_errors_inside_a_success(client: Client, s3_server: Emulator[S3]) -> None:
    """A Complete may answer 200 and then tell of an error, which the SDK takes for one."""
    upload, parts = begun(client)
    s3_server.fail(Fault("late error", verb="complete", code="InternalError"))
    end = {**upload, "MultipartUpload": {"Parts": parts}}
    assert refusal(lambda: client.complete_multipart_upload(**end)) == (500, "InternalError")
    assert client.complete_multipart_upload(**end)["Key"] == "big"


def test_throttling(client: Client, s3_server: Emulator[S3]) -> None:
    """The code, and it passes."""
    s3_server.fail(Fault("throttle"))
    assert refusal(lambda: client.put_object(Key="k", Body=b"")) == (503, "SlowDown")
    client.put_object(Key="k", Body=b"")


def test_presigned(client: Client, s3_server: Emulator[S3]) -> None:
    """Whoever has the address may read, until it ends, and nothing else."""
    client.put_object(Key="a b", Body=b"shared")
    wanted = {"Bucket": client.name, "Key": "a b"}
    signed = botocore.session.get_session().create_client(
        "s3",
        endpoint_url=s3_server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEY.id,
        aws_secret_access_key=KEY.secret,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    url = signed.generate_presigned_url("get_object", Params=wanted, ExpiresIn=600)
    assert requests.get(url, timeout=9).content == b"shared"
    assert requests.put(url, timeout=9).status_code == 403
    assert requests.get(url.replace("a%20b", "other"), timeout=9).status_code == 403
    s3_server.service.clock.turn(minutes=11)
    late = requests.get(url, timeout=9)
    assert (late.status_code, "Request has expired" in late.text) == (403, True)
    signed.close()


async def test_aiobotocore(s3_server: Emulator[S3]) -> None:
    """The asyncio client passes as well."""
    name = s3_server.fresh_bucket().name
    async with get_session().create_client(
        "s3",
        endpoint_url=s3_server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=KEY.id,
        aws_secret_access_key=KEY.secret,
    ) as client:
        await client.put_object(Bucket=name, Key="k", Body=b"hello", ChecksumAlgorithm="CRC64NVME")
        reply = await client.get_object(Bucket=name, Key="k", ChecksumMode="ENABLED")
        async with reply["Body"] as stream:
            assert await stream.read() == b"hello"
        listed = await client.list_objects_v2(Bucket=name)
        assert [each["Key"] for each in listed["Contents"]] == ["k"]
