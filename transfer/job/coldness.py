"""How far parked objects are from being readable, as their store tells: by its list of thaws, or one by one."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from transfer.checkpoint import Parked
from transfer.errors import NotFound, TransferError
from transfer.model import Cold, Entry, Page, Thaw
from transfer.plugin import Store
from transfer.tasks import closing, for_each

_AT_ONCE = 16
_FEWER = 8
"""So many looks are made good for by one page of a listing."""
_SAMPLE = 32
"""Objects that are looked at, of those that were still being thawed when they were looked at last; and as many again
for as long as one of them is readable by now."""


@dataclass(frozen=True, slots=True)
class State:
    """Of one object, as far as its store knows it.

    ``cold`` is None where that could not be found out, and ``error`` tells why. ``entry`` is what the store says of it,
    or the little that was listed. ``thaws`` are its live ones, where the store has a list of them.
    """

    cold: Cold | None
    entry: Entry
    thaws: Sequence[Thaw] | None = None
    error: TransferError | None = None


@dataclass(slots=True)
class Coldness:
    """Asks ``store``. What its list of thaws tells is kept until :meth:`refresh`."""

    store: Store
    thaws: Sequence[Thaw] = ()
    _by_key: Mapping[str, Sequence[Thaw]] = field(default_factory=dict)

    async def refresh(self) -> None:
        """Look at the store's list of thaws, where it has one."""
        if not self.store.capabilities.thaws:
            return
        self.thaws = await self.store.thaws()
        live: dict[str, list[Thaw]] = defaultdict(list)
        for thaw in self.thaws:
            if thaw.state is not Cold.FROZEN:
                live[thaw.key].append(thaw)
        self._by_key = dict(live)

    async def of(self, page: Sequence[Parked], sure: Mapping[str, Cold]) -> Mapping[str, State]:
        """The state of each, by key; of some it is ``sure`` without a look. What nobody has asked for is FROZEN.

        Of those that were being thawed, a few are looked at first. One that is gone counts as thawed: whoever tries it
        will see.
        """
        if self.store.capabilities.thaws:
            return {each.key: self._from_list(each) for each in page}
        states = {each.key: State(sure[each.key], _entry(each)) for each in page if each.key in sure}
        left = [each for each in page if each.key not in sure]
        if self.store.capabilities.lists_cold and len(left) > _SAMPLE:
            states |= await self._listed(left)
            left = [each for each in left if each.key not in states]
        waiting = [each for each in left if each.cold is Cold.THAWING]
        await self._look([each for each in left if each.cold is not Cold.THAWING], states)
        random.shuffle(waiting)
        for start in range(0, len(waiting), _SAMPLE):
            some = waiting[start : start + _SAMPLE]
            await self._look(some, states)
            if all(states[each.key].cold is Cold.THAWING for each in some):
                break
        return states | {each.key: State(Cold.THAWING, _entry(each)) for each in waiting if each.key not in states}

    async def _listed(self, page: Sequence[Parked]) -> Mapping[str, State]:
        """What the listing tells of a page of objects, in far fewer requests than looks would take: never in more.

        Nothing of the first one, behind which it begins, nor where it is silent.
        """
        wanted = {each.key for each in page}
        first, last = page[0].key, page[-1].key
        prefix = first
        while not last.startswith(prefix):
            prefix = prefix[:-1]
        states: dict[str, State] = {}
        with suppress(TransferError):  # looks make good for it
            async with closing(self._pages(prefix, first, last, len(page) // _FEWER)) as pages:
                async for listed in pages:
                    for item in listed.items:
                        if isinstance(item, Entry) and item.key in wanted and item.cold is not None:
                            states[item.key] = State(item.cold, item)
        return states

    async def _pages(self, prefix: str, first: str, last: str, most: int) -> AsyncIterator[Page]:
        """The listing from behind ``first`` up to ``last``, but no more than so many pages."""
        ordered = self.store.capabilities.ordered
        async with closing(self.store.list(prefix, after=first if ordered else None)) as pages:
            async for page in pages:
                yield page
                most -= 1
                if not most or (ordered and page.items and page.items[-1].key >= last):
                    return

    async def _look(self, some: Sequence[Parked], states: dict[str, State]) -> None:
        async def look(parked: Parked) -> None:
            states[parked.key] = await self._looked_at(parked)

        await for_each(some, look, width=_AT_ONCE)

    def _from_list(self, parked: Parked) -> State:
        thaws = self._by_key.get(parked.key, ())
        states = {thaw.state for thaw in thaws if thaw.span is None}
        cold = next((cold for cold in (Cold.THAWED, Cold.THAWING) if cold in states), Cold.FROZEN)
        return State(cold, _entry(parked), thaws)

    async def _looked_at(self, parked: Parked) -> State:
        try:
            entry = await self.store.stat(parked.key)
        except NotFound:
            return State(Cold.THAWED, _entry(parked))
        except TransferError as error:
            return State(None, _entry(parked), error=error)
        # A read has shown that it is cold. What has no word for it was not asked for.
        return State(entry.cold or Cold.FROZEN, entry)


def _entry(parked: Parked) -> Entry:
    """The little that was listed of it."""
    return Entry(parked.key, parked.size, storage_class=parked.storage_class)
