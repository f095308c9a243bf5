"""The merge of three ordered streams (source, target, checkpoint) into one of steps.

Decides nothing by itself (see :mod:`transfer.decide`) and asks no store anything: it
only lines the keys up. Nothing is held but a page of each stream.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from transfer.checkpoint import Kept
from transfer.decide import Rules, Step, decide, unchanged
from transfer.model import Entry, Page, Unlisted
from transfer.tasks import closing

Item = Entry | Unlisted


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=_Keyed)


@dataclass(slots=True)
class Cursor(Generic[T]):
    """The next item of a stream that comes in runs. ``head`` is None at the end of a run, and of the stream."""

    runs: AsyncIterator[Sequence[T]]
    head: T | None = None
    ended: bool = False
    _run: Sequence[T] = ()
    _next: int = 0

    def step(self) -> bool:
        """Go on within the run at hand; False at its end."""
        if self._next < len(self._run):
            self.head = self._run[self._next]
            self._next += 1
            return True
        self.head = None
        return False

    async def refill(self) -> None:
        """At the end of a run, go on with the next one that is not empty."""
        if self.head is not None or self.ended:
            return
        async for run in self.runs:
            if run:
                self._run, self._next, self.head = run, 1, run[0]
                return
        self.ended, self._run = True, ()


class _Shield:
    """What the source could not list covers its key and everything below it.

    ``a.x`` comes between ``a`` and ``a/b``, so one unlisted name may lie within the reach of
    another; those whose reach is passed are let go, and all others start the key at hand.
    """

    def __init__(self) -> None:
        self._names: list[str] = []

    def cover(self, name: str) -> None:
        self._names = [each for each in self._names if name.startswith(each)]
        self._names.append(name)

    def covers(self, key: str) -> bool:
        return bool(self._names) and any(name in ("", key) or key.startswith(name + "/") for name in self._names)


async def plan(
    source: AsyncIterator[Page],
    target: AsyncIterator[Page],
    known: AsyncIterator[Sequence[Kept]],
    rules: Rules,
    *,
    on_listed: Callable[[str, int | None], None],
) -> AsyncGenerator[Sequence[Step], None]:
    """Steps in key order, in runs. ``on_listed`` hears of each page: the side and its number of
    entries, and None when the side's listing has ended.

    Raises whatever the listings raise; no steps of DELETE may be carried out before this
    generator has ended by itself.
    """
    async with (
        closing(_items(source, "source", on_listed)) as source_items,
        closing(_items(target, "target", on_listed)) as target_items,
        closing(known) as known_rows,
    ):
        merge = _Merge(Cursor(source_items), Cursor(target_items), Cursor(known_rows), rules)
        while steps := await merge.run():
            yield steps


class _Merge:
    """Lines up what the three streams have for each key."""

    def __init__(self, sources: Cursor[Item], targets: Cursor[Item], rows: Cursor[Kept], rules: Rules) -> None:
        self._sources = sources
        self._targets = targets
        self._rows = rows
        self._rules = rules
        self._trust_looks = rules.trust_looks
        self._shield = _Shield()

    async def run(self) -> Sequence[Step]:
        """The next steps; none at the end."""
        cursors = (self._sources, self._targets, self._rows)
        steps: list[Step] = []
        while not steps and not all(cursor.ended for cursor in cursors):
            # One after the other: the listings run ahead by themselves.
            for cursor in cursors:
                await cursor.refill()
            self._merge(steps)
        return steps

    def _merge(self, steps: list[Step]) -> None:
        """Go on until one of the streams must be refilled. (Several times a microsecond counts here.)"""
        sources, targets, rows = self._sources, self._targets, self._rows
        going = True
        while going:
            source, target, row = sources.head, targets.head, rows.head
            key = _least(source, target, row)
            if key is None:
                return
            source = source if source is not None and source.key == key else None
            target = target if target is not None and target.key == key else None
            row = row if row is not None and row.key == key else None
            step = self._step(key, source, target, row)
            if step is not None:
                steps.append(step)
            going = source is None or sources.step()
            going = (target is None or targets.step()) and going
            going = (row is None or rows.step()) and going

    def _step(self, key: str, source: Item | None, target: Item | None, row: Kept | None) -> Step | None:
        rules = self._rules
        if isinstance(source, Unlisted):
            self._shield.cover(key)
        elif self._trust_looks and row is not None and source is not None and isinstance(target, Entry):
            step = unchanged(key, source, target, row, rules)
            if step is not None:
                return step
        shielded = source is None and self._shield.covers(key)
        return decide(key, source, target, None if row is None else row.row, rules, shielded=shielded)


async def _items(
    pages: AsyncIterator[Page], side: str, on_listed: Callable[[str, int | None], None]
) -> AsyncIterator[Sequence[Item]]:
    async with closing(pages):
        async for page in pages:
            on_listed(side, list(map(type, page.items)).count(Entry))
            yield page.items
    on_listed(side, None)


def _least(source: Item | None, target: Item | None, row: Kept | None) -> str | None:
    """The first key in order. Mostly all three are the same."""
    key = None if source is None else source.key
    if target is not None and (key is None or target.key < key):
        key = target.key
    if row is not None and (key is None or row.key < key):
        key = row.key
    return key
