"""Rows that are kept and read by the thousand are those that single ones would be."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.checkpoint.samples import PAIR, entries, gathered
from transfer.checkpoint import Alike, Checkpoint, Kept, Look, Row
from transfer.checkpoint.codec import row_columns
from transfer.errors import Misconfigured
from transfer.model import Entry, Proof, Proven

BY_ETAG = Proof(Proven.VERIFIED, "etag")


def entry(number: int) -> Entry:
    return Entry(f"{number:05}", number, etag=f"e{number}")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(entries, entries), max_size=4, unique_by=lambda pair: pair[0].key),
    st.sampled_from([BY_ETAG, Proof(Proven.UNPROVEN, "mtime")]),
    st.booleans(),
)
async def test_what_is_alike_is_kept_as_rows(pairs: list[tuple[Entry, Entry]], proof: Proof, racy: bool) -> None:
    """Whatever their texts and numbers are; and is read the same whether taken apart at once or later."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = await Checkpoint.open(Path(folder) / "pair.sqlite", PAIR)
        try:
            checkpoint.alike(Alike(pairs, proof, "shape", racy))
            rows = await gathered(checkpoint.rows())
            kept = await gathered(checkpoint.kept())
        finally:
            await checkpoint.close()
    assert {row.key: row for row in rows} == {
        source.key: Row(source.key, Look.of(source), Look.of(target), None, proof, "shape", "", racy)
        for source, target in pairs
    }
    assert [(each.key, each.row) for each in kept] == [(row.key, row) for row in rows]


def test_a_row_that_no_checkpoint_writes_settles_nothing() -> None:
    """It is refused when it is taken apart, as one that SQLite finds damaged is."""
    looked = Look.of(entry(1))
    columns = list(row_columns(Row("00001", looked, looked, None, BY_ETAG, "shape", "", racy=False)))
    assert Kept(columns).still_holds(entry(1), entry(1), "shape", 7) is True
    columns[columns.index("verified")] = "trust me"
    kept = Kept(columns)
    assert kept.still_holds(entry(1), entry(1), "shape", 7) is None
    with pytest.raises(Misconfigured, match="trust me"):
        _ = kept.row


async def test_a_group_counts_as_its_objects(checkpoint: Checkpoint) -> None:
    """So that ten thousand of them are waited for, though few were queued."""
    pairs = [(entry(number), entry(number)) for number in range(5_000)]
    for _ in range(3):
        checkpoint.alike(Alike(pairs, BY_ETAG, "shape", racy=False))
    assert checkpoint._worker.queued > 10_000
    await checkpoint.room()
    assert checkpoint._worker.queued == 0
    assert len(await gathered(checkpoint.rows())) == 5_000
