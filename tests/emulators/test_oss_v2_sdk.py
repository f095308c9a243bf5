"""Aliyun's newer SDK against our OSS, as a second opinion.

It can't be in one environment with the older one, as both install a package ``crcmod``: ``tox -e oss-v2`` makes one
of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.controls import Fault
from tests.emulators.oss import Oss
from tests.emulators.running import KEY, Emulator

oss: Any = pytest.importorskip("alibabacloud_oss_v2", reason="needs an environment of its own: tox -e oss-v2")

PART = 100 * 1024


class Client:
    """The SDK's client, its verbs by name, with the bucket filled in."""

    def __init__(self, client: Any, bucket: str) -> None:
        self.sdk = client
        self.bucket = bucket

    def __call__(self, verb: str, key: str | None = None, **fields: Any) -> Any:
        """Do it. ``put_object`` takes a ``PutObjectRequest``, and so on."""
        made = getattr(oss, f"{verb.title().replace('_', '')}Request")
        return getattr(self.sdk, verb)(made(bucket=self.bucket, **({"key": key} if key else {}), **fields))

    def refused(self, verb: str, key: str | None = None, **fields: Any) -> Any:
        """The service's error, as the SDK has understood it."""
        with pytest.raises(oss.exceptions.OperationError) as raised:
            self(verb, key, **fields)
        error = raised.value.unwrap()
        assert isinstance(error, oss.exceptions.ServiceError)
        return error

    def put(self, key: str, body: bytes = b"", **fields: Any) -> Any:
        return self("put_object", key, body=body, **fields)

    def read(self, key: str, **fields: Any) -> bytes:
        with self("get_object", key, **fields).body as body:
            return bytes(body.read())


@pytest.fixture(params=["v1", "v4"])
def client(oss_server: Emulator[Oss], request: pytest.FixtureRequest) -> Iterator[Client]:
    """A fresh bucket, with either signature. What fails is not tried again, so that each answer is seen."""
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(KEY.id, KEY.secret)
    config.endpoint, config.region, config.use_path_style = oss_server.endpoint, "cn-hangzhou", True
    config.signature_version, config.retry_max_attempts = request.param, 1
    with oss.transport.RequestsHttpClient() as http:
        config.http_client = http
        yield Client(oss.Client(config), oss_server.fresh_bucket().name)


def test_put_and_read(client: Client) -> None:
    """Bytes, headers, metadata and checksums come back; the SDK compares the CRC by itself."""
    metadata = {"who": "me"}
    stored = client.put("folder/a b+ü.css", b"hello", content_type="text/css", metadata=metadata, expires="never")
    assert stored.etag.strip('"') == hashlib.md5(b"hello").hexdigest().upper()
    assert client.read("folder/a b+ü.css") == b"hello"
    told = client("head_object", "folder/a b+ü.css")
    assert (told.content_type, told.object_type, told.content_length) == ("text/css", "Normal", 5)
    assert (dict(told.metadata), told.expires, told.storage_class) == (metadata, "never", "Standard")
    assert told.hash_crc64 == stored.hash_crc64
    assert client("get_object_meta", "folder/a b+ü.css").content_length == 5


def test_wrong_crc_is_noticed(client: Client, oss_server: Emulator[Oss]) -> None:
    """The SDK compares, so our CRC is really the vendor's."""
    oss_server.fail(Fault("wrong crc"))
    with pytest.raises(oss.exceptions.OperationError) as raised:
        client.put("k", b"1")
    assert isinstance(raised.value.unwrap(), oss.exceptions.InconsistentError)


def test_awkward_keys(client: Client) -> None:
    """Keys come back from both listings, by pages, as they were put.

    There is none with ``..`` in it, which the SDK signs, and its HTTP client then takes out of the address.
    """
    keys = sorted(["a", "a b", "a+b", "a%2Fb", "ä", "日本/語", "q?x=1&y=2", "tilde~", "'(*)!", "\x01low"])
    for key in keys:
        client.put(key, key.encode())
    for version, asked in (("", oss.ListObjectsRequest), ("_v2", oss.ListObjectsV2Request)):
        paginator = getattr(client.sdk, f"list_objects{version}_paginator")(limit=3)
        pages = list(paginator.iter_page(asked(bucket=client.bucket)))
        assert [len(page.contents) for page in pages] == [3, 3, 3, 1]
        assert sorted(found.key for page in pages for found in page.contents) == keys
    for key in keys:
        assert client.read(key) == key.encode()


def test_ranges(client: Client) -> None:
    """By the standard's rules, if they are asked for."""
    client.put("k", b"0123456789")
    assert client.read("k", range_header="bytes=2-4") == b"234"
    assert client.read("k", range_header="bytes=7-99") == b"0123456789"
    assert client.read("k", range_header="bytes=7-99", range_behavior="standard") == b"789"
    error = client.refused("get_object", "k", range_header="bytes=10-", range_behavior="standard")
    assert (error.status_code, error.code) == (416, "InvalidRange")


def test_missing(client: Client) -> None:
    """The error document is read, also of a HEAD, where it travels in a header."""
    for verb in ("get_object", "head_object"):
        error = client.refused(verb, "missing")
        assert (error.status_code, error.code) == (404, "NoSuchKey")
        assert error.request_id
    assert not client.sdk.is_object_exist(client.bucket, "missing")
    assert client("delete_object", "missing").status_code == 204
    client.bucket = "no-such-bucket"
    assert client.refused("put_object", "k", body=b"").code == "NoSuchBucket"


def test_conditions(client: Client) -> None:
    """If-Match and its kin, and the header that keeps what is there."""
    etag = client.put("k", b"1", forbid_overwrite=True).etag
    assert client.read("k", if_match=etag) == b"1"
    assert client.refused("get_object", "k", if_match='"other"').code == "PreconditionFailed"
    assert client.refused("get_object", "k", if_none_match=etag).status_code == 304
    assert client.refused("put_object", "k", body=b"2", forbid_overwrite=True).code == "FileAlreadyExists"


def test_multipart(client: Client) -> None:
    """Parts with a gap in their numbers, listed by pages; copied ones; open uploads, and one that is aborted."""
    upload_id = client("initiate_multipart_upload", "big", metadata={"a": "b"}).upload_id
    bodies = {1: b"a" * PART, 3: b"b" * PART, 9: b"c"}
    for number, body in bodies.items():
        client("upload_part", "big", upload_id=upload_id, part_number=number, body=body)
    asked = oss.ListPartsRequest(bucket=client.bucket, key="big", upload_id=upload_id)
    parts = [part for page in client.sdk.list_parts_paginator(limit=2).iter_page(asked) for part in page.parts]
    assert [(part.part_number, part.size) for part in parts] == [(1, PART), (3, PART), (9, 1)]
    given = oss.CompleteMultipartUpload([oss.UploadPart(part.part_number, part.etag) for part in parts])
    done = client("complete_multipart_upload", "big", upload_id=upload_id, complete_multipart_upload=given)
    assert done.etag.strip('"').endswith("-3")
    assert client.read("big") == b"".join(bodies.values())
    assert dict(client("head_object", "big").metadata) == {"a": "b"}
    again = client("initiate_multipart_upload", "copy ü").upload_id
    copied = client(
        "upload_part_copy", "copy ü", upload_id=again, part_number=1, source_key="big", source_range="bytes=0-9"
    )
    uploads = client("list_multipart_uploads").uploads
    assert [(upload.key, upload.upload_id) for upload in uploads] == [("copy ü", again)]
    given = oss.CompleteMultipartUpload([oss.UploadPart(1, copied.etag)])
    client("complete_multipart_upload", "copy ü", upload_id=again, complete_multipart_upload=given)
    assert client.read("copy ü") == b"a" * 10
    left = client("initiate_multipart_upload", "left").upload_id
    client("abort_multipart_upload", "left", upload_id=left)
    assert client.refused("list_parts", "left", upload_id=left).code == "NoSuchUpload"


def test_uploader_downloader_and_copier(client: Client, tmp_path: Path) -> None:
    """The SDK's own, with threads and checkpoints; each compares the CRC of the whole."""
    data = bytes(range(256)) * 4096
    (tmp_path / "in").write_bytes(data)
    asked = oss.PutObjectRequest(bucket=client.bucket, key="big")
    options = {"part_size": PART, "parallel_num": 3, "enable_checkpoint": True, "checkpoint_dir": str(tmp_path)}
    sent = client.sdk.uploader(**options).upload_file(asked, filepath=str(tmp_path / "in"))
    assert sent.upload_id
    assert sent.hash_crc64 == client("head_object", "big").hash_crc64
    wanted = oss.GetObjectRequest(bucket=client.bucket, key="big")
    got = client.sdk.downloader(**options).download_file(wanted, filepath=str(tmp_path / "out"))
    assert got.written == len(data)
    assert (tmp_path / "out").read_bytes() == data
    copy = oss.CopyObjectRequest(bucket=client.bucket, key="again", source_bucket=client.bucket, source_key="big")
    client.sdk.copier(part_size=PART, parallel_num=3, multipart_copy_threshold=PART).copy(copy)
    assert client.read("again") == data


def test_an_upload_goes_on(client: Client, oss_server: Emulator[Oss], tmp_path: Path) -> None:
    """After a part that failed, the SDK's uploader asks for the parts and sends the rest alone."""
    data = bytes(range(256)) * 4096
    (tmp_path / "in").write_bytes(data)
    options: dict[str, Any] = {"part_size": PART, "parallel_num": 1, "leave_parts_on_error": True}
    options |= {"enable_checkpoint": True, "checkpoint_dir": str(tmp_path)}
    asked = oss.PutObjectRequest(bucket=client.bucket, key="big")
    oss_server.fail(Fault("throttle", verb="put_part", skip=4))
    with pytest.raises(oss.exceptions.BaseError):
        client.sdk.uploader(**options).upload_file(asked, filepath=str(tmp_path / "in"))
    before = oss_server.controls.calls["put_part"]
    client.sdk.uploader(**options).upload_file(asked, filepath=str(tmp_path / "in"))
    parts = -(-len(data) // PART)
    assert 0 < oss_server.controls.calls["put_part"] - before < parts
    assert client.read("big") == data


def test_copies(client: Client) -> None:
    """A whole object with its metadata, or with other."""
    client.put("a ü", b"0123456789", metadata={"a": "1"}, tagging="t=1")
    client("copy_object", "b", source_key="a ü")
    told = client("head_object", "b")
    assert (dict(told.metadata), told.tagging_count) == ({"a": "1"}, 1)
    client("copy_object", "b", source_key="a ü", metadata={"b": "2"}, metadata_directive="REPLACE")
    assert dict(client("head_object", "b").metadata) == {"b": "2"}


def test_batch_delete(client: Client) -> None:
    """What was not there counts as deleted."""
    for key in ("a", "b ü", "c"):
        client.put(key)
    wanted = [oss.DeleteObject(key) for key in ("a", "b ü", "missing")]
    gone = client("delete_multiple_objects", objects=wanted).deleted_objects
    assert [each.key for each in gone] == ["a", "b ü", "missing"]
    assert [found.key for found in client("list_objects_v2").contents] == ["c"]


def test_versions(client: Client) -> None:
    """Ids on all that is written, and a listing of it with its markers of deletion."""
    client("put_bucket_versioning", versioning_configuration=oss.VersioningConfiguration("Enabled"))
    assert client("get_bucket_versioning").version_status == "Enabled"
    first, second = (client.put("k", body).version_id for body in (b"1", b"2"))
    left = client("delete_object", "k")
    assert left.delete_marker
    assert client.read("k", version_id=first) == b"1"
    page = client("list_object_versions")
    assert [version.version_id for version in page.version] == [second, first]
    assert [marker.version_id for marker in page.delete_marker] == [left.version_id]


def test_cold_storage(client: Client, oss_server: Emulator[Oss]) -> None:
    """An archived object is read once it was thawed, and the SDK is told for how long."""
    client.put("k", b"cold", storage_class="Archive")
    assert client.refused("get_object", "k").code == "InvalidObjectState"
    asked = oss.RestoreRequest(days=2)
    assert client("restore_object", "k", restore_request=asked).status_code == 202
    assert client.refused("restore_object", "k", restore_request=asked).code == "RestoreAlreadyInProgress"
    oss_server.controls.switches.clock_skew_checked = False
    oss_server.service.clock.turn(hours=2)
    assert 'ongoing-request="false"' in client("head_object", "k").restore
    assert client.read("k") == b"cold"


def test_tags_acls_symlinks_and_appending(client: Client) -> None:
    """What else there is to an object."""
    client.put("k", b"12345")
    tags = oss.Tagging(oss.TagSet([oss.Tag("a", "b c")]))
    client("put_object_tagging", "k", tagging=tags)
    assert [(tag.key, tag.value) for tag in client("get_object_tagging", "k").tag_set.tags] == [("a", "b c")]
    client("delete_object_tagging", "k")
    assert not client("get_object_tagging", "k").tag_set.tags
    client("put_object_acl", "k", acl="public-read")
    assert client("get_object_acl", "k").acl == "public-read"
    client("put_symlink", "link", target="k")
    assert client("get_symlink", "link").target == "k"
    assert client.read("link") == b"12345"
    first = client("append_object", "log", position=0, body=b"12345")
    assert client("append_object", "log", position=first.next_position, body=b"678").next_position == 8
    assert client.refused("append_object", "log", position=0, body=b"x").code == "PositionNotEqualToLength"
    assert client.read("log") == b"12345678"


def test_throttled(client: Client, oss_server: Emulator[Oss]) -> None:
    """It is told by code, and goes on; asked to try again, the SDK does."""
    oss_server.fail(Fault("throttle", verb="put_object", code="CpuLimitExceeded"))
    error = client.refused("put_object", "k", body=b"1")
    assert (error.status_code, error.code) == (503, "CpuLimitExceeded")
    client.put("k", b"1")
    assert oss_server.controls.calls["put_object"] == 2


def test_buckets(client: Client) -> None:
    """Made, told of, listed, removed."""
    client.bucket = "made-by-the-newer-sdk"
    client("put_bucket", acl="public-read")
    client.put("k", b"123")
    info = client("get_bucket_info").bucket_info
    assert (info.name, info.acl) == (client.bucket, "public-read")
    assert client("get_bucket_location").location == "oss-cn-hangzhou"
    assert client("get_bucket_stat").storage == 3
    pages = client.sdk.list_buckets_paginator().iter_page(oss.ListBucketsRequest())
    assert client.bucket in [found.name for page in pages for found in page.buckets]
    assert client.refused("delete_bucket").code == "BucketNotEmpty"
    client("delete_object", "k")
    client("delete_bucket")
    assert not client.sdk.is_bucket_exist(client.bucket)


def test_signed_addresses(client: Client, oss_server: Emulator[Oss]) -> None:
    """They read, with nothing but the address, until they end."""
    client.put("a/b c", b"signed")
    signed = client.sdk.presign(oss.GetObjectRequest(bucket=client.bucket, key="a/b c"))
    session = pytest.importorskip("requests").Session()
    with session:
        assert session.get(signed.url, timeout=9).content == b"signed"
        oss_server.service.clock.turn(hours=1)
        assert session.get(signed.url, timeout=9).status_code == 403
