"""Records to keep: plain ones, and strategies for hostile ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

from hypothesis import strategies as st

from transfer.checkpoint import Failure, Look, Pair, Row
from transfer.model import Algorithm, Entry, Kind, Metadata, Posix, Proof, Proven, Receipt, Unlisted, Upload, Why

T = TypeVar("T")

PAIR = Pair("file:///data", "s3://bucket/prefix")
LOOK = Look(size=5, mtime_ns=1_700_000_000_123_456_789, identity="17:42")
UPLOAD = Upload("big", "id-1", 30_000_000, 10_000_000, {"initiated_ns": "7"})
RECEIPT = Receipt(1, 10_000_000, '"etag"', {Algorithm.CRC64NVME: b"12345678", Algorithm.MD5: bytes(16)})
FAILURE = Failure("bad", "bad could not be read", retryable=True, action="copy")


def row(key: str, *, size: int = 5) -> Row:
    target = Look(size, modified_ns=1_700_000_001_000_000_000, etag="abc")
    return Row(
        key, LOOK, target, (Algorithm.CRC32C, b"\0\1\2\3"), Proof(Proven.VERIFIED, "crc32c"), "shape", "metadata", False
    )


async def gathered(pages: AsyncIterator[Sequence[T]]) -> list[T]:
    return [item async for page in pages for item in page]


numbers = st.none() | st.integers(-(2**70), 2**70)
texts = st.lists(
    st.characters(exclude_categories=()) | st.sampled_from(["/", "\0", "\ud800", "\udcff", "\uffff", "\U0001f600"]),
    max_size=6,
).map("".join)
"""Any code points, lone surrogates often."""
some_texts = st.none() | texts
digests = st.binary(max_size=32)
checksums = st.dictionaries(st.sampled_from(Algorithm), digests, max_size=3)
looks = st.builds(Look, numbers, numbers, numbers, some_texts, some_texts, some_texts)
rows = st.builds(
    Row,
    key=texts,
    source=looks,
    target=looks,
    checksum=st.none() | st.tuples(st.sampled_from(Algorithm), digests),
    proof=st.builds(Proof, st.sampled_from(Proven), st.sampled_from(["", "md5"])),
    shape=st.sampled_from(["", "a1"]),
    metadata=st.sampled_from(["", "b2"]),
    racy=st.booleans(),
    run=st.integers(0, 2**40),
)
uploads = st.builds(
    Upload,
    key=texts,
    id=st.text(st.characters(codec="utf-8"), max_size=8),
    size=st.none() | st.integers(0, 2**50),
    part_size=st.integers(1, 2**40),
    extra=st.dictionaries(texts, texts, max_size=2),
)
receipts = st.lists(
    st.builds(Receipt, st.integers(1, 10_000), st.integers(0, 2**40), some_texts, checksums),
    max_size=4,
    unique_by=lambda receipt: receipt.number,
)
user = st.dictionaries(texts, texts, max_size=2)
posix = st.builds(Posix, numbers, numbers, numbers, numbers, some_texts)
metadata = st.builds(
    Metadata, *[some_texts] * 7, user=user, tags=st.none() | user, storage_class=some_texts, posix=posix
)
entries = st.builds(
    Entry,
    key=texts,
    size=numbers,
    mtime_ns=numbers,
    modified_ns=numbers,
    etag=some_texts,
    version=some_texts,
    identity=some_texts,
    checksums=checksums,
    metadata=st.none() | metadata,
    storage_class=some_texts,
    kind=st.sampled_from(Kind),
    encrypted_etag=st.booleans(),
)
unlisted = st.builds(
    Unlisted, key=texts, why=st.sampled_from(Why), detail=texts, failed=st.booleans(), folder=st.booleans()
)
