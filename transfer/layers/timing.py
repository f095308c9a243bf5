"""Measures how long each kind of call takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TypeVar

from transfer.layers.layer import Layer, close_pages
from transfer.model import Body, Entry, LongBody, Metadata, Page, Part, Receipt, Span, Stored, Upload
from transfer.plugin import Prune, Reading, Store
from transfer.profile import Profile

T = TypeVar("T")


class Timing(Layer):
    """Adds to ``profile``'s series ``<name>: put`` and the like, failed calls included."""

    def __init__(self, inner: Store, profile: Profile, name: str) -> None:
        super().__init__(inner)
        self._profile = profile
        self._name = name

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        """A duration for each page."""
        pages = self._inner.list(prefix, after=after, resume=resume, prune=prune)
        try:
            while True:
                with self._profile.span(f"{self._name}: list a page"):
                    page = await anext(pages, None)
                if page is None:
                    return
                yield page
        finally:
            await close_pages(pages)

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        return _TimedRead(self._inner.read(entry, span), self._profile, self._name)

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        with self._profile.span(f"{self._name}: put", body.size):
            return await self._inner.put(key, body, metadata, if_absent=if_absent, read_back=read_back)

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        with self._profile.span(f"{self._name}: put a part", body.size):
            return await self._inner.put_part(upload, part, body)

    async def put_long_part(self, upload: Upload, part: Part, body: LongBody) -> Receipt:
        with self._profile.span(f"{self._name}: put a part", body.size):
            return await self._inner.put_long_part(upload, part, body)

    async def _call(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        with self._profile.span(f"{self._name}: {_KINDS.get(what.partition(' ')[0], 'other calls')}"):
            return await call()


_KINDS = {
    "check": "check",
    "stat": "look at an object",
    "begin": "begin an upload",
    "copy": "copy at the provider",
    "fetch": "ask for a fetch",
    "look": "ask for a fetch's end",
    "finish": "finish an upload",
    "update": "update metadata",
    "delete": "delete",
}
"""By the first word that a layer is told of a call; what follows may be an object's name."""


class _TimedRead(AbstractAsyncContextManager[Reading]):
    def __init__(self, inner: AbstractAsyncContextManager[Reading], profile: Profile, name: str) -> None:
        self._inner = inner
        self._profile = profile
        self._name = name

    async def __aenter__(self) -> Reading:
        with self._profile.span(f"{self._name}: open a read"):
            return _TimedReading(await self._inner.__aenter__(), self._profile, self._name)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._inner.__aexit__(kind, error, trace)


class _TimedReading:
    def __init__(self, inner: Reading, profile: Profile, name: str) -> None:
        self._inner = inner
        self._profile = profile
        self._name = name

    @property
    def entry(self) -> Entry:
        return self._inner.entry

    @property
    def size(self) -> int | None:
        return self._inner.size

    async def readinto(self, view: memoryview) -> int:
        with self._profile.span(f"{self._name}: read", len(view)):
            return await self._inner.readinto(view)
