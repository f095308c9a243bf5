"""Makes the plan of a run out of both listings and the checkpoint, and has it carried out while they go on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from transfer.checkpoint import Checkpoint
from transfer.decide import Step, is_object
from transfer.event import Listed, Notice, Replanned
from transfer.job.listing import Disordered, pages
from transfer.job.own import leaving_out
from transfer.job.watched import waited_for
from transfer.model import Page
from transfer.pipeline.route import Route
from transfer.planner import plan
from transfer.plugin import Store
from transfer.tasks import Ahead, Group, closing

_PAGES_AHEAD = 2
_UNORDERED = "lists out of key order"


@dataclass(slots=True)
class Planning:
    """``carry`` carries steps out, to the last; ``restart`` is told that all of them will be given anew."""

    route: Route
    checkpoint: Checkpoint
    own: frozenset[str]
    """Keys of the run's own files, which are left out on both sides."""
    carry: Callable[[AsyncIterator[Sequence[Step]]], Awaitable[None]]
    restart: Callable[[], None]
    listed_at_source: int = 0
    source_empty: bool = True
    """Whether the source has listed no object so far that the run looks at."""

    async def run(self) -> None:
        """Raises TransferError where a listing fails; the steps before that were carried out."""
        unordered = await self._known_unordered()
        while True:
            try:
                await self._planned(unordered)
            except Disordered as disordered:
                await self._begin_anew(disordered.side, unordered)
            else:
                return

    async def _known_unordered(self) -> set[str]:
        sides: dict[str, Store] = {"source": self.route.source, "target": self.route.target}
        return {
            side
            for side, store in sides.items()
            if not store.capabilities.ordered or await self.checkpoint.recall(f"{side} {_UNORDERED}")
        }

    async def _planned(self, unordered: set[str]) -> None:
        route = self.route
        async with Group() as group:
            source, target = (
                Ahead(self._pages(side, store, sort=side in unordered), group, depth=_PAGES_AHEAD)
                for side, store in (("source", route.source), ("target", route.target))
            )
            steps = plan(
                self._seen(waited_for(source, "plan: wait for the source's listing")),
                waited_for(target, "plan: wait for the target's listing"),
                waited_for(self.checkpoint.kept(), "plan: wait for the checkpoint"),
                route.rules,
                on_listed=self._on_listed,
            )
            try:
                await self.carry(waited_for(steps, "plan: make steps"))
            finally:
                source.cancel()
                target.cancel()

    def _pages(self, side: str, store: Store, *, sort: bool) -> AsyncIterator[Page]:
        found = pages(store, self.route.options.filter, side=side, sort=sort)
        return leaving_out(self.own, found) if self.own else found

    async def _seen(self, source: AsyncIterator[Page]) -> AsyncIterator[Page]:
        """The source's pages, looked through for a first object."""
        filter_ = self.route.options.filter
        async with closing(source):
            async for page in source:
                if self.source_empty:
                    self.source_empty = not any(is_object(item, filter_) for item in page.items)
                yield page

    async def _begin_anew(self, side: str, unordered: set[str]) -> None:
        unordered.add(side)
        await self.checkpoint.remember(f"{side} {_UNORDERED}", "yes")
        self.restart()
        self.listed_at_source, self.source_empty = 0, True
        self.route.listener(Replanned(side))
        self.route.listener(Notice(f"The {side} lists out of key order; its listing is sorted on disk first."))

    def _on_listed(self, side: str, count: int | None) -> None:
        if side == "source":
            self.listed_at_source += count or 0
        self.route.listener(Listed(side, count or 0, done=count is None))
