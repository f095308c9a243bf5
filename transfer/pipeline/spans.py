"""Reads one part over several connections at once, where there are more lanes than parts that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator

from transfer.model import Entry, Part, Span
from transfer.partition import count, cut, spans
from transfer.pipeline.fetch import fetch
from transfer.pipeline.route import Route
from transfer.tasks import Group


async def fetch_part(route: Route, entry: Entry, span: Span, view: memoryview) -> None:
    """Fill ``view`` with ``span`` of ``entry``: by its own lane, and by spare ones that join. Raises as ``fetch``."""
    number = 1 if route.source.capabilities.posix else _spans(route, entry, span.size)
    if number == 1:
        await fetch(route.source, entry, span, view, route.listener)
    else:
        await _Shared(route, entry, span, view, cut(span.size, -(-span.size // number))).fill()


def _spans(route: Route, entry: Entry, size: int) -> int:
    parts = min(route.lanes.memory // size, count(entry.size or 0, size)) if size else 1
    return spans(size, parts=parts, lanes=route.lanes.limit, far=route.lanes.far)


class _Shared:
    """A part that its own lane and helpers read together; each takes the next piece until none is left."""

    def __init__(self, route: Route, entry: Entry, span: Span, view: memoryview, pieces: Iterator[Part]) -> None:
        self._route = route
        self._entry = entry
        self._offset = span.offset
        self._view = view
        self._pieces = list(pieces)

    async def fill(self) -> None:
        async with Group() as self._group:
            self._route.lanes.help(self._join)
            await self._read()

    def _join(self) -> bool:
        """Take a spare lane, if anything is left to be read."""
        if not self._pieces:
            return False
        task = self._group.create_task(self._read())
        task.add_done_callback(lambda _: self._route.lanes.helped())
        return True

    async def _read(self) -> None:
        try:
            while self._pieces:
                piece = self._pieces.pop(0)
                span = Span(self._offset + piece.offset, piece.size)
                view = self._view[piece.offset : piece.offset + piece.size]
                route = self._route
                await fetch(route.source, self._entry, span, view, route.listener, route.lanes.stragglers)
        except BaseException:
            # The part has failed: nobody is to join any more.
            self._pieces.clear()
            raise
