"""What is sent: exactly what the operation needs, encoded once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from contextlib import aclosing
from pathlib import Path

import pytest
from aiohttp import web

from tests.plugins.scripted import EMPTY_LISTING, KEYS, Asked, document, error, scripted
from transfer.checksums import combine, digest, md5_etag
from transfer.errors import Changed, Corrupt, Misconfigured, Unsupported
from transfer.model import Algorithm, Body, Entry, Metadata, Part, Proven, Receipt, Span, Upload
from transfer.plugin import Location, Origin, Service, Store, StoreOptions
from transfer.restxml.encryption import read_encryption
from transfer_s3 import plugin
from transfer_s3.dialect import S3

_DATA = b"hello"
_CRC = digest(_DATA, (Algorithm.CRC64NVME,))
_CRC_TEXT = base64.b64encode(_CRC[Algorithm.CRC64NVME]).decode()
_MD5 = digest(_DATA, (Algorithm.MD5,))
_ETAG = _MD5[Algorithm.MD5].hex()


def _etag(asked: Asked) -> web.Response:
    return web.Response(headers={"ETag": f'"{_ETAG}"'})


async def test_a_put() -> None:
    """Checksum and metadata are in signed headers, the body is not hashed again, and the key is encoded once."""
    async with scripted(_etag) as server:
        store = await server.open("p", verify="crc64nvme")
        stored = await store.put("a b+%/é", Body(_DATA, _CRC), Metadata(content_type="text/x", user={"k": "v"}))
    (asked,) = server.asked
    assert (asked.method, asked.target, asked.body) == ("PUT", "/bucket/p/a%20b%2B%25/%C3%A9", _DATA)
    assert asked.headers["x-amz-checksum-crc64nvme"] == _CRC_TEXT
    assert asked.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    for name in ("content-type", "host", "x-amz-checksum-crc64nvme", "x-amz-meta-k"):
        assert name in asked.headers["authorization"]
    assert (stored.proof.proven, stored.proof.by, stored.entry.etag) == (Proven.VERIFIED, "crc64nvme", _ETAG)


async def test_an_echoed_checksum_that_differs() -> None:
    """A server that tells another checksum than ours has other bytes."""
    reply = web.Response(headers={"ETag": '"e"', "x-amz-checksum-crc64nvme": "AAAAAAAAAAA="})
    async with scripted(lambda asked: reply) as server:
        store = await server.open(verify="crc64nvme")
        with pytest.raises(Corrupt, match="another crc64nvme"):
            await store.put("k", Body(_DATA, _CRC), Metadata())


async def test_an_etag_proves_only_what_was_not_sent() -> None:
    """In that mode no Content-MD5 goes out; an ETag that differs is other bytes; KMS proves nothing."""
    headers = {"ETag": f'"{_ETAG}"'}
    async with scripted(lambda asked: web.Response(headers=headers)) as server:
        store = await server.open(verify="etag")
        assert (await store.put("k", Body(_DATA, _MD5), Metadata())).proof.by == "etag"
        assert "content-md5" not in server.asked[0].headers
        other = digest(b"other", (Algorithm.MD5,))
        with pytest.raises(Corrupt):
            await store.put("k", Body(_DATA, other), Metadata())
        with pytest.raises(Corrupt):
            await store.put_part(Upload("k", "u", 5, 5), Part(1, 0, 5), Body(_DATA, other))
        headers["x-amz-server-side-encryption"] = "aws:kms"
        assert (await store.put("k", Body(_DATA, other), Metadata())).proof.proven is Proven.UNPROVEN
        plain = await server.open(verify="none")
        assert (await plain.put("k", Body(_DATA, _MD5), Metadata())).proof.proven is Proven.UNPROVEN


async def test_a_read_is_guarded() -> None:
    """By ETag and version; another ETag in the reply is noticed even if the server ignores the guard."""
    headers = {"ETag": '"now"', "x-amz-version-id": "v7"}
    async with scripted(lambda asked: web.Response(body=_DATA, headers=headers)) as server:
        store = await server.open()
        async with store.read(Entry("k", 5, etag="now", version="v7")) as reading:
            assert reading.entry.version == "v7"
            assert reading.size == 5
        with pytest.raises(Changed):
            async with store.read(Entry("k", 5, etag="then")):
                pass
    assert server.asked[0].target == "/bucket/k?versionId=v7"
    assert server.asked[0].headers["if-match"] == '"now"'
    assert server.asked[0].headers["x-amz-checksum-mode"] == "ENABLED"


async def test_tags_wait_for_no_second_connection() -> None:
    """They are asked for ahead of the body: who holds the last connection would wait for ever. Unasked, none are."""

    def script(asked: Asked) -> web.Response:
        if "tagging" in asked.target:
            return document("<Tagging><TagSet><Tag><Key>t</Key><Value>v</Value></Tag></TagSet></Tagging>")
        return web.Response(body=_DATA, headers={"ETag": '"e"'})

    async with scripted(script) as server:
        store = await server.open(options=StoreOptions(tags=True, connections=1))
        async with asyncio.timeout(10), store.read(Entry("k", 5, etag="e")) as reading:
            assert reading.entry.metadata is not None
            assert reading.entry.metadata.tags == {"t": "v"}
        assert len(server.asked) == 2
        async with (await server.open()).read(Entry("k", 5)) as reading:
            assert reading.entry.metadata is not None
            assert reading.entry.metadata.tags is None
        assert len(server.asked) == 3


async def test_tags_of_another_version() -> None:
    """Tags belong to the version that is read; one that was written in between is noticed."""

    def script(asked: Asked) -> web.Response:
        if "tagging" in asked.target:
            return document("<Tagging><TagSet/></Tagging>", x_amz_version_id="null")
        return web.Response(body=_DATA, headers={"ETag": '"e"', "x-amz-version-id": "v2"})

    async with scripted(script) as server:
        store = await server.open(options=StoreOptions(tags=True))
        with pytest.raises(Changed, match="since its tags were read"):
            async with store.read(Entry("k", 5, etag="e")):
                pass


async def test_an_empty_span() -> None:
    """No range can ask for nothing: the object is looked at, and no byte is read."""
    reply = {"ETag": '"e"', "Content-Length": "0"}
    async with scripted(lambda asked: web.Response(headers=reply)) as server:
        store = await server.open()
        async with store.read(Entry("k", 0, etag="e"), Span(0, 0)) as reading:
            assert await reading.readinto(memoryview(bytearray(1))) == 0
        with pytest.raises(Changed):
            async with store.read(Entry("k", 0, etag="then"), Span(0, 0)):
                pass
    assert {asked.method for asked in server.asked} == {"HEAD"}


async def test_checksums_of_other_kinds_are_not_believed() -> None:
    """Composite ones, those of a wrong length, and MD5s that are none are left out."""
    replies = [
        {"x-amz-checksum-crc32": "AAAAAA==-2", "ETag": '"e-2"'},
        {"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-type": "COMPOSITE", "ETag": '"e-2"'},
        {"x-amz-checksum-crc64nvme": "AAAAAA==", "ETag": '"e"'},
        {"x-amz-server-side-encryption": "aws:kms", "ETag": f'"{_ETAG}"'},
        {"x-amz-server-side-encryption-customer-algorithm": "AES256", "ETag": f'"{_ETAG}"'},
    ]
    async with scripted(lambda asked: web.Response(headers=replies[len(server.asked) - 1])) as server:
        store = await server.open()
        for _ in list(replies):
            assert (await store.stat("k")).checksums == {}
        replies.append({"ETag": f'"{_ETAG}"'})
        assert (await store.stat("k")).checksums == _MD5


async def test_a_finish_carries_the_checksum_of_the_whole() -> None:
    """Combined from the parts'; the reply, or a HEAD, must tell the same."""
    parts = [b"x" * 5, b"y" * 3]
    crcs = [digest(part, (Algorithm.CRC64NVME,))[Algorithm.CRC64NVME] for part in parts]
    whole = {Algorithm.CRC64NVME: combine(Algorithm.CRC64NVME, list(zip(crcs, (5, 3), strict=True)))}
    text = base64.b64encode(whole[Algorithm.CRC64NVME]).decode()
    told = {"value": text}

    def script(asked: Asked) -> web.Response:
        if asked.method == "HEAD":
            return web.Response(
                headers={"ETag": '"e-2"', "x-amz-checksum-crc64nvme": told["value"], "Content-Length": "8"}
            )
        if asked.target.endswith("?uploads="):
            return document("<X><UploadId>u</UploadId></X>")
        return document("<X><ETag>&quot;e-2&quot;</ETag></X>")

    receipts = [Receipt(n + 1, len(part), f"e{n}", {Algorithm.CRC64NVME: crcs[n]}) for n, part in enumerate(parts)]
    async with scripted(script) as server:
        store = await server.open(verify="crc64nvme")
        upload = await store.begin("k", Metadata(), size=8, part_size=5)
        stored = await store.finish(upload, receipts, Metadata(), checksums=whole, if_absent=False)
        told["value"] = "AAAAAAAAAAA="
        with pytest.raises(Corrupt):
            await store.finish(upload, receipts, Metadata(), checksums=whole)
    begun, finished = server.asked[:2]
    assert begun.headers["x-amz-checksum-algorithm"] == "CRC64NVME"
    assert begun.headers["x-amz-checksum-type"] == finished.headers["x-amz-checksum-type"] == "FULL_OBJECT"
    assert finished.headers["x-amz-checksum-crc64nvme"] == text
    assert finished.headers["x-amz-mp-object-size"] == "8"
    assert finished.headers["x-amz-content-sha256"] == hashlib.sha256(finished.body).hexdigest()
    assert b'<PartNumber>2</PartNumber><ETag>"e1"</ETag>' in finished.body
    assert (stored.proof.proven, stored.entry.size) == (Proven.VERIFIED, 8)


async def test_a_finish_is_proven_by_the_md5_of_md5s() -> None:
    """Where no checksum is verified, the ETag that the server computed must be ours."""
    md5s = [hashlib.md5(part).digest() for part in (b"a", b"b")]
    etag = {"value": md5_etag(md5s)}

    def script(asked: Asked) -> web.Response:
        if asked.method == "HEAD":
            return web.Response(headers={"ETag": f'"{etag["value"]}"', "Content-Length": "2"})
        return document(f"<X><ETag>{etag['value']}</ETag></X>")

    receipts = [Receipt(n + 1, 1, "e", {Algorithm.MD5: md5}) for n, md5 in enumerate(md5s)]
    async with scripted(script) as server:
        store = await server.open(verify="etag")
        upload = Upload("k", "u", 2, 1)
        assert (await store.finish(upload, receipts, Metadata())).proof.by == "etag"
        etag["value"] = "something-2"
        assert (await store.finish(upload, receipts, Metadata())).proof.proven is Proven.UNPROVEN


async def test_parts_page_by_page() -> None:
    """All pages are read, in order of their numbers; what is told twice is told of not at all."""

    def part(number: int, etag: str = "e") -> str:
        return f"<Part><PartNumber>{number}</PartNumber><Size>5</Size><ETag>&quot;{etag}&quot;</ETag></Part>"

    def script(asked: Asked) -> web.Response:
        if "part-number-marker=2" in asked.target:
            return document(f"<R><IsTruncated>false</IsTruncated>{part(4)}{part(3)}{part(4, 'f')}</R>")
        more = "<IsTruncated>true</IsTruncated><NextPartNumberMarker>2</NextPartNumberMarker>"
        return document(f"<R>{more}{part(2)}{part(1)}</R>")

    async with scripted(script) as server:
        store = await server.open()
        held = await store.parts(Upload("k", "u", 20, 5))
    assert [receipt.number for receipt in held] == [1, 2, 3]


async def test_uploads_of_one_key() -> None:
    """Keys that only begin alike are left out, on every page."""

    def upload(key: str, upload_id: str) -> str:
        began = "<Initiated>2026-01-01T00:00:00Z</Initiated>"
        return f"<Upload><Key>{key}</Key><UploadId>{upload_id}</UploadId>{began}</Upload>"

    def script(asked: Asked) -> web.Response:
        if "upload-id-marker=u2" in asked.target:
            return document(f"<R><EncodingType>url</EncodingType>{upload('p/a%2Bb', 'u3')}</R>")
        markers = "<NextKeyMarker>p/a%2Bb</NextKeyMarker><NextUploadIdMarker>u2</NextUploadIdMarker>"
        rows = upload("p/a%2Bb", "u1") + upload("p/a%2Bb%FF", "u0") + upload("p/a%2Bbc", "u2")
        return document(f"<R><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>{markers}{rows}</R>")

    async with scripted(script) as server:
        store = await server.open("p")
        found = await store.uploads("a+b")
    assert [(upload.key, upload.id) for upload in found] == [("a+b", "u1"), ("a+b", "u3")]
    assert found[0].extra["initiated_ns"] == "1767225600000000000"


async def test_uploads_up_to_a_name_that_is_no_text() -> None:
    """A page that ends at one has told of all uploads of the key, which comes before it."""
    row = "<Upload><Key>k</Key><UploadId>u1</UploadId></Upload>"
    more = "<IsTruncated>true</IsTruncated><NextKeyMarker>k%FF</NextKeyMarker>"
    async with scripted(lambda asked: document(f"<R><EncodingType>url</EncodingType>{more}{row}</R>")) as server:
        store = await server.open()
        assert [upload.id for upload in await store.uploads("k")] == ["u1"]
    assert len(server.asked) == 1


def _is_probe(asked: Asked) -> bool:
    """Whether the copy is of an object that does not exist, to see what the server makes of it."""
    return "/.transfer-probe-" in asked.headers.get("x-amz-copy-source", "")


async def test_a_copy() -> None:
    """The source is encoded and guarded, the metadata replaced, and equal ETags that are MD5s prove it."""

    def script(asked: Asked) -> web.Response:
        if _is_probe(asked):
            return error("NoSuchKey", 404)
        return document(f"<R><ETag>&quot;{_ETAG}&quot;</ETag></R>") if asked.method == "PUT" else _etag(asked)

    async with scripted(script) as server:
        store = await server.open(verify="etag")
        origin = Origin(server.endpoint, "", "other", "x y/")
        stored = await store.copy(origin, Entry("é+", 5, etag=_ETAG, version="v"), "k", Metadata(user={"a": "b"}))
        await store.copy(origin, Entry("k", 5, etag=_ETAG), "k", Metadata(tags={"t": "v"}))
    probed, looked, copied, _, tagged = server.asked
    assert _is_probe(probed)
    assert (looked.method, looked.target) == ("HEAD", "/other/x%20y/%C3%A9%2B?versionId=v")
    assert copied.headers["x-amz-copy-source"] == "other/x%20y/%C3%A9%2B?versionId=v"
    assert copied.headers["x-amz-copy-source-if-match"] == f'"{_ETAG}"'
    assert copied.headers["x-amz-metadata-directive"] == "REPLACE"
    assert "x-amz-tagging-directive" not in copied.headers
    assert copied.headers["x-amz-meta-a"] == "b"
    assert (tagged.headers["x-amz-tagging-directive"], tagged.headers["x-amz-tagging"]) == ("REPLACE", "t=v")
    assert stored.proof.by == "etag"


async def test_an_update_is_limited() -> None:
    """What S3 does not copy onto itself is refused before anything is sent; tags not asked for stay."""

    def script(asked: Asked) -> web.Response:
        return error("NoSuchKey", 404) if _is_probe(asked) else document(f"<R><ETag>&quot;{_ETAG}&quot;</ETag></R>")

    async with scripted(script) as server:
        store = await server.open(verify="etag")
        with pytest.raises(Unsupported, match="larger"):
            await store.update(Entry("k", 5 * 1024**3 + 1), Metadata())
        assert server.asked == []
        await store.update(Entry("k", 5, checksums=_MD5, storage_class="GLACIER_IR"), Metadata())
    updated = server.asked[1]
    assert "x-amz-tagging-directive" not in updated.headers
    assert updated.headers["x-amz-storage-class"] == "GLACIER_IR"


async def test_a_server_that_does_not_copy() -> None:
    """One that takes a copy for an object without bytes empties nothing: it is found out once, at a name of its own."""
    objects = {"/bucket/k": _DATA}

    def script(asked: Asked) -> web.Response:
        if asked.method == "PUT":
            objects[asked.target] = asked.body
        elif asked.method == "DELETE":
            del objects[asked.target]
        return _etag(asked)

    async with scripted(script) as server:
        store = await server.open(verify="etag")
        for _ in range(2):
            with pytest.raises(Unsupported, match="does not copy"):
                await store.update(Entry("k", 5, etag=_ETAG), Metadata(user={"a": "b"}))
            with pytest.raises(Unsupported, match="does not copy"):
                await store.copy(store.origin, Entry("k", 5, etag=_ETAG), "to", Metadata())
    assert objects == {"/bucket/k": _DATA}
    assert [asked.method for asked in server.asked] == ["PUT", "DELETE"]


@pytest.mark.parametrize(
    ("refusal", "copies"),
    [("NoSuchKey", True), ("InvalidCopySource", True), ("AccessDenied", False), ("NotImplemented", False)],
)
async def test_whether_a_server_copies(refusal: str, copies: bool) -> None:
    """Only who misses the source was seen to look for it."""
    status = {"NoSuchKey": 404, "AccessDenied": 403, "NotImplemented": 501}.get(refusal, 400)
    async with scripted(
        lambda asked: error(refusal, status) if _is_probe(asked) else document(f"<R><ETag>{_ETAG}</ETag></R>")
    ) as server:
        updating = (await server.open(verify="etag")).update(Entry("k", 5, checksums=_MD5), Metadata())
        if copies:
            await updating
        else:
            with pytest.raises(Unsupported, match="does not copy"):
                await updating


async def test_deletes() -> None:
    """Many go in one sealed request; those that XML can't hold, or not without doubt, go alone."""
    async with scripted(
        lambda asked: document("<DeleteResult/>") if asked.method == "POST" else web.Response()
    ) as server:
        store = await server.open("p")
        assert await store.delete(["a&b", "c\nd", "c\rd", "e\x01f"]) == {}
    batch, *singles = server.asked
    assert batch.body.count(b"<Key>") == 2
    assert b"<Key>p/a&amp;b</Key>" in batch.body
    assert b"<Key>p/c&#10;d</Key>" in batch.body
    assert batch.headers["content-md5"] == base64.b64encode(hashlib.md5(batch.body).digest()).decode()
    assert {single.method for single in singles} == {"DELETE"}
    assert sorted(single.target for single in singles) == ["/bucket/p/c%0Dd", "/bucket/p/e%01f"]


async def test_a_server_without_batches() -> None:
    """Its refusal is remembered, and every key goes alone."""

    def script(asked: Asked) -> web.Response:
        return error("NotImplemented", 501) if asked.method == "POST" else web.Response(status=204)

    async with scripted(script) as server:
        store = await server.open()
        assert await store.delete(["a", "b"]) == {}
        assert await store.delete(["c", "d"]) == {}
    assert sorted(asked.method for asked in server.asked) == ["DELETE"] * 4 + ["POST"]


async def test_a_pruned_folder_is_jumped_over() -> None:
    """When a page ends inside a folder that may be left out, the next one begins behind it."""
    rows = "<Contents><Key>p/a/1</Key><Size>1</Size></Contents>"
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
    first = f"<ListBucketResult>{more}{rows}</ListBucketResult>"

    def script(asked: Asked) -> web.Response:
        return document(EMPTY_LISTING if "start-after" in asked.target or "token" in asked.target else first)

    async with scripted(script) as server:
        store = await server.open("p")
        _ = [page async for page in store.list(prune=lambda folder: folder == "a/")]
        _ = [page async for page in store.list(prune=lambda folder: False)]
    assert "start-after=p%2Fa%2F%F4%8F%BF%BD" in server.asked[1].target
    assert "continuation-token=t" in server.asked[3].target


async def test_wishes_of_a_run() -> None:
    """ACL, encryption and payer go with what makes an object, the payer with all."""
    options = StoreOptions(acl="bucket-owner-full-control", sse="aws:kms", sse_kms_key_id="key-1", request_payer=True)
    async with scripted(_etag) as server:
        store = await server.open(options=options)
        await store.put("k", Body(_DATA), Metadata())
        await store.stat("k")
    put, head = (asked.headers for asked in server.asked)
    assert put["x-amz-acl"] == "bucket-owner-full-control"
    assert put["x-amz-server-side-encryption"] == "aws:kms"
    assert put["x-amz-server-side-encryption-aws-kms-key-id"] == "key-1"
    assert put["x-amz-request-payer"] == head["x-amz-request-payer"] == "requester"
    assert "x-amz-acl" not in head
    assert "x-amz-server-side-encryption" not in head


@pytest.mark.parametrize("spelling", ["raw", "base64"])
async def test_a_key_of_ones_own(tmp_path: Path, spelling: str) -> None:
    """SSE-C is sent with its digest, for the copied source too, only over TLS, and is never shown."""
    key = bytes(range(32))
    file = tmp_path / "key"
    file.write_bytes(key if spelling == "raw" else base64.b64encode(key) + b"\n")
    options = StoreOptions(sse_c_key_file=str(file))
    encryption = await read_encryption(S3, options, None, "https")
    prefix = "x-amz-server-side-encryption-customer-"
    assert encryption.making == {
        f"{prefix}algorithm": "AES256",
        f"{prefix}key": base64.b64encode(key).decode(),
        f"{prefix}key-md5": base64.b64encode(hashlib.md5(key).digest()).decode(),
    }
    assert all(name.startswith("x-amz-copy-source-server-side-encryption-customer-") for name in encryption.source_key)
    assert base64.b64encode(key).decode() not in repr(encryption)
    plain = Location("s3://b/", "s3", "b", "", {"endpoint": "http://127.0.0.1:1", "anonymous": "true"})
    with pytest.raises(Misconfigured, match="needs an https"):
        await plugin.open(plain, options)
    file.write_bytes(b"short")
    with pytest.raises(Misconfigured, match="must hold 32 bytes"):
        await read_encryption(S3, options, None, "https")


@pytest.mark.parametrize(
    ("listed", "empty"),
    [
        (EMPTY_LISTING, True),
        (EMPTY_LISTING.replace("</List", "<Contents><Key>p/k</Key></Contents></List"), False),
        (EMPTY_LISTING.replace("</List", "<Contents><Key>p/</Key></Contents></List"), False),
        (EMPTY_LISTING.replace("false", "true"), False),
        ("no listing", False),
    ],
)
async def test_a_check_sees_whether_anything_is_there(listed: str, empty: bool) -> None:
    """With the one listing that it asks for; the mark of a folder counts, and what can't be read tells nothing."""
    async with scripted(lambda asked: document(listed)) as server:
        store = await server.open("p")
        await store.check(write=False)
        assert (store.empty, len(server.asked)) == (empty, 1)


async def _service(endpoint: str, **settings: str) -> Store:
    """A server, of no bucket."""
    assert isinstance(plugin, Service)
    return await plugin.open_all(
        Location("s3://", "s3", "", "", {"endpoint": endpoint, **KEYS, **settings}), StoreOptions()
    )


async def test_buckets_are_listed_page_by_page() -> None:
    """Of the service itself, whose address has no bucket."""
    page = "<ListAllMyBucketsResult><Buckets><Bucket><Name>{}</Name></Bucket></Buckets>{}</ListAllMyBucketsResult>"

    def answer(asked: Asked) -> web.Response:
        if asked.target == "/":
            return document(
                page.format("a</Name></Bucket><Bucket><Name>b", "<ContinuationToken>t+</ContinuationToken>")
            )
        return document(page.format("c", ""))

    async with scripted(answer) as server, aclosing(await _service(server.endpoint, path_style="false")) as store:
        assert await store.containers() == ["a", "b", "c"]
    assert [asked.target for asked in server.asked] == ["/", "/?continuation-token=t%2B"]
    assert "/s3/aws4_request" in server.asked[0].headers["authorization"]


async def test_what_lists_no_buckets_is_no_empty_list() -> None:
    """A website, for one."""
    website = scripted(lambda asked: document("<html/>"))
    async with website as server, aclosing(await _service(server.endpoint)) as store:
        with pytest.raises(Corrupt, match="is a <html>"):
            await store.containers()
