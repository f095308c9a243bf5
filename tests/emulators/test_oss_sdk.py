"""The vendor's own SDK against our OSS: every verb that it has for objects, with both versions of its signature."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import oss2
import pytest
import requests
from oss2.models import BatchDeleteObjectVersion, BatchDeleteObjectVersionList

from tests.emulators.controls import Fault
from tests.emulators.oss import Oss
from tests.emulators.running import KEY, Emulator

PART = 100 * 1024


@pytest.fixture(params=["v1", "v4"])
def bucket(oss_server: Emulator[Oss], request: pytest.FixtureRequest) -> Iterator[Any]:
    """A fresh bucket, through the SDK. At an IP address it uses path style by itself."""
    auth = oss2.make_auth(KEY.id, KEY.secret, request.param)
    yield from opened(auth, oss_server.endpoint, oss_server.fresh_bucket().name)


class _Session(oss2.Session):  # type: ignore[misc]
    """The SDK leaves the bodies of some answers unread, and their connections open: close them in the end."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: list[Any] = []

    def do_request(self, request: Any, timeout: Any) -> Any:
        answer = super().do_request(request, timeout)
        self._answers.append(answer.response)
        return answer

    def close(self) -> None:
        for answer in self._answers:
            answer.close()
        self.session.close()


def opened(auth: Any, endpoint: str, name: str, **options: Any) -> Iterator[Any]:
    session = _Session()
    yield oss2.Bucket(auth, endpoint, name, session=session, region="cn-hangzhou", **options)
    session.close()


def test_put_and_read(bucket: Any) -> None:
    """Bytes, headers, metadata and checksums come back; the SDK compares the CRC by itself."""
    headers = {"Content-Type": "text/css", "x-oss-meta-who": "me", "Cache-Control": "no-cache", "Expires": "never"}
    stored = bucket.put_object("folder/a b+ü.css", b"hello", headers=headers)
    assert stored.etag == hashlib.md5(b"hello").hexdigest().upper()
    read = bucket.get_object("folder/a b+ü.css")
    assert read.read() == b"hello"
    assert read.client_crc == read.server_crc
    told = bucket.head_object("folder/a b+ü.css")
    assert (told.content_type, told.object_type, told.content_length) == ("text/css", "Normal", 5)
    kept = {name: told.headers[name] for name in ("x-oss-meta-who", "Cache-Control", "Expires", "x-oss-storage-class")}
    assert kept == {
        "x-oss-meta-who": "me",
        "Cache-Control": "no-cache",
        "Expires": "never",
        "x-oss-storage-class": "Standard",
    }


def test_awkward_keys(bucket: Any) -> None:
    """Keys come back from listings as they were put."""
    keys = sorted(["a", "a b", "a+b", "a%2Fb", "ä", "日本/語", "q?x=1&y=2", "tilde~", "'(*)!", "dot/../x", "\x01low"])
    for key in keys:
        bucket.put_object(key, key.encode())
    assert sorted(found.key for found in oss2.ObjectIterator(bucket, max_keys=3)) == keys
    assert sorted(found.key for found in oss2.ObjectIteratorV2(bucket, max_keys=3)) == keys
    for key in keys:
        assert bucket.get_object(key).read() == key.encode()


def test_ranges(bucket: Any) -> None:
    """What is out of bounds means the whole object, unless the standard's rules are asked for."""
    bucket.put_object("k", b"0123456789")
    standard = {"x-oss-range-behavior": "standard"}
    assert bucket.get_object("k", byte_range=(2, 4)).read() == b"234"
    assert bucket.get_object("k", byte_range=(None, 3)).read() == b"789"
    assert bucket.get_object("k", byte_range=(7, 99)).read() == b"0123456789"
    assert bucket.get_object("k", byte_range=(10, None)).status == 200
    assert bucket.get_object("k", byte_range=(7, 99), headers=dict(standard)).read() == b"789"
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.get_object("k", byte_range=(10, None), headers=dict(standard))
    assert (refused.value.status, refused.value.code) == (416, "InvalidRange")


def test_missing(bucket: Any) -> None:
    """The error document is read, also of a HEAD, where it travels in a header."""
    with pytest.raises(oss2.exceptions.NoSuchKey) as refused:
        bucket.get_object("missing")
    assert refused.value.ec == "0026-00000001"
    assert refused.value.request_id
    with pytest.raises(oss2.exceptions.NoSuchKey):
        bucket.head_object("missing")
    assert not bucket.object_exists("missing")
    assert bucket.delete_object("missing").status == 204
    bucket.bucket_name = "no-such-bucket"
    with pytest.raises(oss2.exceptions.NoSuchBucket):
        bucket.put_object("k", b"")


def test_conditions(bucket: Any) -> None:
    """If-Match and its kin."""
    etag = bucket.put_object("k", b"1").etag
    assert bucket.get_object("k", headers={"If-Match": f'"{etag}"'}).read() == b"1"
    with pytest.raises(oss2.exceptions.PreconditionFailed):
        bucket.get_object("k", headers={"If-Match": '"other"'})
    with pytest.raises(oss2.exceptions.NotModified):
        bucket.get_object("k", headers={"If-None-Match": f'"{etag}"'})
    modified = bucket.head_object("k").headers["Last-Modified"]
    with pytest.raises(oss2.exceptions.NotModified):
        bucket.head_object("k", headers={"If-Modified-Since": modified})


def test_listing_folders(bucket: Any) -> None:
    """Common prefixes, the markers of both listings, and the default page."""
    for key in ("a", "b/1", "b/2", "c/1", "d"):
        bucket.put_object(key, b"")
    page = bucket.list_objects(delimiter="/", max_keys=2)
    assert ([o.key for o in page.object_list], page.prefix_list, page.next_marker) == (["a"], ["b/"], "b/")
    page = bucket.list_objects(delimiter="/", marker=page.next_marker)
    assert ([o.key for o in page.object_list], page.prefix_list) == (["d"], ["c/"])
    page = bucket.list_objects_v2(start_after="b/1", fetch_owner=True)
    assert [o.key for o in page.object_list] == ["b/2", "c/1", "d"]
    assert page.object_list[0].owner.id
    assert page.object_list[0].type == "Normal"


def test_default_page_is_100(bucket: Any, oss_server: Emulator[Oss]) -> None:
    """Who asks for nothing gets a hundred; more than a thousand are refused."""
    for number in range(101):
        bucket.put_object(f"{number:03}", b"")
    assert len(bucket.list_objects_v2().object_list) == 100
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.list_objects_v2(max_keys=1001)
    assert oss_server.controls.calls["list_objects_v2"] == 2


def test_multipart(bucket: Any) -> None:
    """Parts with a gap in their numbers, listed by pages, and an object with the CRC of all."""
    upload_id = bucket.init_multipart_upload("big", headers={"x-oss-meta-a": "b"}).upload_id
    data = [b"a" * PART, b"b" * PART, b"c"]
    parts = []
    for number, body in zip((1, 3, 9), data, strict=True):
        stored = bucket.upload_part("big", upload_id, number, body)
        parts.append(oss2.models.PartInfo(number, stored.etag, size=len(body), part_crc=stored.crc))
    page = bucket.list_parts("big", upload_id, max_parts=2)
    assert ([part.part_number for part in page.parts], page.is_truncated, page.next_marker) == ([1, 3], True, "3")
    page = bucket.list_parts("big", upload_id, marker=page.next_marker)
    assert [(part.part_number, part.size) for part in page.parts] == [(9, 1)]
    # The SDK compares the combined CRC.
    assert bucket.complete_multipart_upload("big", upload_id, parts).etag.endswith("-3")
    read = bucket.get_object("big")
    assert (read.read(), read.object_type, read.headers["x-oss-meta-a"]) == (b"".join(data), "Multipart", "b")
    with pytest.raises(oss2.exceptions.NoSuchUpload):
        bucket.complete_multipart_upload("big", upload_id, parts)


def test_multipart_refusals(bucket: Any) -> None:
    """Order, ETags, sizes and numbers are checked."""
    upload_id = bucket.init_multipart_upload("big").upload_id
    parts = [
        oss2.models.PartInfo(number, bucket.upload_part("big", upload_id, number, b"x" * (PART - 1)).etag)
        for number in (1, 2)
    ]

    def code(given: list[Any]) -> str:
        # Raw: the SDK's own call sorts the parts.
        root = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{e}</ETag></Part>" for n, e in given)
        body = f"<CompleteMultipartUpload>{root}</CompleteMultipartUpload>"
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            bucket._do("POST", bucket.bucket_name, "big", params={"uploadId": upload_id}, data=body)
        return str(refused.value.code)

    one, two = ((part.part_number, part.etag) for part in parts)
    assert code([two, one]) == "InvalidPartOrder"
    assert code([one, (2, "0" * 32)]) == "InvalidPart"
    assert code([one, two]) == "EntityTooSmall"
    assert code([]) == "MalformedXML"
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.upload_part("big", upload_id, 10_001, b"x")


def test_open_uploads(bucket: Any) -> None:
    """Uploads are listed by key and id, page by page, until they are aborted."""
    ids = {bucket.init_multipart_upload(key).upload_id for key in ("x/a", "x/a", "x/b", "y")}
    found = list(oss2.MultipartUploadIterator(bucket, prefix="x/", max_uploads=1))
    assert [upload.key for upload in found] == ["x/a", "x/a", "x/b"]
    assert {upload.upload_id for upload in found} < ids
    page = bucket.list_multipart_uploads(delimiter="/")
    assert (page.prefix_list, [upload.key for upload in page.upload_list]) == (["x/"], ["y"])
    for upload in found:
        bucket.abort_multipart_upload(upload.key, upload.upload_id)
    assert [upload.key for upload in oss2.MultipartUploadIterator(bucket)] == ["y"]


def test_resumable_uploader_and_downloader(bucket: Any, tmp_path: Path) -> None:
    """The SDK's own, with threads."""
    data = bytes(range(256)) * 4096
    (tmp_path / "in").write_bytes(data)
    store = oss2.ResumableStore(root=str(tmp_path / "up"))
    oss2.resumable_upload(
        bucket, "big", str(tmp_path / "in"), store=store, multipart_threshold=PART, part_size=PART, num_threads=3
    )
    down = oss2.ResumableDownloadStore(root=str(tmp_path / "down"))
    oss2.resumable_download(
        bucket, "big", str(tmp_path / "out"), store=down, multiget_threshold=PART, part_size=PART, num_threads=3
    )
    assert (tmp_path / "out").read_bytes() == data


def test_copies(bucket: Any, oss_server: Emulator[Oss]) -> None:
    """A whole object with its metadata or other; a piece as a part; what is too large is refused."""
    bucket.put_object("a", b"0123456789", headers={"x-oss-meta-a": "1", "x-oss-tagging": "t=1"})
    bucket.copy_object(bucket.bucket_name, "a", "b")
    told = bucket.head_object("b")
    assert (told.headers["x-oss-meta-a"], told.headers["x-oss-tagging-count"]) == ("1", "1")
    bucket.update_object_meta("b", {"x-oss-meta-b": "2"})
    told = bucket.head_object("b")
    assert ("x-oss-meta-a" in told.headers, told.headers["x-oss-meta-b"]) == (False, "2")
    upload_id = bucket.init_multipart_upload("c").upload_id
    part = bucket.upload_part_copy(bucket.bucket_name, "a", (2, 5), "c", upload_id, 1)
    bucket.complete_multipart_upload("c", upload_id, [oss2.models.PartInfo(1, part.etag)])
    assert bucket.get_object("c").read() == b"2345"
    with pytest.raises(oss2.exceptions.PreconditionFailed):
        bucket.copy_object(bucket.bucket_name, "a", "d", headers={"x-oss-copy-source-if-match": '"other"'})
    oss_server.service.limits = type(oss_server.service.limits)(part_min=PART, copy=9)
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.copy_object(bucket.bucket_name, "a", "d")
    assert refused.value.code == "EntityTooLarge"


def test_copy_stays_in_its_region(bucket: Any, oss_server: Emulator[Oss]) -> None:
    """Across regions the service does not copy."""
    far = oss_server.fresh_bucket()
    far.region = "cn-beijing"
    with pytest.raises(oss2.exceptions.AccessDenied, match="same data center"):
        bucket.copy_object(far.name, "a", "b")


def test_batch_delete(bucket: Any) -> None:
    """A thousand at most; what was not there counts as deleted."""
    for key in ("a", "b ü", "c"):
        bucket.put_object(key, b"")
    assert bucket.batch_delete_objects(["a", "b ü", "missing"]).deleted_keys == ["a", "b ü", "missing"]
    assert [found.key for found in oss2.ObjectIterator(bucket)] == ["c"]
    with pytest.raises(oss2.exceptions.MalformedXml):
        bucket.batch_delete_objects([str(number) for number in range(1001)])
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket._do("POST", bucket.bucket_name, "", params={"delete": ""}, data="<Delete/>")
    assert refused.value.code == "MissingArgument"


def test_versions(bucket: Any) -> None:
    """Ids on all that is written, delete markers, and a listing of all of it."""
    bucket.put_object("k", b"0")
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    assert bucket.get_bucket_versioning().status == "Enabled"
    first, second = (bucket.put_object("k", body).versionid for body in (b"1", b"2"))
    left = bucket.delete_object("k")
    assert left.delete_marker
    with pytest.raises(oss2.exceptions.NoSuchKey) as refused:
        bucket.get_object("k")
    assert refused.value.headers["x-oss-delete-marker"] == "true"
    assert bucket.get_object("k", params={"versionId": first}).read() == b"1"
    assert bucket.get_object("k", params={"versionId": "null"}).read() == b"0"
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.get_object("k", params={"versionId": left.versionid})
    assert refused.value.status == 405
    page = bucket.list_object_versions(max_keys=2)
    assert (page.is_truncated, page.next_key_marker, page.next_versionid_marker) == (True, "k", second)
    rest = bucket.list_object_versions(key_marker=page.next_key_marker, versionid_marker=page.next_versionid_marker)
    assert [version.versionid for version in page.versions + rest.versions] == [second, first, "null"]
    assert [(marker.versionid, marker.is_latest) for marker in page.delete_marker] == [(left.versionid, True)]
    wanted = BatchDeleteObjectVersionList([BatchDeleteObjectVersion("k", left.versionid)])
    assert bucket.delete_object_versions(wanted).delete_versions[0].delete_marker
    assert bucket.get_object("k").read() == b"2"
    bucket.delete_object("k", params={"versionId": second})
    assert bucket.get_object("k").read() == b"1"


def test_never_overwrite(bucket: Any) -> None:
    """The header keeps what is there, but where there are versions it means nothing."""
    never = {"x-oss-forbid-overwrite": "true"}
    bucket.put_object("k", b"1", headers=dict(never))
    attempts: list[Callable[[], Any]] = [
        lambda: bucket.put_object("k", b"2", headers=dict(never)),
        lambda: bucket.copy_object(bucket.bucket_name, "k", "k", headers=dict(never)),
        lambda: bucket.init_multipart_upload("k", headers=dict(never)),
    ]
    for attempt in attempts:
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            attempt()
        assert (refused.value.status, refused.value.code) == (409, "FileAlreadyExists")
    assert bucket.get_object("k").read() == b"1"
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    bucket.put_object("k", b"2", headers=dict(never))
    assert bucket.get_object("k").read() == b"2"


def test_never_overwrite_is_checked_when_an_upload_ends(bucket: Any) -> None:
    """Somebody may have been faster."""
    upload_id = bucket.init_multipart_upload("k").upload_id
    part = oss2.models.PartInfo(1, bucket.upload_part("k", upload_id, 1, b"new").etag)
    bucket.put_object("k", b"old")
    with pytest.raises(oss2.exceptions.ServerError):
        bucket.complete_multipart_upload("k", upload_id, [part], headers={"x-oss-forbid-overwrite": "true"})
    assert bucket.get_object("k").read() == b"old"


def test_never_overwrite_has_one_winner(bucket: Any) -> None:
    """Of many at once one wins."""
    won = []

    def put(number: int) -> None:
        try:
            bucket.put_object("k", str(number) * 5000, headers={"x-oss-forbid-overwrite": "true"})
        except oss2.exceptions.ServerError:
            return
        won.append(number)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert bucket.get_object("k").read() == (str(won[0]) * 5000).encode()


@pytest.mark.parametrize(("storage_class", "hours"), [("Archive", 0.02), ("ColdArchive", 5), ("DeepColdArchive", 48)])
def test_thaw(bucket: Any, oss_server: Emulator[Oss], storage_class: str, hours: float) -> None:
    """An archived object is read only while it is restored, by the emulator's clock."""
    bucket.put_object("k", b"cold", headers={"x-oss-storage-class": storage_class})
    attempts: list[Callable[[], Any]] = [
        lambda: bucket.get_object("k"),
        lambda: bucket.copy_object(bucket.bucket_name, "k", "copy"),
    ]
    for attempt in attempts:
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            attempt()
        assert (refused.value.status, refused.value.code) == (403, "InvalidObjectState")
    job = oss2.models.RestoreJobParameters("Standard")
    request = oss2.models.RestoreConfiguration(days=2, job_parameters=job)
    assert bucket.restore_object("k", input=request).status == 202
    assert bucket.head_object("k").headers["x-oss-restore"] == 'ongoing-request="true"'
    with pytest.raises(oss2.exceptions.RestoreAlreadyInProgress):
        bucket.restore_object("k", input=request)
    clock = oss_server.service.clock
    turned = clock.turned
    clock.turn(hours=hours)
    # Requests are signed by the machine's clock, from which the emulator's now differs.
    oss_server.controls.switches.clock_skew_checked = False
    assert bucket.get_object("k").read() == b"cold"
    assert bucket.restore_object("k", input=request).status == 200
    assert bucket.head_object("k").headers["x-oss-restore"].startswith('ongoing-request="false", expiry-date="')
    (listed,) = bucket.list_objects_v2().object_list
    assert listed.restore_info.startswith('ongoing-request="false"')
    clock.turn(days=3)
    with pytest.raises(oss2.exceptions.ServerError):
        bucket.get_object("k")
    clock.turned = turned
    bucket.put_object("warm", b"")
    with pytest.raises(oss2.exceptions.OperationNotSupported):
        bucket.restore_object("warm")


def test_direct_read(bucket: Any) -> None:
    """A bucket may let archived objects be read as they are."""
    bucket.put_object("k", b"cold", headers={"x-oss-storage-class": "Archive"})
    bucket.put_bucket_archive_direct_read(True)
    assert bucket.get_object("k").read() == b"cold"


def test_tags(bucket: Any) -> None:
    """Set, told of, replaced, removed; ten at most."""
    bucket.put_object("k", b"", headers={"x-oss-tagging": "a=1&b%20c=%C3%BC"})
    assert bucket.get_object_tagging("k").tag_set.tagging_rule == {"a": "1", "b c": "ü"}
    rule = oss2.models.TaggingRule()
    rule.add("x", "y")
    bucket.put_object_tagging("k", oss2.models.Tagging(rule))
    assert bucket.get_object_tagging("k").tag_set.tagging_rule == {"x": "y"}
    bucket.delete_object_tagging("k")
    assert bucket.get_object_tagging("k").tag_set.tagging_rule == {}
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_object("k", b"", headers={"x-oss-tagging": "&".join(f"t{n}=1" for n in range(11))})
    assert refused.value.code == "InvalidTag"


def test_acl(bucket: Any, oss_server: Emulator[Oss]) -> None:
    """An object that is public is read without a signature, others aren't."""
    bucket.put_object("k", b"1", headers={"x-oss-object-acl": "public-read"})
    assert bucket.get_object_acl("k").acl == "public-read"
    url = f"{oss_server.endpoint}/{bucket.bucket_name}/k"
    assert requests.get(url, timeout=9).content == b"1"
    bucket.put_object_acl("k", "private")
    assert requests.get(url, timeout=9).status_code == 403
    assert requests.put(url, data=b"2", timeout=9).status_code == 403
    assert bucket.get_bucket_acl().acl == "private"


def test_symlink(bucket: Any) -> None:
    """It is read as what it points at, and known by its type."""
    bucket.put_object("dir/target ü", b"12345")
    bucket.put_symlink("dir/target ü", "link", headers={"x-oss-meta-a": "b"})
    assert bucket.get_symlink("link").target_key == "dir/target ü"
    read = bucket.get_object("link")
    assert (read.read(), read.object_type) == (b"12345", "Symlink")
    assert [(found.key, found.type) for found in oss2.ObjectIterator(bucket)][-1] == ("link", "Symlink")
    bucket.delete_object("dir/target ü")
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.get_object("link")
    assert refused.value.code == "SymlinkTargetNotExist"


def test_append(bucket: Any) -> None:
    """Only at the end, and only to what was made so."""
    first = bucket.append_object("log", 0, b"12345")
    assert first.next_position == 5
    assert bucket.append_object("log", 5, b"678", init_crc=first.crc).next_position == 8
    with pytest.raises(oss2.exceptions.PositionNotEqualToLength) as refused:
        bucket.append_object("log", 0, b"x")
    assert refused.value.next_position == 8
    read = bucket.get_object("log")
    assert (read.read(), read.object_type) == (b"12345678", "Appendable")
    bucket.put_object("plain", b"")
    with pytest.raises(oss2.exceptions.ObjectNotAppendable):
        bucket.append_object("plain", 0, b"x")


def test_compression(bucket: Any, oss_server: Emulator[Oss]) -> None:
    """Text from a kilobyte on comes compressed to who accepts it, without ETag and length; the rest does not."""
    bucket.put_object("big.json", b"{}" * 600, headers={"Content-Type": "application/json"})
    bucket.put_object("small.json", b"{}", headers={"Content-Type": "application/json"})
    bucket.put_object("big.bin", b"{}" * 600, headers={"Content-Type": "application/octet-stream"})

    def headers(key: str, accepted: str) -> Any:
        return bucket.get_object(key, headers={"Accept-Encoding": accepted}).headers

    packed = headers("big.json", "gzip")
    assert packed["Content-Encoding"] == "gzip"
    assert not {"ETag", "Content-Length"} & set(packed)
    for key, accepted in (("big.json", "identity"), ("small.json", "gzip"), ("big.bin", "gzip")):
        plain = headers(key, accepted)
        assert ("Content-Encoding" in plain, "ETag" in plain) == (False, True)
    oss_server.controls.switches.compress = False
    assert "Content-Encoding" not in headers("big.json", "gzip")


def test_limits(bucket: Any) -> None:
    """Names of objects, their metadata, and what Content-MD5 says."""
    bucket.is_verify_object_strict = False
    for key in ("/a", "\\a", "k" * 1024):
        with pytest.raises(oss2.exceptions.InvalidObjectName):
            bucket.put_object(key, b"")
    bucket.put_object("k" * 1023, b"")
    for name in ("under_score", "dot.ted"):
        with pytest.raises(oss2.exceptions.InvalidArgument):
            bucket.put_object("k", b"", headers={f"x-oss-meta-{name}": "v"})
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_object("k", b"", headers={f"x-oss-meta-{n}": "v" * 1000 for n in range(9)})
    assert refused.value.code == "MetadataTooLarge"
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    with pytest.raises(oss2.exceptions.InvalidDigest):
        bucket.put_object("k", b"1", headers={"Content-MD5": wrong})
    assert not bucket.object_exists("k")
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.put_object("k", b"", headers={"x-oss-storage-class": "STANDARD"})


def test_streams(bucket: Any) -> None:
    """A body of unknown length, and a large one, which is kept in a file."""
    bucket.put_object("chunked", iter([b"12", b"34"]))
    assert bucket.get_object("chunked").read() == b"1234"
    data = bytes(range(256)) * (12 << 10)
    bucket.put_object("large", io.BytesIO(data))
    assert bucket.get_object("large").read() == data
    assert bucket.get_object("large", byte_range=(1 << 20, (1 << 20) + 9)).read() == data[:10]


def test_signed_urls(bucket: Any, oss_server: Emulator[Oss]) -> None:
    """They read and write, override headers, and end."""
    url = bucket.sign_url("PUT", "a/b c", 60, headers={"Content-Type": "text/x"}, slash_safe=True)
    assert requests.put(url, data=b"signed", headers={"Content-Type": "text/x"}, timeout=9).status_code == 200
    url = bucket.sign_url("GET", "a/b c", 60, params={"response-content-type": "text/y"})
    answer = requests.get(url, timeout=9)
    assert (answer.content, answer.headers["Content-Type"]) == (b"signed", "text/y")
    assert requests.delete(url, timeout=9).status_code == 403
    oss_server.service.clock.turn(minutes=2)
    late = requests.get(url, timeout=9)
    assert (late.status_code, "Request has expired." in late.text) == (403, True)


def test_buckets(bucket: Any, oss_server: Emulator[Oss]) -> None:
    """Made, told of, listed, removed once they are empty."""
    bucket.bucket_name = "made-by-the-sdk"
    bucket.create_bucket("public-read", oss2.models.BucketCreateConfig("IA"))
    bucket.put_object("k", b"123")
    info = bucket.get_bucket_info()
    assert (info.name, info.storage_class, info.acl.grant) == ("made-by-the-sdk", "IA", "public-read")
    assert bucket.head_object("k").headers["x-oss-storage-class"] == "IA"
    assert bucket.get_bucket_location().location == "oss-cn-hangzhou"
    assert bucket.get_bucket_stat().storage_size_in_bytes == 3
    service = oss2.Service(bucket.auth, oss_server.endpoint, session=bucket.session, region="cn-hangzhou")
    assert "made-by-the-sdk" in [found.name for found in oss2.BucketIterator(service)]
    with pytest.raises(oss2.exceptions.BucketNotEmpty):
        bucket.delete_bucket()
    bucket.delete_object("k")
    bucket.delete_bucket()
    with pytest.raises(oss2.exceptions.NoSuchBucket):
        bucket.get_bucket_info()


def test_throttled(bucket: Any, oss_server: Emulator[Oss]) -> None:
    """503, with how long to wait; then it goes on."""
    oss_server.fail(Fault("throttle", verb="put_object", code="CpuLimitExceeded", delay_ms=250))
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_object("k", b"1")
    told = refused.value
    assert (told.status, told.code, told.headers["x-oss-qos-delay-time"]) == (503, "CpuLimitExceeded", "250")
    bucket.put_object("k", b"1")
    assert oss_server.controls.calls["put_object"] == 2


def test_wrong_crc_is_noticed(bucket: Any, oss_server: Emulator[Oss]) -> None:
    """The SDK compares, so our CRC is really the vendor's."""
    oss_server.fail(Fault("wrong crc"))
    with pytest.raises(oss2.exceptions.InconsistentError):
        bucket.put_object("k", b"1")


def test_bodies_are_kept_as_they_come(bucket: Any) -> None:
    """What is stored with an encoding is neither unpacked nor checked."""
    packed = gzip.compress(b"hello" * 500, mtime=0)
    for body in (packed, b"not gzip at all"):
        bucket.put_object("k", body, headers={"Content-Encoding": "gzip", "Content-Type": "text/plain"})
        assert bucket.head_object("k").content_length == len(body)
        # Raw: the SDK unpacks what it reads.
        read = bucket.get_object("k", headers={"Accept-Encoding": "identity"})
        assert read.resp.response.raw.read(decode_content=False) == body
