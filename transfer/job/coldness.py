"""How far parked objects are from being readable, as their store tells: by its list of thaws, or one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from transfer.checkpoint import Parked
from transfer.errors import NotFound, TransferError
from transfer.model import Cold, Entry, Thaw
from transfer.plugin import Store
from transfer.tasks import for_each

_AT_ONCE = 16
_NEARER = (Cold.THAWED, Cold.THAWING)


@dataclass(frozen=True, slots=True)
class State:
    """Of one object, as far as its store knows it. ``cold`` is None where that could not be found out: ``error``."""

    cold: Cold | None
    entry: Entry
    ready_ns: int | None = None
    error: TransferError | None = None


@dataclass(slots=True)
class Coldness:
    """Asks ``store``. What its list of thaws tells is kept until :meth:`refresh`."""

    store: Store
    _thaws: Mapping[str, Sequence[Thaw]] = field(default_factory=dict)

    async def refresh(self) -> None:
        """Look at the store's list of thaws, where it has one."""
        if not self.store.capabilities.thaws:
            return
        thaws: dict[str, list[Thaw]] = defaultdict(list)
        for thaw in await self.store.thaws():
            thaws[thaw.key].append(thaw)
        self._thaws = dict(thaws)

    async def of(self, page: Sequence[Parked], frozen: Collection[str]) -> Mapping[str, State]:
        """The state of each, by key; ``frozen`` are keys of which it is known. None asked for is FROZEN.

        Those that are gone count as thawed: whoever tries them will see.
        """
        if self.store.capabilities.thaws:
            return {each.key: self._from_list(each) for each in page}
        states = {each.key: State(Cold.FROZEN, _entry(each)) for each in page if each.key in frozen}

        async def look(parked: Parked) -> None:
            states[parked.key] = await self._looked_at(parked)

        await for_each([each for each in page if each.key not in frozen], look, width=_AT_ONCE)
        return states

    def _from_list(self, parked: Parked) -> State:
        thaws = [thaw for thaw in self._thaws.get(parked.key, ()) if thaw.span is None]
        entry = _entry(parked)
        for cold in _NEARER:
            found = [thaw for thaw in thaws if thaw.state is cold]
            if found:
                return State(cold, entry, min((thaw.ready_ns for thaw in found if thaw.ready_ns), default=None))
        return State(Cold.FROZEN, entry)

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
