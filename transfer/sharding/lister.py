"""One lister: fetches a shard's pages and keeps them until they are told."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator

from transfer.model import Entry, Page, Unlisted
from transfer.sharding.shards import Shard

Items = tuple[Entry | Unlisted, ...]


class Lister:
    """``pages`` is a listing that goes on behind ``shard.after``, and knows of no end but the bucket's.

    ``beyond`` are the items of its last page that belong to the next shard. The first of them has to
    be the next lister's ``first``.
    """

    def __init__(self, shard: Shard, pages: AsyncIterator[Page]) -> None:
        self.shard = shard
        self.pages = pages
        self.ready: deque[Page] = deque()
        self.beyond: Items = ()
        self.first: str | None = None
        self._last: str | None = None
        self.fetched = 0
        self.error: Exception | None = None
        self._over = False

    @property
    def done(self) -> bool:
        """Nothing more will be fetched."""
        return self.shard.ended

    @property
    def begun(self) -> bool:
        """It is known what comes first, if anything does."""
        return self.first is not None or self.done

    def fits(self, following: Lister) -> bool:
        """Whether ``following`` goes on just where this one has ended."""
        if following.first is None and following.error is not None:
            return False
        if self._last is not None and self._last == self.shard.upto:
            return True
        return following.first == (self.beyond[0].key if self.beyond else None)

    def take(self, page: Page) -> float:
        """Keep a page that was fetched; returns which part of it was fetched in vain."""
        self.fetched += 1
        if not page.items:
            self.ready.append(page)
            return 0.0
        if self.first is None:
            self.first = page.items[0].key
        within = self._within(page.items)
        if within:
            self._last = within[-1].key
            self.shard.listed(within[0].key, self._last)
            self.ready.append(Page(within))
        self.beyond = page.items[len(within) :]
        self.shard.ended = self._over or bool(self.beyond) or self._last == self.shard.upto
        return len(self.beyond) / len(page.items)

    def _within(self, items: Items) -> Items:
        upto = self.shard.upto
        if upto is None or items[-1].key <= upto:
            return items
        return items[: next(number for number, item in enumerate(items) if item.key > upto)]

    def end(self) -> None:
        """The listing has come to its end."""
        self._over = self.shard.ended = True

    def fail(self, error: Exception) -> None:
        """End with an error, which is told behind the pages before it."""
        self.error = error
        self.shard.ended = True

    def extend(self, upto: str | None) -> None:
        """Take over the next shard, up to ``upto``."""
        items, self.beyond = self.beyond, ()
        self.shard.upto = upto
        self.shard.ended = self._over
        if items:
            self.take(Page(items))
