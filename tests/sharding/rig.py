"""Stores whose pages take their time by a clock that the test keeps."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Sequence

from transfer.model import Entry, Page
from transfer.plugin import Capabilities, Limits, Origin, Prune, Store


class Ticking(Store):
    """Lists ``keys``, so many a page. Each page takes one tick, however many are asked for at once."""

    url = "ticking://"
    origin = Origin("ticking:", "", "", "")
    capabilities = Capabilities(ordered=True)
    limits = Limits(max_key=1024)

    def __init__(self, keys: Sequence[str], size: int, break_off: Callable[[int, str], None] | None = None) -> None:
        self.keys = keys
        self.size = size
        self.requests = 0
        self.underway = 0
        self.open = 0
        self.ticks = 0
        self._break_off = break_off or (lambda number, after: None)
        self._waiting: list[asyncio.Future[None]] = []

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        self.open += 1
        try:
            here = resume or after
            while True:
                await self._answer(here or "")
                first = self.behind(here) if here else 0
                items = tuple(map(Entry, self.keys[first : first + self.size]))
                if items:
                    here = items[-1].key
                yield Page(items, here)
                if first + self.size >= len(self.keys):
                    return
        finally:
            self.open -= 1

    def behind(self, after: str) -> int:
        """How many keys a listing after this one leaves out."""
        return bisect_right(self.keys, after)

    async def _answer(self, after: str) -> None:
        self.requests += 1
        self.underway += 1
        try:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        finally:
            self.underway -= 1
        self._break_off(self.requests, after)

    def tick(self) -> None:
        """All requests that are underway are answered."""
        self.ticks += 1
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)


async def keep_ticking(store: Ticking) -> None:
    """Let time pass whenever all that can be done without it is done."""
    while True:
        for _ in range(20):
            await asyncio.sleep(0)
        store.tick()
