"""What is the same on both sides is told, counted and kept, one by one or all together."""

from __future__ import annotations

from pathlib import Path

import transfer
from tests.core.rig import Heard, contents, fill, memory, quick
from transfer.cli.performing import _all_of
from transfer.cli.tally import Tally
from transfer.event import CountsSkips, Event, Finished, Verdict, ignore
from transfer_memory.store import MemoryStore

OBJECTS = {f"{number:04}": b"x" * (number % 7 + 1) for number in range(1_200)}


class Counted(Heard):
    """Hears of skips by number."""

    skips = 0

    def count_skips(self, count: int) -> None:
        self.skips += count


async def equal_sides() -> tuple[MemoryStore, MemoryStore]:
    source, target = memory(), memory()
    for store in (source, target):
        await fill(store, OBJECTS)
    return source, target


async def test_a_listener_hears_of_each_skip_unless_it_counts_them(tmp_path: Path) -> None:
    """The totals are the same either way, with a new checkpoint and with one that knows the objects."""
    source, target = await equal_sides()
    options = quick(checkpoint=tmp_path / "pair.sqlite")
    for heard, counted in ((Heard(), Counted()), (Heard(), Counted())):
        options = quick(checkpoint=tmp_path / f"{id(heard)}.sqlite")
        for _ in range(2):
            heard.clear()
            counted.clear()
            counted.skips = 0
            one = await transfer.sync(source, target, options, listener=heard)
            other = await transfer.sync(source, target, options, listener=counted)
            assert one.totals == other.totals
            assert one.totals.skipped_proven == len(OBJECTS)
            assert heard.outcomes.keys() == OBJECTS.keys()
            assert counted.skips == len(OBJECTS)
            assert not counted.of(Finished)


async def test_a_report_has_a_row_for_each_skip_though_nobody_hears_of_it(tmp_path: Path) -> None:
    """The command's display counts; the report lists."""
    source, target = await equal_sides()
    report = tmp_path / "report.csv"
    await transfer.sync(source, target, quick(report=report), listener=Tally())
    assert len(report.read_text().splitlines()) == 1 + len(OBJECTS)


async def test_changes_among_skips_are_found(tmp_path: Path) -> None:
    """What the checkpoint knows is compared object by object."""
    source, target = await equal_sides()
    options = quick(checkpoint=tmp_path / "pair.sqlite")
    await transfer.sync(source, target, options)
    await fill(source, {"0007": b"other", "1134": b"other", "zz": b"new"})
    result = await transfer.sync(source, target, options)
    assert (result.totals.copied, result.totals.skipped_proven) == (3, len(OBJECTS) - 2)
    assert contents(target) == contents(source)


def test_skips_are_counted_where_nobody_wants_each() -> None:
    """A tally is content with their number; one beside it that wants each object gets each, and so does the tally."""
    heard: list[Event] = []
    tally = Tally()
    alone = _all_of([tally])
    assert isinstance(alone, CountsSkips)
    alone.count_skips(3)
    assert tally.skipped == 3
    assert not isinstance(_all_of([tally, heard.append]), CountsSkips)
    assert isinstance(ignore, CountsSkips)


async def test_what_is_named_twice_is_charged_for_once(tmp_path: Path) -> None:
    """Two tasks may have the same object in hand; each counts what it sends by itself."""
    source, target = memory(), memory()
    await fill(source, {"a": b"12345"})
    heard = Heard()
    result = await transfer.copy(source, target, quick(files_from=("a", "a", "a")), listener=heard)
    sent = [event.outcome.sent for event in heard.of(Finished) if event.outcome.verdict is Verdict.DONE]
    assert result.ok
    assert set(sent) == {5}
    assert result.totals.sent_bytes == 5 * len(sent)
