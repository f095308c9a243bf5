"""Archives whose parts don't fit into the memory: each is read twice, and never is a wrong one made."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import transfer
from tests.core.rig import Heard, Watched, budgets_kept, fill, memory
from tests.emulators.controls import Fault, FaultKind
from tests.glacier.vaultplace import VaultPlace
from transfer import engine, streams
from transfer.budget import Budget
from transfer.errors import Misconfigured, Transient
from transfer.event import Notice, Retrying
from transfer.filters import Filter
from transfer.model import Entry, LongBody, Part, Receipt, Span, Upload
from transfer.options import Options
from transfer.pipeline import fetch as reads
from transfer.pipeline import long
from transfer.plugin import Reading, Store
from transfer.testing.checks.harness import noise
from transfer_glacier.config import LIMITS
from transfer_glacier.store import GlacierStore

MIB = 1024**2
MEMORY, PART = 4 * MIB, 8 * MIB
DATA = noise(2 * PART + 3 * MIB + 5)


@pytest.fixture(autouse=True)
def few_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if these were terabytes."""
    monkeypatch.setattr(GlacierStore, "limits", replace(LIMITS, max_parts=3))


@pytest.fixture
def budgets(monkeypatch: pytest.MonkeyPatch) -> list[Budget]:
    """Those of all runs."""
    return budgets_kept(monkeypatch, engine, streams)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A file that is large, for this memory."""
    root = tmp_path / "tree"
    root.mkdir()
    (root / "k").write_bytes(DATA)
    os.utime(root / "k", (1_400_000_000, 1_400_000_000))
    return root


def up(place: VaultPlace, **changes: Any) -> Options:
    chosen = {"memory": MEMORY, "target_settings": place.settings, "retries": 2, "transfers": 4}
    return Options(**{**chosen, **changes})


def content(place: VaultPlace) -> bytes:
    """The one archive's."""
    (archive,) = place.archives
    return place.content(archive.id)


class Source(Watched):
    """``at`` is awaited with each span that is read, and how often it was read before."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.spans: list[Span | None] = []

    async def at(self, span: Span, before: int) -> None:
        """Nothing happens."""

    @asynccontextmanager
    async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[Reading]:
        if span is not None:
            await self.at(span, self.spans.count(span))
        self.spans.append(span)
        async with super().read(entry, span) as reading:
            yield reading


@pytest.fixture
async def source() -> Source:
    """A bucket with the same in it."""
    store = Source(memory())
    await fill(store, {"k": DATA})
    return store


async def test_a_file_goes_in_parts_that_memory_does_not_hold(
    place: VaultPlace, tree: Path, budgets: list[Budget]
) -> None:
    """And is proven as any other. That it is read twice is told."""
    heard = Heard()
    result = await transfer.sync(tree, "glacier://vault", up(place), listener=heard)
    assert (result.ok, result.proofs) == (True, (("verified (sha256-tree)", 1),))
    assert content(place) == DATA
    assert place.calls["upload_part"] == 3
    assert budgets[0].peak <= MEMORY < PART
    assert [event.text for event in heard.of(Notice)] == [
        "'k' is read twice: it needs parts of 8.0 MiB, which do not fit into --memory."
    ]
    assert (await transfer.sync(tree, "glacier://vault", up(place))).totals.skipped_proven == 1


async def test_parts_that_fit_are_read_once(place: VaultPlace, source: Source) -> None:
    """As before."""
    result = await transfer.sync(source, "glacier://vault", up(place, memory=64 * MIB))
    assert (result.ok, content(place) == DATA) == (True, True)
    assert len(source.spans) == len(set(source.spans))


async def test_any_source_can_be_read_twice(place: VaultPlace, source: Source, budgets: list[Budget]) -> None:
    """A span at a time: the passes over a part are both its bytes, in order."""
    result = await transfer.sync(source, "glacier://vault", up(place, transfers=1))
    assert (result.ok, content(place) == DATA) == (True, True)
    read = [span for span in source.spans if span is not None]
    assert sum(span.size for span in read) == 2 * len(DATA)
    assert max(span.size for span in read) < MEMORY
    assert budgets[0].peak <= MEMORY


async def test_a_change_between_the_readings_is_noticed(
    place: VaultPlace, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that the source does not tell of. The part can't be sent whole, and the others are not gone on with."""
    original, seen = reads.fetch, Counter[int]()

    async def fetch(store: Store, entry: Entry, span: Span, view: memoryview, *more: Any) -> Entry:
        found = await original(store, entry, span, view, *more)
        seen[span.offset] += 1
        if span.offset == PART and seen[PART] == 1:
            view[5] ^= 1
        return found

    monkeypatch.setattr(long, "fetch", fetch)
    result = await transfer.sync(source, "glacier://vault", up(place))
    assert (result.ok, content(place) == DATA) == (True, True)  # the second try of the object
    assert place.calls["begin_upload"] == 2 + 1  # one more is the check's
    assert place.calls["abort_upload"] == 1 + 1
    assert place.uploads == []


async def test_what_never_is_steady_is_no_archive(
    place: VaultPlace, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another byte each time."""
    original, readings = reads.fetch, count(1)

    async def fetch(store: Store, entry: Entry, span: Span, view: memoryview, *more: Any) -> Entry:
        found = await original(store, entry, span, view, *more)
        view[0] = next(readings) % 251
        return found

    monkeypatch.setattr(long, "fetch", fetch)
    result = await transfer.sync(source, "glacier://vault", up(place))
    assert [(failure.key, failure.error) for failure in result.failures] == [("k", "'k' changed while it was read")]
    assert (place.archives, place.uploads) == ([], [])


async def test_a_file_that_is_written_to_meanwhile_is_begun_anew(
    place: VaultPlace, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk tells of it; the archive is the file as it is then."""
    original, other = GlacierStore.put_long_part, DATA[::-1]

    async def put_long_part(self: GlacierStore, upload: Upload, part: Part, body: LongBody) -> Receipt:
        if part.number == 2 and (tree / "k").read_bytes() != other:
            (tree / "k").write_bytes(other)
        return await original(self, upload, part, body)

    monkeypatch.setattr(GlacierStore, "put_long_part", put_long_part)
    result = await transfer.sync(tree, "glacier://vault", up(place))
    assert (result.ok, content(place) == other, place.uploads) == (True, True, [])


@pytest.mark.parametrize("again", [False, True])
async def test_a_source_that_fails_is_not_taken_for_the_vault(place: VaultPlace, source: Source, again: bool) -> None:
    """Its error comes out of either reading, though it may pass, and the vault is not asked again for it."""

    async def at(span: Span, before: int) -> None:
        if span.offset == PART and (span.size < MEMORY // 2 or not again):
            raise Transient("no more of it")

    source.at = at  # type: ignore[method-assign]
    heard = Heard()
    result = await transfer.sync(source, "glacier://vault", up(place, retries=1), listener=heard)
    assert [failure.error for failure in result.failures] == ["no more of it"]
    told = {event.what.partition(" of ")[0] for event in heard.of(Retrying)}
    assert "read k" in told
    assert not any(what.startswith("put part") for what in told)
    assert place.archives == []


async def test_a_piece_stays_until_the_one_after_the_next(
    place: VaultPlace, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last byte may still wait for the socket when the next one is read."""
    original, looked_at = GlacierStore.put_long_part, 0

    async def put_long_part(self: GlacierStore, upload: Upload, part: Part, body: LongBody) -> Receipt:
        nonlocal looked_at
        view, copy = memoryview(b""), b""
        async with aclosing(body.pieces()) as pieces:
            async for piece in pieces:
                assert bytes(view) == copy
                view, copy = piece, bytes(piece)
                looked_at += 1
        return await original(self, upload, part, body)

    monkeypatch.setattr(GlacierStore, "put_long_part", put_long_part)
    assert (await transfer.sync(tree, "glacier://vault", up(place))).ok
    assert looked_at > 6


@pytest.mark.parametrize("kind", ["reset", "lost", "refuse"])
async def test_a_part_that_did_not_get_through_is_read_again(place: VaultPlace, tree: Path, kind: FaultKind) -> None:
    """Nothing else has its bytes."""
    place.fail(Fault(kind, "upload_part", times=2))
    heard = Heard()
    result = await transfer.sync(tree, "glacier://vault", up(place), listener=heard)
    assert (result.ok, content(place) == DATA) == (True, True)
    assert len([event for event in heard.of(Retrying) if event.what.startswith("put part")]) == 2


async def test_an_upload_in_long_parts_is_taken_up(place: VaultPlace, tree: Path) -> None:
    """Whatever of it the vault has is not sent again; with more memory, too."""
    place.fail(Fault("refuse", "upload_part", status=403, code="AccessDeniedException", skip=2, times=9))
    assert not (await transfer.sync(tree, "glacier://vault", up(place, transfers=1))).ok
    place.controls.faults.clear()
    before = place.calls["upload_part"]
    assert (await transfer.sync(tree, "glacier://vault", up(place, memory=64 * MIB))).ok
    assert place.calls["upload_part"] - before == 1
    assert content(place) == DATA


async def test_long_parts_heed_a_limit(place: VaultPlace, tree: Path) -> None:
    """On their way, and not before it."""
    begun = time.monotonic()
    assert (await transfer.sync(tree, "glacier://vault", up(place, bwlimit=10 * MIB))).ok
    assert time.monotonic() - begun > 1.5
    assert content(place) == DATA


# Streams


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), MIB):
        yield data[start : start + MIB]


async def test_a_spooled_stream_needs_no_more_memory(place: VaultPlace, tmp_path: Path, budgets: list[Budget]) -> None:
    """Though its parts don't fit: they are in the file."""
    result = await transfer.copy_stream(chunks(DATA), "glacier://vault/k", up(place, spool=tmp_path))
    assert (result.ok, result.proofs) == (True, (("verified (sha256-tree)", 1),))
    assert content(place) == DATA
    assert budgets[0].peak <= MEMORY


async def test_a_stream_whose_parts_do_not_fit_is_told_what_to_do(place: VaultPlace) -> None:
    """Before a byte of it is read."""

    async def never() -> AsyncIterator[bytes]:
        pytest.fail("the stream was read")
        yield b""

    chosen = up(place, filter=Filter(max_size=len(DATA)))
    with pytest.raises(
        Misconfigured, match=r"needs parts of 8,388,608 bytes.*--memory 9MiB or more, or --spool DIR\.$"
    ):
        await transfer.copy_stream(never(), "glacier://vault/k", chosen)
    with pytest.raises(Misconfigured, match=r" for one object\.$"):
        await transfer.copy_stream(never(), "glacier://vault/k", replace(chosen, filter=Filter(max_size=2**60)))


async def test_a_stream_that_outgrows_its_parts_leaves_no_upload(place: VaultPlace) -> None:
    """Three of an eighth of the memory each are too few; told how long it may become, it fits."""
    result = await transfer.copy_stream(chunks(DATA), "glacier://vault/k", up(place, memory=16 * MIB))
    assert "the stream is longer than the 3.0 MiB that its parts have room for; say with --max-size" in (
        result.failures[0].error or ""
    )
    assert (place.archives, place.uploads) == ([], [])
    bounded = up(place, memory=16 * MIB, filter=Filter(max_size=len(DATA)))
    assert (await transfer.copy_stream(chunks(DATA), "glacier://vault/k", bounded)).ok
    assert content(place) == DATA
