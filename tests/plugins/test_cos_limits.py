"""Keys that COS does not take, and its storage classes; other limits are in ``test_native_limits.py``."""

from __future__ import annotations

import pytest

import transfer
from tests.core.rig import Heard, Watched, memory, quick
from tests.plugins.cosplace import CosPlace
from transfer.errors import Unsupported
from transfer.model import Body, Metadata
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


async def test_a_long_piece_of_user_metadata_is_lost(cos: CosPlace) -> None:
    """Of 2 KB and a byte with its name; what fits to the byte is kept."""
    store = await cos.open()
    for length, lost in ((2048 - 4, ()), (2048 - 3, ("user metadata 'long'",))):
        user = {"long": "v" * length, "small": "v"}
        stored = await store.put("k", Body(b"x"), Metadata(user=user))
        assert stored.lost == lost
        assert set(cos.held("k").meta) == ({"small"} if lost else {"long", "small"})


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
