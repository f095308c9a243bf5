"""The vendor's own SDK against our COS: every verb that it has for objects, by path and by virtual host."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from qcloud_cos import CosConfig, CosS3Client, CosServiceError

from tests.emulators.controls import Fault
from tests.emulators.cos import Cos
from tests.emulators.running import KEY, Emulator

PART = 1 << 20
REGION = "ap-guangzhou"


class Client:
    """The SDK's client for one bucket: each call gets its name."""

    def __init__(self, server: Emulator[Cos], bucket: str, reach: str, retry: int = 0, **options: Any) -> None:
        at: dict[str, Any] = {"Domain": f"{server.address}/{bucket}"}
        if reach == "host":
            at = {"IP": "127.0.0.1", "Port": server.port}
        credentials = {"SecretId": KEY.id, "SecretKey": KEY.secret}
        config = CosConfig(Region=REGION, Scheme="http", **{**credentials, **at, **options})
        self.name = bucket
        self.session = requests.Session()
        self.sdk = CosS3Client(config, retry=retry, session=self.session)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self.sdk, name)
        return lambda *args, **kwargs: call(self.name, *args, **kwargs)

    def body(self, key: str, **options: Any) -> bytes:
        """An object's bytes."""
        data: bytes = self.get_object(key, **options)["Body"].get_raw_stream().read()
        return data

    def source(self, key: str, **options: str) -> dict[str, str]:
        """The object, as the source of a copy."""
        return {"Bucket": self.name, "Key": key, "Region": REGION, **options}


@pytest.fixture(params=["path", "host"])
def client(cos_server: Emulator[Cos], request: pytest.FixtureRequest) -> Iterator[Client]:
    """For a fresh bucket."""
    made = Client(cos_server, cos_server.fresh_bucket("-1250000000").name, request.param)
    yield made
    made.session.close()


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    """Status and code of what is refused."""
    with pytest.raises(CosServiceError) as refused:
        call()
    return refused.value.get_status_code(), refused.value.get_error_code()


def test_put_and_read(client: Client) -> None:
    """Bytes, headers, metadata and checksums come back."""
    stored = client.put_object(
        b"hello",
        "folder/a b+ü.css",
        EnableMD5=True,
        ContentType="text/css",
        CacheControl="no-cache",
        Metadata={"x-cos-meta-who": "me"},
        StorageClass="STANDARD_IA",
    )
    assert stored["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    told = client.head_object("folder/a b+ü.css")
    assert stored["x-cos-hash-crc64ecma"] == told["x-cos-hash-crc64ecma"]
    assert client.body("folder/a b+ü.css") == b"hello"
    names = ("Content-Type", "Cache-Control", "x-cos-meta-who", "x-cos-storage-class", "Content-Length")
    assert [told[name] for name in names] == ["text/css", "no-cache", "me", "STANDARD_IA", "5"]
    client.put_object(b"", "plain")
    assert "x-cos-storage-class" not in client.head_object("plain")


def test_awkward_keys(client: Client) -> None:
    """Keys come back from listings as they were put, page by page."""
    keys = sorted(["a", "a b", "a+b", "a%2Fb", "ä", "日本/語", "q?x=1&y=2", "tilde~", "'(*)!", "dot/../x", "\x01low"])
    for key in keys:
        client.put_object(key.encode(), key)
    found: list[str] = []
    marker = ""
    while True:
        page = client.list_objects(Marker=marker, MaxKeys=3)
        found += [each["Key"] for each in page["Contents"]]
        if page["IsTruncated"] == "false":
            break
        marker = page["NextMarker"]
    assert found == keys
    for key in keys:
        assert client.body(key) == key.encode()


def test_listing(client: Client) -> None:
    """Common prefixes, what is told of each, and the largest page."""
    for key in ("a", "b/1", "b/2", "c/1", "d"):
        client.put_object(b"12", key)
    page = client.list_objects(Delimiter="/", MaxKeys=2)
    assert [each["Key"] for each in page["Contents"]] == ["a"]
    assert [each["Prefix"] for each in page["CommonPrefixes"]] == ["b/"]
    assert page["NextMarker"] == "b/"
    page = client.list_objects(Delimiter="/", Marker="b/")
    assert [each["Key"] for each in page["Contents"]] == ["d"]
    assert (page["Contents"][0]["Size"], page["Contents"][0]["StorageClass"]) == ("2", "STANDARD")
    assert "NextMarker" not in page
    assert refusal(lambda: client.list_objects(MaxKeys=1001)) == (400, "InvalidArgument")


def test_ranges_and_conditions(client: Client) -> None:
    """By the standard's rules."""
    etag = client.put_object(b"0123456789", "k")["ETag"]
    assert client.body("k", Range="bytes=2-4") == b"234"
    assert client.body("k", Range="bytes=-3") == b"789"
    assert client.body("k", Range="bytes=7-99") == b"789"
    assert refusal(lambda: client.get_object("k", Range="bytes=10-")) == (416, "InvalidRange")
    assert client.body("k", IfMatch=etag) == b"0123456789"
    assert refusal(lambda: client.get_object("k", IfMatch='"other"')) == (412, "PreconditionFailed")
    assert client.body("k", ResponseContentType="text/x") == b"0123456789"


def test_missing(client: Client) -> None:
    """What is not there; a HEAD has no document."""
    assert refusal(lambda: client.get_object("missing")) == (404, "NoSuchKey")
    assert refusal(lambda: client.head_object("missing")) == (404, "NoSuchResource")
    assert not client.object_exists("missing")
    client.delete_object("missing")
    assert refusal(lambda: client.abort_multipart_upload("k", "none")) == (404, "NoSuchUpload")


def test_multipart(client: Client) -> None:
    """Contiguous parts of a megabyte at least, listed by pages; a CRC of all."""
    upload_id = client.create_multipart_upload("big", Metadata={"x-cos-meta-a": "b"})["UploadId"]
    bodies = [b"a" * PART, b"b" * PART, b"c"]
    parts = [
        {"PartNumber": number, "ETag": client.upload_part("big", body, number, upload_id, EnableMD5=True)["ETag"]}
        for number, body in enumerate(bodies, 1)
    ]
    page = client.list_parts("big", upload_id, MaxParts=2)
    assert [each["PartNumber"] for each in page["Part"]] == ["1", "2"]
    page = client.list_parts("big", upload_id, PartNumberMarker=page["NextPartNumberMarker"])
    assert [(each["PartNumber"], each["Size"]) for each in page["Part"]] == [("3", "1")]
    done = client.complete_multipart_upload("big", upload_id, {"Part": parts})
    assert done["ETag"].endswith('-3"')
    assert client.body("big") == b"".join(bodies)
    told = client.head_object("big")
    assert (told["x-cos-hash-crc64ecma"], told["x-cos-meta-a"]) == (done["x-cos-hash-crc64ecma"], "b")


def test_multipart_refusals(client: Client) -> None:
    """Order, gaps, ETags, sizes and numbers are checked."""
    upload_id = client.create_multipart_upload("big")["UploadId"]
    one, two, four = (
        {"PartNumber": number, "ETag": client.upload_part("big", b"x" * (PART - 1), number, upload_id)["ETag"]}
        for number in (1, 2, 4)
    )

    def code(*parts: dict[str, Any]) -> tuple[int, str]:
        return refusal(lambda: client.complete_multipart_upload("big", upload_id, {"Part": list(parts)}))

    assert code(two, one) == (400, "InvalidPartOrder")
    assert code(one, four) == (400, "InvalidPart")
    assert code(two) == (400, "InvalidPart")
    assert code(one, {**two, "ETag": "0" * 32}) == (400, "InvalidPart")
    assert code(one, two) == (400, "EntityTooSmall")
    assert refusal(lambda: client.upload_part("big", b"x", 10_001, upload_id)) == (400, "InvalidArgument")


def test_complete_that_fails_late(client: Client, cos_server: Emulator[Cos]) -> None:
    """200, and an error in the body; the upload is still there, and the next try makes the object."""
    upload_id = client.create_multipart_upload("big")["UploadId"]
    part = {"PartNumber": 1, "ETag": client.upload_part("big", b"x", 1, upload_id)["ETag"]}
    cos_server.fail(Fault("late error", verb="complete"))
    call: Callable[[], Any] = lambda: client.complete_multipart_upload("big", upload_id, {"Part": [part]})  # noqa: E731
    assert refusal(call) == (200, "InternalError")
    assert not client.object_exists("big")
    call()
    assert client.body("big") == b"x"


def test_open_uploads(client: Client) -> None:
    """By key and id, page by page, until they are aborted."""
    for key in ("x/a", "x/a", "x/b ü", "y"):
        client.create_multipart_upload(key)
    found: list[tuple[str, str]] = []
    markers = {"KeyMarker": "", "UploadIdMarker": ""}
    while True:
        page = client.list_multipart_uploads(Prefix="x/", MaxUploads=1, **markers)
        found += [(each["Key"], each["UploadId"]) for each in page["Upload"]]
        if page["IsTruncated"] == "false":
            break
        markers = {name: page[f"Next{name}"] for name in markers}
    assert [key for key, _ in found] == ["x/a", "x/a", "x/b ü"]
    page = client.list_multipart_uploads(Delimiter="/")
    assert [each["Prefix"] for each in page["CommonPrefixes"]] == ["x/"]
    for key, upload_id in found:
        client.abort_multipart_upload(key, upload_id)
    assert [each["Key"] for each in client.list_multipart_uploads()["Upload"]] == ["y"]


def test_resumable_upload_and_download(client: Client, tmp_path: Path) -> None:
    """The SDK's own, with threads; it compares the CRC."""
    data = bytes(range(256)) * (10 << 10)
    (tmp_path / "in").write_bytes(data)
    upload_id = client.create_multipart_upload("big")["UploadId"]
    client.upload_part("big", data[:PART], 1, upload_id)
    client.upload_file("big", str(tmp_path / "in"), PartSize=1, MAXThread=3)
    client.download_file(
        "big", str(tmp_path / "out"), PartSize=1, MAXThread=3, EnableCRC=True, DumpRecordDir=str(tmp_path / "records")
    )
    assert (tmp_path / "out").read_bytes() == data


def test_copies(client: Client, cos_server: Emulator[Cos]) -> None:
    """A whole object with its metadata or other; a piece as a part; also from another region."""
    client.put_object(b"0123456789", "a ü", Metadata={"x-cos-meta-a": "1"})
    copied = client.copy_object("b", client.source("a ü"))
    assert copied["CRC64"] == client.head_object("a ü")["x-cos-hash-crc64ecma"]
    assert client.head_object("b")["x-cos-meta-a"] == "1"
    # Not update_object_meta and change_object_storage_class, which do just this: with a domain they know no endpoint.
    client.copy_object("b", client.source("b"), "Replaced", Metadata={"x-cos-meta-b": "2"})
    told = client.head_object("b")
    assert ("x-cos-meta-a" in told, told["x-cos-meta-b"]) == (False, "2")
    assert refusal(lambda: client.copy_object("b", client.source("b"))) == (400, "InvalidRequest")
    client.copy_object("b", client.source("b"), "Replaced", StorageClass="STANDARD_IA")
    assert client.head_object("b")["x-cos-storage-class"] == "STANDARD_IA"
    upload_id = client.create_multipart_upload("c")["UploadId"]
    part = client.upload_part_copy("c", 1, upload_id, client.source("a ü"), "bytes=2-5")
    client.complete_multipart_upload("c", upload_id, {"Part": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert client.body("c") == b"2345"
    wrong = {"CopySourceIfMatch": '"other"'}
    assert refusal(lambda: client.copy_object("d", client.source("b"), **wrong)) == (412, "PreconditionFailed")
    far = Client(cos_server, cos_server.fresh_bucket("-1250000000").name, "path")
    cos_server.service.buckets[far.name].region = "ap-beijing"
    far.put_object(b"far", "k")
    client.copy_object("d", far.source("k", Region="ap-beijing"))
    assert client.body("d") == b"far"
    far.session.close()
    cos_server.service.limits.copy, kept = 9, cos_server.service.limits.copy
    assert refusal(lambda: client.copy_object("d", client.source("a ü"))) == (400, "InvalidRequest")
    cos_server.service.limits.copy = kept


def test_delete_many(client: Client) -> None:
    """What was not there counts as deleted; quiet tells of nothing."""
    for key in ("a", "b ü", "c", "d"):
        client.put_object(b"", key)
    done = client.delete_objects({"Object": [{"Key": "a"}, {"Key": "b ü"}, {"Key": "missing"}]})
    assert [each["Key"] for each in done["Deleted"]] == ["a", "b ü", "missing"]
    client.delete_objects({"Object": [{"Key": "c"}, {"Key": "x"}], "Quiet": "true"})
    assert [each["Key"] for each in client.list_objects()["Contents"]] == ["d"]
    many = {"Object": [{"Key": str(number)} for number in range(1001)]}
    assert refusal(lambda: client.delete_objects(many)) == (400, "MalformedXML")


def test_versions(client: Client) -> None:
    """Ids on all that is written, delete markers, and a listing of all of it."""
    client.put_object(b"0", "k")
    client.put_bucket_versioning("Enabled")
    assert client.get_bucket_versioning()["Status"] == "Enabled"
    first, second = (client.put_object(body, "k")["x-cos-version-id"] for body in (b"1", b"2"))
    left = client.delete_object("k")
    assert left["x-cos-delete-marker"] == "true"
    assert refusal(lambda: client.get_object("k")) == (404, "NoSuchKey")
    assert client.body("k", VersionId=first) == b"1"
    assert client.body("k", VersionId="null") == b"0"
    assert refusal(lambda: client.get_object("k", VersionId=left["x-cos-version-id"]))[0] == 405
    page = client.list_objects_versions(MaxKeys=2)
    assert page["NextKeyMarker"] == "k"
    rest = client.list_objects_versions(KeyMarker="k", VersionIdMarker=page["NextVersionIdMarker"])
    found = [each["VersionId"] for each in page["Version"] + rest["Version"]]
    assert found == [second, first, "null"]
    assert [each["VersionId"] for each in page["DeleteMarker"]] == [left["x-cos-version-id"]]
    client.delete_object("k", VersionId=left["x-cos-version-id"])
    assert client.body("k") == b"2"
    client.copy_object("copy", client.source("k", VersionId=first))
    assert client.body("copy") == b"1"


def test_never_overwrite(client: Client) -> None:
    """The header keeps what is there, but to copies, and where there are versions, it means nothing."""
    # The SDK has no name for it, but lets any header pass as metadata.
    never = {"Metadata": {"x-cos-forbid-overwrite": "true"}}
    client.put_object(b"1", "k", **never)
    attempts: list[Callable[[], Any]] = [
        lambda: client.put_object(b"2", "k", **never),
        lambda: client.create_multipart_upload("k", **never),
    ]
    for attempt in attempts:
        assert refusal(attempt) == (409, "FileAlreadyExists")
    client.put_object(b"other", "other")
    client.copy_object("k", client.source("other"), CopyStatus="Replaced", **never)
    assert client.body("k") == b"other"
    client.put_bucket_versioning("Enabled")
    client.put_object(b"2", "k", **never)
    assert client.body("k") == b"2"


@pytest.mark.parametrize(("storage_class", "hours"), [("ARCHIVE", 5), ("DEEP_ARCHIVE", 24)])
def test_thaw(client: Client, cos_server: Emulator[Cos], storage_class: str, hours: float) -> None:
    """An archived object is read only while it is restored, by the emulator's clock."""
    client.put_object(b"cold", "k", StorageClass=storage_class)
    assert refusal(lambda: client.get_object("k")) == (403, "InvalidObjectState")
    assert refusal(lambda: client.copy_object("b", client.source("k"))) == (403, "InvalidObjectState")
    request = {"Days": 2, "CASJobParameters": {"Tier": "Standard"}}
    client.restore_object("k", request)
    assert cos_server.controls.seen[-1].status == 202
    assert client.head_object("k")["x-cos-restore"] == 'ongoing-request="true"'
    assert refusal(lambda: client.restore_object("k", request)) == (409, "RestoreAlreadyInProgress")
    cos_server.service.clock.turn(hours=hours)
    cos_server.controls.switches.clock_skew_checked = False
    assert client.body("k") == b"cold"
    assert client.head_object("k")["x-cos-restore"].startswith('ongoing-request="false", expiry-date="')
    client.restore_object("k", request)
    assert cos_server.controls.seen[-1].status == 200
    cos_server.service.clock.turn(days=3)
    assert refusal(lambda: client.get_object("k")) == (403, "InvalidObjectState")
    fast = {"Days": 1, "CASJobParameters": {"Tier": "Expedited"}}
    if storage_class == "DEEP_ARCHIVE":
        assert refusal(lambda: client.restore_object("k", fast)) == (400, "InvalidArgument")
    client.put_object(b"", "warm")
    assert refusal(lambda: client.restore_object("warm", fast)) == (405, "RestoreNonArchiveObject")


def test_tags(client: Client) -> None:
    """Set, told of, replaced, removed; ten at most."""
    client.put_object(b"", "k", Tagging="a=1&b%20c=%C3%BC")
    assert client.head_object("k")["x-cos-tagging-count"] == "2"
    found = client.get_object_tagging("k")["TagSet"]["Tag"]
    assert found == [{"Key": "a", "Value": "1"}, {"Key": "b c", "Value": "ü"}]
    client.put_object_tagging("k", {"TagSet": {"Tag": [{"Key": "x", "Value": "y"}]}})
    assert client.get_object_tagging("k")["TagSet"]["Tag"] == [{"Key": "x", "Value": "y"}]
    client.delete_object_tagging("k")
    assert "x-cos-tagging-count" not in client.head_object("k")
    many = "&".join(f"t{number}=1" for number in range(11))
    assert refusal(lambda: client.put_object(b"", "k", Tagging=many)) == (400, "BadRequest")


def test_acl(client: Client, cos_server: Emulator[Cos]) -> None:
    """An object that is public is read without a signature, others aren't."""
    client.put_object(b"1", "k")
    assert client.get_object_acl("k")["CannedACL"] == "default"
    client.put_object_acl("k", ACL="public-read")
    assert client.get_object_acl("k")["CannedACL"] == "public-read"
    url = f"{cos_server.endpoint}/{client.name}/k"
    assert requests.get(url, timeout=9).content == b"1"
    client.put_object_acl("k", ACL="private")
    assert requests.get(url, timeout=9).status_code == 403
    client.put_bucket_acl(ACL="public-read-write")
    assert client.get_bucket_acl()["CannedACL"] == "public-read-write"


def test_symlink_and_append(client: Client) -> None:
    """What is no plain object can be known."""
    client.put_object(b"12345", "target")
    client.put_symlink("link", "target")
    assert client.get_symlink("link")["x-cos-symlink-target"] == "target"
    assert client.body("link") == b"12345"
    assert client.append_object("log", 0, b"123")["x-cos-next-append-position"] == "3"
    client.append_object("log", 3, b"45")
    assert (client.body("log"), client.head_object("log")["x-cos-object-type"]) == (b"12345", "appendable")
    assert refusal(lambda: client.append_object("log", 0, b"x"))[0] == 409


def test_limits(client: Client) -> None:
    """Keys, metadata, and what Content-MD5 says."""
    client.put_object(b"", "k" * 850)
    assert refusal(lambda: client.put_object(b"", "k" * 851)) == (400, "KeyTooLong")
    for metadata in ({"x-cos-meta-a": "v" * 2049}, {f"x-cos-meta-{n}": "v" * 2000 for n in range(3)}):
        assert refusal(lambda: client.put_object(b"", "k", Metadata=metadata))[1] == "MetadataTooLarge"  # noqa: B023
    assert refusal(lambda: client.put_object(b"", "k", Metadata={"x-cos-meta-a_b": "v"}))[0] == 400
    assert refusal(lambda: client.put_object(b"1", "k", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==")) == (400, "BadDigest")
    assert refusal(lambda: client.put_object(b"1", "k", ContentMD5="short")) == (400, "InvalidDigest")
    assert not client.object_exists("k")


def test_streams(client: Client) -> None:
    """A large body, which is kept in a file."""
    data = bytes(range(256)) * (12 << 10)
    client.put_object(io.BytesIO(data), "large")
    assert client.body("large") == data
    assert client.body("large", Range=f"bytes={PART}-{PART + 9}") == data[:10]


def test_signed_urls(client: Client, cos_server: Emulator[Cos]) -> None:
    """They read, override headers, and end; what they sign can't be changed."""
    client.put_object(b"signed", "a/b c")
    host = f"{client.name}.cos.{REGION}.myqcloud.com"
    by_path = client.sdk.get_conf()._ip is None
    url = client.get_presigned_url(
        "a/b c",
        "GET",
        Params={"response-content-type": "text/y"},
        Headers={} if by_path else {"Host": host},
    )
    sent = {} if by_path else {"Host": host}
    answer = requests.get(url, headers=sent, timeout=9)
    assert (answer.content, answer.headers["Content-Type"]) == (b"signed", "text/y")
    assert requests.delete(url, headers=sent, timeout=9).status_code == 403
    assert requests.get(url.replace("text%2Fy", "text%2Fz"), headers=sent, timeout=9).status_code == 403
    cos_server.service.clock.turn(minutes=6)
    late = requests.get(url, headers=sent, timeout=9)
    assert (late.status_code, "Request has expired" in late.text) == (403, True)


def test_buckets(cos_server: Emulator[Cos]) -> None:
    """Made, told of, listed, removed once they are empty."""
    client = Client(cos_server, "made-by-the-sdk-1250000000", "host")
    assert not client.bucket_exists()
    client.create_bucket(ACL="public-read")
    assert refusal(client.create_bucket) == (409, "BucketAlreadyOwnedByYou")
    assert client.head_bucket()["x-cos-bucket-region"] == REGION
    assert client.get_bucket_location()["LocationConstraint"] == REGION
    client.put_object(b"", "k")
    assert refusal(client.delete_bucket) == (409, "BucketNotEmpty")
    service = Client(cos_server, "", "path", ServiceDomain=cos_server.address)
    found = service.sdk.list_buckets()["Buckets"]["Bucket"]
    assert "made-by-the-sdk-1250000000" in [each["Name"] for each in found]
    client.delete_object("k")
    client.delete_bucket()
    assert refusal(client.list_objects) == (404, "NoSuchBucket")
    for each in (client, service):
        each.session.close()


def test_throttled(client: Client, cos_server: Emulator[Cos]) -> None:
    """503; then it goes on."""
    cos_server.fail(Fault("throttle", verb="put_object"))
    assert refusal(lambda: client.put_object(b"1", "k")) == (503, "SlowDown")
    client.put_object(b"1", "k")
    assert cos_server.controls.calls["put_object"] == 2


def test_never_compressed(client: Client) -> None:
    """Also for who accepts it, as the SDK does."""
    client.put_object(b"{}" * 600, "big.json", ContentType="application/json")
    told = client.get_object("big.json")
    assert (told["Content-Length"], "Content-Encoding" in told) == ("1200", False)
