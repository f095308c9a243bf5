"""What OSS can't hold is told for each object, before a byte of it is moved; the rest is held, and comes back."""

from __future__ import annotations

import pytest

import transfer
from tests.core.rig import Heard, Watched, memory, quick
from tests.emulators.controls import Fault
from tests.plugins.ossplace import OssPlace
from transfer.checksums import digest
from transfer.errors import Corrupt, Unsupported
from transfer.model import UNPROVEN, Algorithm, Body, Metadata, Part, Posix, Proven
from transfer.plugin import StoreOptions
from transfer.restxml.metadata import from_headers, to_headers
from transfer_oss.dialect import OSS
from transfer_s3.dialect import S3


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("x" * 1024, "the name has 1,024 bytes, and the target takes 1,023"),
        ("ü" * 512, "the name has 1,024 bytes, and the target takes 1,023"),
        ("/x", "the name starts with '/', which the target does not take"),
        ("\\x", "the name starts with '\\', which the target does not take"),
    ],
    ids=["long", "long in bytes", "slash", "backslash"],
)
async def test_a_key_that_it_does_not_take(oss: OssPlace, key: str, words: str) -> None:
    """The object is neither read nor sent; others arrive."""
    source, heard = Watched(memory()), Heard()
    for name in (key, "fine"):
        await source.put(name, Body(b"data"), Metadata())
    source.forget()
    result = await transfer.sync(source, await oss.open(), quick(), listener=heard)
    assert (result.totals.copied, result.totals.failed) == (1, 1)
    assert words in (result.failures[0].error or "")
    assert [call for call in source.calls if call.startswith("read")] == ["read fine"]
    with pytest.raises(Unsupported):
        await (await oss.open()).put(key, Body(b"data"), Metadata())


async def test_below_a_prefix_the_whole_name_counts(oss: OssPlace) -> None:
    """Its bytes, and its first character, which is then the prefix's."""
    store = await oss.open("p")
    for key in ("/x", "\\x", "y" * 1021):
        await store.put(key, Body(key.encode()), Metadata())
        assert oss.held(f"p/{key}").blob.size == len(key)
    with pytest.raises(Unsupported, match="has 1024 bytes; OSS takes 1 to 1023"):
        await store.put("y" * 1022, Body(b""), Metadata())


def _lost(**metadata: object) -> tuple[str, ...]:
    return to_headers(OSS, Metadata(**metadata), genuine=True)[1]  # type: ignore[arg-type]


async def test_user_metadata_beyond_the_limit_is_lost(oss: OssPlace) -> None:
    """8 KB with the names and their prefixes; what fits is kept, and the server takes it."""
    store = await oss.open()
    user = {f"n{number:03}": "v" * 100 for number in range(80)}
    stored = await store.put("k", Body(b"x"), Metadata(user=user))
    kept = oss.held("k").meta
    assert len(kept) == 8192 // (len("x-oss-meta-") + 4 + 100)
    assert stored.lost == tuple(f"user metadata '{name}'" for name in user if name not in kept)


async def test_what_it_has_no_place_for_is_lost(oss: OssPlace) -> None:
    """Names with other characters, a redirect to another page, an eleventh tag, too long a tag, an unknown class."""
    store = await oss.open("", StoreOptions(tags=True))
    tags = {**{f"t{number}": "v" for number in range(10)}, "eleventh": "v"}
    metadata = Metadata(
        user={"a_b": "1", "a.b": "2", "Fine-1": "3"},
        website_redirect="/other",
        tags={"x" * 129: "v", "long": "v" * 257, "odd": "?", **tags},
        storage_class="EXPRESS_ONEZONE",
    )
    stored = await store.put("k", Body(b"x"), metadata)
    assert set(stored.lost) == {
        "user metadata 'a_b'",
        "user metadata 'a.b'",
        "website redirect",
        f"tag '{'x' * 129}'",
        "tag 'long'",
        "tag 'odd'",
        "tag 'eleventh'",
        "storage class 'EXPRESS_ONEZONE'",
    }
    held = oss.held("k")
    assert (held.meta, held.storage_class, len(held.tags)) == ({"fine-1": "3"}, "Standard", 10)


async def test_what_is_lost_is_in_the_report(oss: OssPlace) -> None:
    """For each object, and the object is there."""
    source, heard = memory(), Heard()
    await source.put("k", Body(b"data"), Metadata(user={"a_b": "1", "c": "2"}))
    assert (await transfer.sync(source, await oss.open(), quick(), listener=heard)).ok
    assert heard.outcomes["k"].lost == ("user metadata 'a_b'",)
    assert oss.held("k").meta["c"] == "2"


async def test_all_else_comes_back(oss: OssPlace) -> None:
    """Headers, any text, tags, and what a disk knows of a file."""
    metadata = Metadata(
        content_type="text/plain; charset=utf-8",
        content_encoding="br",
        content_language="de",
        content_disposition='attachment; filename="a b"',
        cache_control="max-age=3",
        expires="Thu, 01 Dec 1994 16:00:00 GMT",
        user={"plain": "a b", "other": "日本語 ü", "empty": ""},
        tags={"größe": "a b/c", "empty": ""},
        storage_class="IA",
        posix=Posix(mtime_ns=1_700_000_000_123_456_789, mode=0o100644, uid=1, gid=2),
    )
    store = await oss.open("p", StoreOptions(tags=True))
    await store.put("k", Body(b"x"), metadata)
    assert (await store.stat("k")).metadata == metadata


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("STANDARD_IA", "IA"),
        ("ONEZONE_IA", "IA"),
        ("GLACIER_IR", "IA"),
        ("GLACIER", "Archive"),
        ("DEEP_ARCHIVE", "DeepColdArchive"),
        ("ARCHIVE", "Archive"),
        ("ColdArchive", "ColdArchive"),
        ("STANDARD", None),
        ("Standard", None),
    ],
)
def test_classes_of_others(name: str, there: str | None) -> None:
    """The like of each; the standard one is the bucket's own, and nothing is said."""
    headers, lost = to_headers(OSS, Metadata(storage_class=name), genuine=True)
    assert (headers.get("x-oss-storage-class"), lost) == (there, ())


@pytest.mark.parametrize("genuine", [True, False])
@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("IA", "STANDARD_IA"),
        ("Archive", "GLACIER"),
        ("ColdArchive", "DEEP_ARCHIVE"),
        ("DeepColdArchive", "DEEP_ARCHIVE"),
        ("Standard", None),
        ("GLACIER", "GLACIER"),
    ],
)
def test_classes_at_s3(name: str, there: str | None, genuine: bool) -> None:
    """And back; also at a server that only speaks S3's protocol, which keeps classes of its own besides."""
    headers, lost = to_headers(S3, Metadata(storage_class=name), genuine=genuine)
    assert (headers.get("x-amz-storage-class"), lost) == (there, ())


def test_a_class_that_no_other_has() -> None:
    """It is lost rather than refused."""
    assert _lost(storage_class="INTELLIGENT_TIERING") == ("storage class 'INTELLIGENT_TIERING'",)


def test_a_round_trip_of_s3s_headers() -> None:
    """What S3 tells of an object is written to OSS, read there, and written back the same."""
    told = {
        "content-type": "text/x",
        "cache-control": "no-cache",
        "x-amz-meta-who": "=?UTF-8?B?w7w=?=",
        "x-amz-meta-mtime": "1700000000.500000000",
        "x-amz-storage-class": "STANDARD_IA",
    }
    there, lost = to_headers(OSS, from_headers(S3, told), genuine=True)
    assert lost == ()
    assert there["x-oss-storage-class"] == "IA"
    assert to_headers(S3, from_headers(OSS, there), genuine=True) == (told, ())


@pytest.mark.parametrize("parts", [False, True])
async def test_a_canned_acl(oss: OssPlace, parts: bool) -> None:
    """It is set whichever way the object is made."""
    store = await oss.open("", StoreOptions(acl="public-read"))
    if parts:
        upload = await store.begin("k", Metadata(), size=1, part_size=1)
        await store.finish(upload, [await store.put_part(upload, Part(1, 0, 1), Body(b"x"))], Metadata())
    else:
        await store.put("k", Body(b"x"), Metadata())
    assert oss.held("k").acl == "public-read"


async def test_what_a_write_proves(oss: OssPlace) -> None:
    """The server's own CRC is compared with ours; where it tells another, the bytes are not taken for right."""
    store = await oss.open()
    await store.check(write=True)
    assert store.capabilities.verifies == (Algorithm.CRC64XZ,)
    body = Body(b"data", digest(b"data", (Algorithm.CRC64XZ,)))
    stored = await store.put("k", body, Metadata())
    assert (stored.proof.proven, stored.proof.by) == (Proven.VERIFIED, Algorithm.CRC64XZ)
    assert (await store.put("k", Body(b"data"), Metadata())).proof == UNPROVEN
    oss.server.fail(Fault("wrong crc", "put_object"))
    with pytest.raises(Corrupt, match="has another crc64xz at the server than the bytes sent"):
        await store.put("k", body, Metadata())
    upload = await store.begin("k", Metadata(), size=4, part_size=4)
    oss.server.fail(Fault("wrong crc", "put_part"))
    with pytest.raises(Corrupt, match="Part 1 of 'k' arrived with other bytes"):
        await store.put_part(upload, Part(1, 0, 4), body)
    receipt = await store.put_part(upload, Part(1, 0, 4), body)
    oss.server.fail(Fault("wrong crc", "complete"))
    with pytest.raises(Corrupt, match="another crc64xz"):
        await store.finish(upload, [receipt], Metadata(), checksums=body.checksums)


async def test_many_are_deleted_with_one_request(oss: OssPlace) -> None:
    """Whatever their names; those that a document can't spell alone."""
    store = await oss.open("p")
    keys = ["a", "a b+%", "ü/日本", "<&>", "\x01low", "missing", *(f"n{number}" for number in range(20))]
    for key in keys:
        if key != "missing":
            await store.put(key, Body(b""), Metadata())
    assert await store.delete(keys) == {}
    assert oss.bucket.empty
    assert (oss.calls["delete_many"], oss.calls["delete_object"]) == (1, 1)


async def test_listings_of_awkward_names(oss: OssPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """They come back as they were put, over many pages, in the order of their bytes."""
    monkeypatch.setitem(OSS.listing, "max-keys", "2")
    store = await oss.open("p")
    names = ["a", "a b", "a+b", "a%2Fb", "ä", "日本/語", "q?x=1&y=2", "~", "'(*)!", "x/../y", "\x01"]
    keys = sorted(names, key=str.encode)
    for key in keys:
        await store.put(key, Body(b""), Metadata())
    pages = [page async for page in store.list()]
    assert [item.key for page in pages for item in page.items] == keys
    assert len(pages) == len(keys) // 2 + 1
    again = [page async for page in store.list(resume=pages[2].resume)]
    assert [item.key for page in again for item in page.items] == keys[6:]
