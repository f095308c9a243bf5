"""What proves that the target has the bytes that were read, and what does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import transfer
from tests.core.doubtful import Doubtful, spoiled
from tests.core.rig import MIB, Heard, Watched, contents, fill, memory, pattern, quick
from transfer.checksums import digest, md5_etag
from transfer.errors import Denied
from transfer.event import Retrying
from transfer.model import NO_CHECKSUMS, UNPROVEN, Algorithm, Body, Checksums, Entry, Metadata, Receipt, Span, Stored
from transfer.options import Verify
from transfer.partition import cut
from transfer.pipeline.proof import agreed, needed, recognise, source_check, whole
from transfer.plugin import Reading

CRC, MD5, SHA = Algorithm.CRC64NVME, Algorithm.MD5, Algorithm.SHA256
BOTH = (CRC, MD5)


def receipts_of(data: bytes, part: int) -> list[Receipt]:
    return [
        Receipt(each.number, each.size, None, digest(data[each.offset : each.offset + each.size], BOTH))
        for each in cut(len(data), part)
    ]


@given(data=st.binary(max_size=300), part=st.integers(1, 100))
def test_the_parts_checksums_combine_to_the_whole_one(data: bytes, part: int) -> None:
    """A CRC does; an MD5 does not, but makes the ETag by which the object is known."""
    receipts = receipts_of(data, part)
    assert whole(receipts) == digest(data, [CRC])
    etag = md5_etag([receipt.checksums[MD5] for receipt in receipts])
    known = recognise(Entry("k", len(data), etag=etag), len(data), {}, receipts)
    assert str(known) == "verified (multipart etag)"


@pytest.mark.parametrize("algorithm", Algorithm)
def test_whatever_a_store_keeps_counts(algorithm: Algorithm) -> None:
    """On the way down, and to know an object again."""
    kept = {algorithm: b"digest"}
    assert source_check(kept) is algorithm
    assert str(recognise(Entry("k", 6, checksums=kept), 6, kept)) == f"verified ({algorithm})"
    assert recognise(Entry("k", 6, checksums=kept), 6, {algorithm: b"other"}) == UNPROVEN


def test_a_checksum_that_not_all_parts_have_is_none() -> None:
    """Nor is there one of no parts at all."""
    receipts = receipts_of(b"abcdef", 3)
    assert whole([receipts[0], replace(receipts[1], checksums={MD5: bytes(16)})]) == {}
    assert whole([]) == {}


def test_the_source_is_checked_by_what_is_cheapest() -> None:
    """In parts, only by what combines."""
    kept: Checksums = {SHA: b"", MD5: b"", Algorithm.CRC32C: b""}
    assert source_check(kept, in_parts=(5, 5, 1)) is Algorithm.CRC32C
    assert source_check({SHA: b"", MD5: b""}, in_parts=(5, 5, 1)) is None
    assert source_check({SHA: b"", MD5: b""}) is SHA
    assert source_check({}) is None


def test_no_more_checksums_are_taken_than_are_needed() -> None:
    """Ours always, the one that the target prefers, what it is sent besides, and the one that checks the source."""
    assert needed((), None) == {CRC}
    assert needed((MD5,), None, (SHA,)) == {CRC, MD5, SHA}
    assert needed((MD5, SHA), Algorithm.CRC32C) == {CRC, MD5, Algorithm.CRC32C}


def receipt(number: int = 1, size: int = 5, etag: str | None = "e", checksums: Checksums = NO_CHECKSUMS) -> Receipt:
    return Receipt(number, size, etag, checksums)


@pytest.mark.parametrize(
    ("theirs", "counts"),
    [
        (receipt(), True),
        (receipt(etag=None, checksums={CRC: b"c"}), True),
        (receipt(etag="e", checksums={CRC: b"x"}), False),
        (receipt(etag="x", checksums={CRC: b"c"}), False),
        (receipt(size=4), False),
        (receipt(number=2), False),
        (receipt(etag=None), False),
        (receipt(etag=None, checksums={MD5: b"m"}), False),
    ],
)
def test_a_part_counts_if_both_lists_agree(theirs: Receipt, counts: bool) -> None:
    """In number, size and a checksum or an ETag, and in all of these that both know."""
    ours = receipt(checksums={CRC: b"c"})
    assert bool(agreed([ours], [theirs])) == counts


def test_an_object_is_recognised_by_size_and_checksum() -> None:
    """A checksum that differs is not outvoted by an ETag."""
    entry = Entry("k", 3, etag="e", checksums={CRC: b"c"})
    assert str(recognise(entry, 3, {CRC: b"c", MD5: b"m"})) == "verified (crc64nvme)"
    assert recognise(entry, 4, {CRC: b"c"}) == UNPROVEN
    assert recognise(entry, 3, {CRC: b"x"}) == UNPROVEN
    assert recognise(entry, 3, {MD5: b"m"}) == UNPROVEN


# In a run

DATA = {"small": b"some bytes", "large": pattern(3 * MIB - 7)}


class Rotten(Watched):
    """A source whose bytes have changed at rest, or are damaged on each way here."""

    bad_reads = 1_000_000

    @asynccontextmanager
    async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[Reading]:
        async with super().read(entry, span) as reading:
            yield _Damaged(reading, self)


class _Damaged:
    def __init__(self, inner: Reading, store: Rotten) -> None:
        self.entry, self.size = inner.entry, inner.size
        self._inner = inner
        self._store = store

    async def readinto(self, view: memoryview) -> int:
        count = await self._inner.readinto(view)
        if self._store.bad_reads > 0 and count:
            self._store.bad_reads -= 1
            view[0] ^= 1
        return count


@pytest.mark.parametrize("key", DATA)
async def test_a_source_that_gives_other_bytes_than_it_keeps_a_checksum_of_is_told(key: str) -> None:
    """After reading it again; the failure names the source, and the target has nothing."""
    source, target = Rotten(memory()), memory()
    await fill(source, {key: DATA[key]})
    result = await transfer.sync(source, target, quick())
    assert result.totals.failed == 1
    assert "another crc64nvme than its store keeps" in (result.failures[0].error or "")
    assert contents(target) == {}
    assert source.count(f"read {key}") >= 3


@pytest.mark.parametrize("key", DATA)
async def test_damage_on_the_way_is_mended_by_reading_again(key: str) -> None:
    """The object is begun anew, which the outcome tells."""
    source, target, heard = Rotten(memory()), memory(), Heard()
    source.bad_reads = 1
    await fill(source, {key: DATA[key]})
    result = await transfer.sync(source, target, quick(), listener=heard)
    assert result.ok
    assert contents(target) == {key: DATA[key]}
    assert heard.outcomes[key].attempts == 2
    assert heard.of(Retrying)


async def test_what_nothing_else_proves_is_read_back() -> None:
    """Small and large."""
    source, target = memory(), Doubtful(memory())
    await fill(source, DATA)
    result = await transfer.sync(source, target, quick())
    assert result.ok
    assert result.proofs == (("read back (crc64nvme)", 2),)


@pytest.mark.parametrize("key", DATA)
async def test_a_target_that_spoils_bytes_is_caught_by_reading_back(key: str) -> None:
    """It is tried again, and then a failure that names the target."""
    source, target = memory(), Doubtful(memory())
    target.spoil = spoiled
    await fill(source, {key: DATA[key]})
    result = await transfer.sync(source, target, quick())
    assert result.totals.failed == 1
    assert "reads back from the target with other bytes" in (result.failures[0].error or "")
    assert target.count(f"put {key}", "finish") >= 3


async def test_reading_back_can_be_asked_for() -> None:
    """Then a target's own word does not count: one that lies is caught."""
    for spoil, failed in ((bytes, 0), (spoiled, 2)):
        source, target = memory(), Doubtful(memory())
        target.says, target.spoil = transfer.model.Proof(transfer.model.Proven.VERIFIED, "crc64nvme"), spoil
        await fill(source, DATA)
        assert (await transfer.sync(source, target, quick())).ok
        other = Doubtful(memory())
        other.says, other.spoil = target.says, spoil
        result = await transfer.sync(source, other, quick(verify=Verify.READBACK))
        assert result.totals.failed == failed
        assert sum(count for proof, count in result.proofs if proof == "read back (crc64nvme)") == 2 - failed


@pytest.mark.parametrize("allowed", [False, True])
async def test_what_can_not_be_proven_is_a_failure_unless_allowed(allowed: bool) -> None:
    """It is not sent again in the same run; in the report it is unproven either way."""
    source, target, heard = memory(), Doubtful(memory()), Heard()
    await fill(source, {"k": b"data"})

    async def deny(what: str) -> None:
        if what.startswith("read"):
            raise Denied("write only")

    target.before = deny
    result = await transfer.sync(source, target, quick(allow_unproven=allowed), listener=heard)
    assert result.ok == allowed
    assert (result.totals.unproven, result.totals.failed) == (1, 0 if allowed else 1)
    assert heard.outcomes["k"].proof == UNPROVEN
    assert ("--allow-unproven" in (heard.outcomes["k"].error or "")) == (not allowed)
    assert target.count("put k") == 1


class Lossy(Watched):
    """A target that can't hold tags."""

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        kept = replace(metadata, tags=None)
        return replace(await super().put(key, body, kept, if_absent=if_absent), lost=("tags",))


@pytest.mark.parametrize("strict", [False, True])
async def test_lost_metadata_is_told_or_a_failure(strict: bool) -> None:
    """As ``strict_metadata`` says."""
    source, target, heard = memory(), Lossy(memory()), Heard()
    await fill(source, {"k": b"data"}, Metadata(tags={"a": "b"}))
    options = quick(strict_metadata=strict)
    result = await transfer.sync(source, target, options, listener=heard)
    assert result.totals.metadata_lost == 1
    assert heard.outcomes["k"].lost == ("tags",)
    assert result.ok != strict
    assert ("tags" in (heard.outcomes["k"].error or "")) == strict
