"""The merge of two listings and the checkpoint equals looking each key up in three dictionaries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transfer.checkpoint import Kept, Look, Row
from transfer.checkpoint.codec import row_columns
from transfer.decide import Do, Rules, Step, decide
from transfer.errors import Denied
from transfer.filters import Filter, Rule
from transfer.model import UNPROVEN, Entry, Page, Proof, Proven, Unlisted, Why
from transfer.options import Compare
from transfer.planner import plan

T = TypeVar("T")
Item = Entry | Unlisted

PROVEN = Proof(Proven.VERIFIED, "crc64nvme")
keys = st.text(alphabet="a!/.0é", min_size=1, max_size=4)
rules = st.sampled_from(
    [
        Rules(delete=True),
        Rules(delete=True, folders=True),
        Rules(run=7, unfinished=frozenset({"a", "a/"})),
        Rules(update=True, shape="other"),
        Rules(compare=Compare.CHECKSUM),
        Rules(two_way=True),
        Rules(delete=True, filter=Filter(rules=(Rule(False, "a/**"),))),
        Rules(delete=True, existing=True),
        Rules(ignore_existing=True),
    ]
)


@st.composite
def listings(draw: st.DrawFn) -> dict[str, Item]:
    """Keys with something at each; unreadable names are rarer than entries."""
    entries = st.builds(Entry, st.just(""), st.integers(0, 2), etag=st.sampled_from("xy"))
    names = st.builds(Unlisted, st.just(""), st.just(Why.UNREADABLE), st.just("no"), st.booleans())
    chosen = draw(st.dictionaries(keys, entries | entries | names, max_size=12))
    return {key: _at(key, item) for key, item in chosen.items()}


def _at(key: str, item: Item) -> Item:
    if isinstance(item, Unlisted):
        return Unlisted(key, item.why, item.detail, item.failed)
    return Entry(key, item.size, etag=item.etag)


looks = st.builds(Look, st.integers(0, 2), etag=st.sampled_from("xy"))
rows = st.dictionaries(
    keys,
    st.builds(
        Row,
        st.just(""),
        looks,
        looks,
        st.none(),
        st.sampled_from([PROVEN, UNPROVEN]),
        st.sampled_from(["", "", "other"]),
        st.just(""),
        racy=st.sampled_from([False, False, True]),
        run=st.sampled_from([0, 7]),
    ),
    max_size=12,
).map(lambda kept: {key: replace(row, key=key) for key, row in kept.items()})


async def paged(items: Mapping[str, Item], size: int) -> AsyncIterator[Page]:
    for run in runs(items, size):
        yield Page(tuple(run))


async def rows_in(items: Mapping[str, Row], size: int) -> AsyncIterator[Sequence[Kept]]:
    for run in runs(items, size):
        yield [Kept(row_columns(row)) for row in run]


def runs(items: Mapping[str, T], size: int) -> list[list[T]]:
    """The values in key order, in runs of at most ``size``, with an empty one among them."""
    ordered = [items[key] for key in sorted(items)]
    return [[], *(ordered[start : start + size] for start in range(0, len(ordered), size))]


async def planned(
    source: Mapping[str, Item], target: Mapping[str, Item], known: Mapping[str, Row], chosen: Rules, size: int = 3
) -> list[Step]:
    steps = plan(
        paged(source, size), paged(target, size), rows_in(known, size), chosen, on_listed=lambda side, count: None
    )
    return [step async for run in steps for step in run]


def naive(
    source: Mapping[str, Item], target: Mapping[str, Item], known: Mapping[str, Row], chosen: Rules
) -> list[Step]:
    broken = [key for key, item in source.items() if isinstance(item, Unlisted)]
    steps = []
    for key in sorted({*source, *target, *known}):
        shielded = any(key == name or key.startswith(name + "/") for name in broken)
        step = decide(key, source.get(key), target.get(key), known.get(key), chosen, shielded=shielded)
        if step is not None:
            steps.append(step)
    return steps


@settings(max_examples=150, deadline=None)
@given(source=listings(), target=listings(), known=rows, chosen=rules, size=st.integers(1, 4))
async def test_the_merge_equals_three_dictionaries(
    source: dict[str, Item], target: dict[str, Item], known: dict[str, Row], chosen: Rules, size: int
) -> None:
    """Whatever the order and the size of pages; what an unlisted name covers is never deleted."""
    assert await planned(source, target, known, chosen, size) == naive(source, target, known, chosen)


async def test_an_unlisted_name_between_shields_keeps_both() -> None:
    """``a.x`` comes between ``a`` and ``a/b``; the unreadable folder ``a`` protects ``a/b`` all the same."""
    source: dict[str, Item] = {key: Unlisted(key, Why.UNREADABLE, "no", True) for key in ("a", "a.x")}
    target: dict[str, Item] = {key: Entry(key, 1) for key in ("a", "a.x/1", "a.y", "a/b", "a0")}
    deleted = [step.key for step in await planned(source, target, {}, Rules(delete=True)) if step.do is Do.DELETE]
    assert deleted == ["a.y", "a0"]


async def test_an_unreadable_root_protects_everything() -> None:
    """Its key is empty."""
    source: dict[str, Item] = {"": Unlisted("", Why.UNREADABLE, "no", True)}
    steps = await planned(source, {"a": Entry("a", 1)}, {}, Rules(delete=True))
    assert [(step.do, step.key) for step in steps] == [(Do.FAIL, "")]


@pytest.mark.parametrize("side", ["source", "target"])
async def test_a_listing_that_fails_ends_the_plan_with_its_error(side: str) -> None:
    """What it listed before is planned; nothing looks like the end of a listing."""
    ended = []

    async def broken() -> AsyncIterator[Page]:
        yield Page((Entry("a", 1), Entry("b", 1)))
        raise Denied("no more")

    async def other() -> AsyncIterator[Page]:
        try:
            yield Page((Entry("a", 2),))
            yield Page((Entry("c", 2),))
        finally:
            ended.append(True)

    source, target = (broken(), other()) if side == "source" else (other(), broken())
    steps = plan(source, target, rows_in({}, 1), Rules(delete=True), on_listed=lambda side, count: None)
    seen: list[str] = []
    with pytest.raises(Denied):
        await note_keys(steps, seen)
    assert seen[0] == "a"
    assert "c" not in seen
    assert ended == [True]


async def note_keys(steps: AsyncIterator[Sequence[Step]], seen: list[str]) -> None:
    async for run in steps:
        seen += [step.key for step in run]


async def test_listed_entries_are_counted_by_side() -> None:
    """Names that are not entries don't make a source look less empty."""
    heard: list[tuple[str, int | None]] = []
    source: dict[str, Item] = {"a": Entry("a", 1), "b": Unlisted("b", Why.SYMLINK, "no", False)}
    steps = plan(
        paged(source, 5),
        paged({}, 5),
        rows_in({}, 5),
        Rules(),
        on_listed=lambda side, count: heard.append((side, count)),
    )
    assert [step.key async for run in steps for step in run] == ["a", "b"]
    assert [(side, count) for side, count in heard if count] == [("source", 1)]


@pytest.mark.parametrize(
    "chosen",
    [Rules(compare=Compare.CHECKSUM), Rules(ignore_existing=True), Rules(filter=Filter(rules=(Rule(False, "k"),)))],
)
async def test_the_checkpoint_alone_settles_nothing_that_the_rules_ask_more_of(chosen: Rules) -> None:
    """Though both sides look as they did at the last success."""
    entry = Entry("k", 1, etag="x")
    row = Row("k", Look.of(entry), Look.of(entry), None, PROVEN, "", "", racy=False)
    steps = await planned({"k": entry}, {"k": entry}, {"k": row}, chosen)
    assert steps == naive({"k": entry}, {"k": entry}, {"k": row}, chosen)
    assert steps != await planned({"k": entry}, {"k": entry}, {"k": row}, Rules())
