"""What waits in cold storage, and what was asked of it."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.checkpoint.samples import PAIR, gathered, some_texts, texts
from transfer.checkpoint import NOTHING_WAITS, Asked, Checkpoint, Parked, Waiting, summary_of
from transfer.checkpoint.cold import _asked_columns, _asked_of, _parked_columns, _parked_of
from transfer.model import Cold, Span

sizes = st.integers(0, 2**50)
times = st.integers(0, 2**62)
words = st.none() | st.text(st.characters(codec="utf-8"), max_size=8)
parked = st.builds(
    Parked, texts, st.none() | sizes, some_texts, words, st.none() | st.sampled_from(Cold), st.none() | times
)
spans = st.builds(Span, sizes, st.integers(1, 2**40))
whole = st.builds(Asked, texts, sizes, times, st.just("Bulk"), st.none(), st.booleans(), st.none() | times)
asked = whole | spans.flatmap(lambda span: st.builds(Asked, texts, st.just(span.size), times, span=st.just(span)))


@given(parked, asked)
def test_they_come_back_as_they_were(one: Parked, other: Asked) -> None:
    """Whatever their names, sizes and times."""
    assert _parked_of(_parked_columns(one)) == one
    assert _asked_of(_asked_columns(other)) == other


async def test_what_waits_is_known_while_the_run_lasts(path: Path) -> None:
    """In key order, with figures; the next run begins without."""
    checkpoint = await Checkpoint.open(path, PAIR)
    assert await checkpoint.waiting() == NOTHING_WAITS
    for each in (Parked("b", 5), Parked("a", 7, cold=Cold.FROZEN), Parked("c", None, "to", "GLACIER", Cold.THAWING, 9)):
        checkpoint.park(each)
    assert [each.key for each in await gathered(checkpoint.parked())] == ["a", "b", "c"]
    assert await checkpoint.waiting() == Waiting(3, 12, 1, 9)
    checkpoint.unpark("a")
    await checkpoint.end_run("waiting", "{}")
    assert (await summary_of(path)).waiting == Waiting(2, 5, 1, 9)
    await checkpoint.close()
    checkpoint = await Checkpoint.open(path, PAIR)
    assert checkpoint.resuming
    assert await checkpoint.waiting() == Waiting(2, 5, 1, 9)
    await checkpoint.start_run()
    assert await checkpoint.waiting() == NOTHING_WAITS
    await checkpoint.close()


async def test_what_was_asked_for_stays(path: Path) -> None:
    """Over runs, whole or in spans; until it is of no account."""
    checkpoint = await Checkpoint.open(path, PAIR)
    first, second = Asked("a", 10, 100, "Bulk"), Asked("a", 4, 200, span=Span(4, 4))
    await checkpoint.ask([first, second])
    sure = Asked("a", 10, 100, "Bulk", sure=True, ready_ns=500, until_ns=900)
    checkpoint.asked(sure)
    await checkpoint.close()
    checkpoint = await Checkpoint.open(path, PAIR)
    await checkpoint.start_run()
    assert sorted(await checkpoint.asked_of(["a", "b"]), key=lambda each: each.size) == [second, sure]
    assert await checkpoint.asked_since(0) == [sure, second]
    assert await checkpoint.asked_since(150) == [second]
    checkpoint.forget_asked(600)  # the first is readable until 900
    assert await checkpoint.asked_of(["a"]) == [sure]
    checkpoint.not_asked(sure)
    assert await checkpoint.asked_of(["a"]) == []
    await checkpoint.close()
