"""Lists with several listers where that is faster, and tells the pages in key order.

A listing begins like any other. One that proves to be long, and whose reader waits for each page,
is divided: another lister begins some pages further on, where ``shards`` guesses. What one lister
first sees beyond its shard has to be what the next one saw first; a seam that does not fit (objects
came or went, a store that is not in the order it claims) is undone: the first lister goes on over it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable

from transfer.model import Page
from transfer.plugin import Prune, Store
from transfer.sharding.lister import Lister
from transfer.sharding.scale import Alphabet
from transfer.sharding.shards import Shard, divide, stride
from transfer.tasks import broken_off, closing, is_cancelled

LISTERS = 12
"""At most, for one listing."""
_LONG = 4
"""Pages of a listing that is long."""
_SLOW = 0.02
"""Seconds for a page from which on the way there matters more than what is done with it."""
_WINDOW = 4
"""Pages for each lister that may lie ready, all listers together."""
_AHEAD = 2
"""Pages that the one being told may be ahead."""
_GUESSES = 1
"""Listers that have not got their first page yet."""
_SAMPLES = 16
"""Keys of a page that are looked at."""
_IN_VAIN, _PART_IN_VAIN = 16, 20
"""Pages that may be fetched in vain: so many, and one of so many."""


async def in_shards(
    store: Store, *, prune: Prune | None = None, slow: float = _SLOW, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[Page]:
    """All entries of ``store.list`` in the same order, in other pages, without ``resume``.

    For stores that are ``ordered``; the caller has to check the order of what it gets. Where a page
    takes less than ``slow`` seconds, nothing is divided. Raises what the listing raises.
    """
    start = store.list(prune=prune)
    recent: deque[Page] = deque(maxlen=_LONG)
    async with closing(start):
        while True:
            asked = clock()
            page = await anext(start, None)
            if page is None:
                return
            took = clock() - asked
            recent.append(page)
            yield page
            if len(recent) == _LONG and took >= slow:
                break
        async with closing(_Reading(store, prune, start, recent).pages()) as pages:
            async for page in pages:
                yield page


class _Reading:
    """A listing that goes on with several listers, in key order; the first is the one being told."""

    def __init__(self, store: Store, prune: Prune | None, start: AsyncIterator[Page], recent: Iterable[Page]) -> None:
        self._store = store
        self._prune = prune
        self._alphabet = Alphabet()
        self._listers = [Lister(Shard(""), start)]
        self._tasks: dict[Lister, asyncio.Task[None]] = {}
        self._width = 1
        self._fetched = 0
        self._in_vain = 0.0
        self._news = asyncio.Event()
        for page in recent:
            self._note(page)
            if page.items:
                self._listers[0].shard.listed(page.items[0].key, page.items[-1].key)

    async def pages(self) -> AsyncIterator[Page]:
        """What is left of the listing."""
        self._run(self._listers[0])
        try:
            while self._listers:
                front = self._listers[0]
                if front.ready:
                    page = front.ready.popleft()
                    self._tell()
                    yield page
                elif front.done:
                    await self._pass_on(front)
                else:
                    self._spread(min(self._width * 2, LISTERS))
                    await self._until(lambda front=front: front.ready or front.done)  # type: ignore[misc]
        finally:
            await self._close(list(self._tasks))

    async def _pass_on(self, front: Lister) -> None:
        """The first shard is told: see whether the next one fits to it.

        A guess that could not even be begun is no failure: what is there in truth is seen by going on.
        """
        if front.error is not None:
            raise front.error
        if len(self._listers) == 1:
            self._listers.clear()
            return
        following = self._listers[1]
        await self._until(lambda: following.begun)
        if front.fits(following):
            self._listers.remove(front)
            await self._close([front])
        else:
            self._listers.remove(following)
            self._in_vain += following.fetched
            await self._close([following])
            front.extend(following.shard.upto)
            self._run(front)

    # Listers

    def _run(self, lister: Lister) -> None:
        self._tasks[lister] = asyncio.create_task(self._fetch(lister))

    async def _fetch(self, lister: Lister) -> None:
        try:
            while not lister.done:
                await self._until(lambda: self._has_room(self._listers.index(lister)))
                self._take(lister, await anext(lister.pages, None))
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            lister.fail(broken_off())
        except Exception as error:
            lister.fail(error)
        self._spread(self._width)
        self._tell()

    def _take(self, lister: Lister, page: Page | None) -> None:
        if page is None:
            lister.end()
            self._in_vain += 1 if lister.first is None else 0
        else:
            self._note(page)
            self._in_vain += lister.take(page)
        self._spread(self._width)
        self._tell()

    def _note(self, page: Page) -> None:
        self._fetched += 1
        self._alphabet.learn(item.key for item in page.items[:: len(page.items) // _SAMPLES + 1])

    async def _close(self, listers: Iterable[Lister]) -> None:
        """Stop these and end their listings."""
        stopped = {lister: self._tasks[lister] for lister in listers}
        for task in stopped.values():
            task.cancel()
        if stopped:
            await asyncio.wait(stopped.values())
        for lister in stopped:
            if isinstance(lister.pages, AsyncGenerator):
                await lister.pages.aclose()
            del self._tasks[lister]

    # Division

    def _spread(self, width: int) -> None:
        """Have up to so many listers at work, as far as there is something for them."""
        self._width = width
        while self._at_work() < width and self._may_guess():
            found = divide([lister.shard for lister in self._listers], self._alphabet, stride(self._fetched))
            if found is None or not self._has_room(found[0] + 1) or not self._can_begin(found[1]):
                return
            self._begin(*found)

    def _begin(self, number: int, at: str) -> None:
        shard = self._listers[number].shard
        lister = Lister(Shard(at, shard.upto, shard.pace), self._store.list(after=at, prune=self._prune))
        shard.upto = at
        self._listers.insert(number + 1, lister)
        self._run(lister)

    def _can_begin(self, at: str) -> bool:
        """A seam within a folder that a listing may leave out would not fit."""
        longest = self._store.limits.max_key
        if longest is not None and len((self._store.origin.prefix + at).encode(errors="surrogatepass")) > longest:
            return False
        folders = (at[: place + 1] for place, character in enumerate(at) if character == "/")
        return self._prune is None or not any(self._prune(folder) for folder in folders)

    def _at_work(self) -> int:
        return sum(not lister.done and self._has_room(place) for place, lister in enumerate(self._listers))

    def _may_guess(self) -> bool:
        """Guesses cost requests, so few are made before it is seen how the last ones turned out."""
        unseen = sum(not lister.begun for lister in self._listers)
        return unseen < _GUESSES and self._in_vain <= _IN_VAIN + self._fetched / _PART_IN_VAIN

    def _has_room(self, place: int) -> bool:
        """Whether the lister that is told so many places from now may fetch a page, the nearer the rather.

        The one being told always goes on, so that it is never the others who keep it waiting.
        """
        if place == 0:
            return len(self._listers[0].ready) < _AHEAD
        return sum(len(lister.ready) for lister in self._listers) < self._width * _WINDOW * (1 + 1 / place)

    # News

    def _tell(self) -> None:
        """Have all who wait for something look again."""
        self._news.set()
        self._news = asyncio.Event()

    async def _until(self, holds: Callable[[], object]) -> None:
        while not holds():
            await self._news.wait()
