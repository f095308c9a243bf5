"""What COS can't hold is told for each object, before a byte of it is moved; the rest is held, and comes back."""

from __future__ import annotations

import pytest

import transfer
from tests.core.rig import Heard, Watched, memory, quick
from tests.plugins.cosplace import CosPlace
from transfer.errors import Unsupported
from transfer.model import Body, Metadata, Part, Posix
from transfer.plugin import StoreOptions
from transfer.restxml.metadata import from_headers, to_headers
from transfer_cos.dialect import COS
from transfer_oss.dialect import OSS
from transfer_s3.dialect import S3


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("x" * 851, "the name has 851 bytes, and the target takes 850"),
        ("ü" * 426, "the name has 852 bytes, and the target takes 850"),
        ("/x", "the name starts with '/', which the target does not take"),
        ("\\x", "the name starts with '\\', which the target does not take"),
        ("a\x18b", r"the name has '\x18' in it, which the target does not take"),
        ("a\x1b", r"the name has '\x1b' in it, which the target does not take"),
    ],
    ids=["long", "long in bytes", "slash", "backslash", "arrow", "escape"],
)
async def test_a_key_that_it_does_not_take(cos: CosPlace, key: str, words: str) -> None:
    """The object is neither read nor sent; others arrive."""
    source, heard = Watched(memory()), Heard()
    for name in (key, "fine"):
        await source.put(name, Body(b"data"), Metadata())
    source.forget()
    result = await transfer.sync(source, await cos.open(), quick(), listener=heard)
    assert (result.totals.copied, result.totals.failed) == (1, 1)
    assert words in (result.failures[0].error or "")
    assert [call for call in source.calls if call.startswith("read")] == ["read fine"]
    with pytest.raises(Unsupported):
        await (await cos.open()).put(key, Body(b"data"), Metadata())


async def test_below_a_prefix_the_whole_name_counts(cos: CosPlace) -> None:
    """Its bytes, and its first character, which is then the prefix's."""
    store = await cos.open("p")
    for key in ("/x", "\\x", "y" * 848):
        await store.put(key, Body(key.encode()), Metadata())
        assert cos.held(f"p/{key}").blob.size == len(key)
    with pytest.raises(Unsupported, match="has 851 bytes; COS takes 1 to 850"):
        await store.put("y" * 849, Body(b""), Metadata())


async def test_user_metadata_beyond_the_limit_is_lost(cos: CosPlace) -> None:
    """4 KB with the names and their prefixes; what fits is kept, and the server takes it."""
    store = await cos.open()
    user = {f"n{number:03}": "v" * 100 for number in range(80)}
    stored = await store.put("k", Body(b"x"), Metadata(user=user))
    kept = cos.held("k").meta
    assert len(kept) == 4096 // (len("x-cos-meta-") + 4 + 100)
    assert stored.lost == tuple(f"user metadata '{name}'" for name in user if name not in kept)


async def test_a_long_piece_of_user_metadata_is_lost(cos: CosPlace) -> None:
    """Of 2 KB and a byte with its name; what fits to the byte is kept."""
    store = await cos.open()
    for length, lost in ((2048 - 4, ()), (2048 - 3, ("user metadata 'long'",))):
        user = {"long": "v" * length, "small": "v"}
        stored = await store.put("k", Body(b"x"), Metadata(user=user))
        assert stored.lost == lost
        assert set(cos.held("k").meta) == ({"small"} if lost else {"long", "small"})


async def test_what_it_has_no_place_for_is_lost(cos: CosPlace) -> None:
    """Names with other characters, a redirect to another page, an eleventh tag, too long a tag, an unknown class."""
    store = await cos.open("", StoreOptions(tags=True))
    tags = {**{f"t{number}": "v" for number in range(10)}, "eleventh": "v"}
    metadata = Metadata(
        user={"a_b": "1", "a.b": "2", "Fine-1": "3"},
        website_redirect="/other",
        tags={"x" * 128: "v", "long": "v" * 256, "odd": "?", **tags},
        storage_class="EXPRESS_ONEZONE",
    )
    stored = await store.put("k", Body(b"x"), metadata)
    assert set(stored.lost) == {
        "user metadata 'a_b'",
        "user metadata 'a.b'",
        "website redirect",
        f"tag '{'x' * 128}'",
        "tag 'long'",
        "tag 'odd'",
        "tag 'eleventh'",
        "storage class 'EXPRESS_ONEZONE'",
    }
    held = cos.held("k")
    assert (held.meta, held.storage_class, len(held.tags)) == ({"fine-1": "3"}, "STANDARD", 10)


async def test_what_is_lost_is_in_the_report(cos: CosPlace) -> None:
    """For each object, and the object is there."""
    source, heard = memory(), Heard()
    await source.put("k", Body(b"data"), Metadata(user={"a_b": "1", "c": "2"}))
    assert (await transfer.sync(source, await cos.open(), quick(), listener=heard)).ok
    assert heard.outcomes["k"].lost == ("user metadata 'a_b'",)
    assert cos.held("k").meta["c"] == "2"


async def test_all_else_comes_back(cos: CosPlace) -> None:
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
        storage_class="STANDARD_IA",
        posix=Posix(mtime_ns=1_700_000_000_123_456_789, mode=0o100644, uid=1, gid=2),
    )
    store = await cos.open("p", StoreOptions(tags=True))
    await store.put("k", Body(b"x"), metadata)
    assert (await store.stat("k")).metadata == metadata


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("STANDARD_IA", "STANDARD_IA"),
        ("ONEZONE_IA", "STANDARD_IA"),
        ("GLACIER_IR", "STANDARD_IA"),
        ("INTELLIGENT_TIERING", "INTELLIGENT_TIERING"),
        ("GLACIER", "ARCHIVE"),
        ("DEEP_ARCHIVE", "DEEP_ARCHIVE"),
        ("IA", "STANDARD_IA"),
        ("Archive", "ARCHIVE"),
        ("ColdArchive", "DEEP_ARCHIVE"),
        ("DeepColdArchive", "DEEP_ARCHIVE"),
        ("LINE", "STANDARD_IA"),
        ("COLD", "COLD"),
        ("MAZ_STANDARD_IA", "MAZ_STANDARD_IA"),
        ("STANDARD", None),
        ("Standard", None),
        ("MAZ_STANDARD", None),
    ],
)
def test_classes_of_others(name: str, there: str | None) -> None:
    """The like of each; the standard one is the bucket's own, and nothing is said."""
    headers, lost = to_headers(COS, Metadata(storage_class=name), genuine=True)
    assert (headers.get("x-cos-storage-class"), lost) == (there, ())


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("STANDARD_IA", "STANDARD_IA"),
        ("MAZ_STANDARD_IA", "STANDARD_IA"),
        ("INTELLIGENT_TIERING", "INTELLIGENT_TIERING"),
        ("MAZ_INTELLIGENT_TIERING", "INTELLIGENT_TIERING"),
        ("COLD", "GLACIER_IR"),
        ("MAZ_COLD", "GLACIER_IR"),
        ("ARCHIVE", "GLACIER"),
        ("MAZ_ARCHIVE", "GLACIER"),
        ("DEEP_ARCHIVE", "DEEP_ARCHIVE"),
        ("STANDARD", None),
        ("MAZ_STANDARD", None),
    ],
)
def test_classes_at_s3(name: str, there: str | None) -> None:
    """And back."""
    headers, lost = to_headers(S3, Metadata(storage_class=name), genuine=True)
    assert (headers.get("x-amz-storage-class"), lost) == (there, ())


@pytest.mark.parametrize(
    ("name", "there"),
    [("STANDARD_IA", "IA"), ("COLD", "IA"), ("ARCHIVE", "Archive"), ("DEEP_ARCHIVE", "DeepColdArchive")],
)
def test_classes_at_oss(name: str, there: str) -> None:
    """Which has its own words."""
    headers, lost = to_headers(OSS, Metadata(storage_class=name), genuine=True)
    assert (headers.get("x-oss-storage-class"), lost) == (there, ())


async def test_a_class_that_is_asked_for(cos: CosPlace) -> None:
    """It is the object's, whole or in parts, and what is told of it."""
    store = await cos.open()
    for name in ("STANDARD_IA", "ARCHIVE", "COLD"):
        await store.put("k", Body(b"x"), Metadata(storage_class=name))
        upload = await store.begin("parts", Metadata(storage_class=name), size=1, part_size=1)
        await store.finish(upload, [await store.put_part(upload, Part(1, 0, 1), Body(b"x"))], Metadata())
        for key in ("k", "parts"):
            assert cos.held(key).storage_class == name
            assert (await store.stat(key)).storage_class == name


def test_a_round_trip_of_s3s_headers() -> None:
    """What S3 tells of an object is written to COS, read there, and written back the same."""
    told = {
        "content-type": "text/x",
        "cache-control": "no-cache",
        "x-amz-meta-who": "=?UTF-8?B?w7w=?=",
        "x-amz-meta-mtime": "1700000000.500000000",
        "x-amz-storage-class": "GLACIER",
    }
    there, lost = to_headers(COS, from_headers(S3, told), genuine=True)
    assert lost == ()
    assert there["x-cos-storage-class"] == "ARCHIVE"
    assert to_headers(S3, from_headers(COS, there), genuine=True) == (told, ())


@pytest.mark.parametrize("parts", [False, True])
async def test_a_canned_acl(cos: CosPlace, parts: bool) -> None:
    """It is set whichever way the object is made."""
    store = await cos.open("", StoreOptions(acl="public-read"))
    if parts:
        upload = await store.begin("k", Metadata(), size=1, part_size=1)
        await store.finish(upload, [await store.put_part(upload, Part(1, 0, 1), Body(b"x"))], Metadata())
    else:
        await store.put("k", Body(b"x"), Metadata())
    assert cos.held("k").acl == "public-read"
