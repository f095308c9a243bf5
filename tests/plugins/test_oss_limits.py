"""Keys that OSS does not take, and its storage classes; other limits are in ``test_native_limits.py``."""

from __future__ import annotations

import pytest

import transfer
from tests.core.rig import Heard, Watched, memory, quick
from tests.plugins.ossplace import OssPlace
from transfer.errors import Unsupported
from transfer.model import Body, Metadata
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


def _lost(**metadata: object) -> tuple[str, ...]:
    return to_headers(OSS, Metadata(**metadata), genuine=True)[1]  # type: ignore[arg-type]


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
