"""Makes ordered pages of a side's listing, sorting it on disk where the store doesn't."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from transfer.errors import NotFound
from transfer.filters import Filter
from transfer.model import Page
from transfer.ordering import OrderBroken, checked, sorted_on_disk
from transfer.plugin import Store
from transfer.sharding.reading import in_shards
from transfer.tasks import closing


class Disordered(Exception):
    """A side that claims key order listed a key out of it."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.side = side


async def pages(store: Store, filter_: Filter, *, side: str, sort: bool) -> AsyncIterator[Page]:
    """The side's listing in key order. Raises Disordered, NoSpace, and what :meth:`Store.list` raises."""
    prune = None if filter_.is_empty else filter_.prunes
    # A disk is walked sooner than it is divided; and an order that was found to be wrong is not to be built on.
    plain = sort or store.capabilities.folders
    listing = store.list(prune=prune) if plain else in_shards(store, prune=prune)
    if side == "target":
        listing = _nothing_yet_is_empty(listing)
    ordered = sorted_on_disk(listing, Path(tempfile.gettempdir())) if sort else checked(listing)
    try:
        async with closing(ordered):
            async for page in ordered:
                yield page
    except OrderBroken:
        raise Disordered(side) from None


async def _nothing_yet_is_empty(listing: AsyncIterator[Page]) -> AsyncIterator[Page]:
    """A target folder that nothing was written to yet lists as empty; one that vanishes underway does not."""
    begun = False
    try:
        async with closing(listing):
            async for page in listing:
                begun = True
                yield page
    except NotFound:
        if begun:
            raise
