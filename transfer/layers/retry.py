"""Calls that failed in passing are made again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from transfer.errors import Changed, NotFound, TransferError
from transfer.event import Listener, Retrying
from transfer.layers.layer import Layer, close_pages
from transfer.layers.own import copied_before, written_before
from transfer.model import NO_CHECKSUMS, Body, Checksums, Entry, Metadata, Page, Receipt, Span, Stored, Thaw, Upload
from transfer.plugin import Origin, Prune, Reading, Store

T = TypeVar("T")

_DELAYS = (0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20.0)
"""Longest seconds to wait after the first, second, … failure; the last one stands for all that follow."""
_THAW_RETRIES = 3
_CHECK_RETRIES = 3
"""A person waits for the first answer, and a mistyped endpoint stays wrong."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often a call is repeated, and how the time until then passes. ``random`` gives [0, 1)."""

    retries: int
    listener: Listener
    sleep: Callable[[float], Awaitable[None]]
    random: Callable[[], float]

    def delay(self, attempt: int, retry_after: float | None) -> float:
        """Seconds before another try after ``attempt`` failed ones: full jitter, on top of what was asked for."""
        return (retry_after or 0.0) + self.random() * _DELAYS[min(attempt, len(_DELAYS)) - 1]

    async def wait(self, what: str, attempt: int, error: TransferError) -> None:
        """Let it be known, and sleep."""
        delay = self.delay(attempt, error.retry_after)
        self.listener(Retrying(what, attempt, delay, str(error)))
        await self.sleep(delay)

    async def call(
        self,
        what: str,
        call: Callable[[], Awaitable[T]],
        *,
        retries: int | None = None,
        settle: Callable[[TransferError], Awaitable[T]] | None = None,
    ) -> T:
        """Do ``call`` until it succeeds or there is no use in it.

        An earlier try may have done the work, only its reply was lost: ``settle`` is asked about
        the lasting error that a repetition then meets, and returns the result or raises.
        """
        most = self.retries if retries is None else min(retries, self.retries)
        attempt = 0
        while True:
            try:
                return await call()
            except TransferError as error:
                attempt += 1
                if settle and attempt > 1 and not error.retryable:
                    return await settle(error)
                if not error.retryable or attempt > most:
                    raise
                failure = error
            await self.wait(what, attempt, failure)


class Retry(Layer):
    """All calls can be repeated, being stateless; a body is a buffer, so its source is left alone.

    (But for a long one, which is read again: its own errors are none that another try is made after.)
    """

    def __init__(self, inner: Store, backoff: Backoff) -> None:
        super().__init__(inner)
        self._backoff = backoff

    async def _call(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        return await self._backoff.call(what, call)

    async def check(self, *, write: bool) -> None:
        await self._backoff.call(f"check {self.url}", lambda: self._inner.check(write=write), retries=_CHECK_RETRIES)

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        """A listing that breaks is begun again behind its last page, if that page tells how."""
        attempt = 0
        given = False
        while True:
            pages = self._inner.list(prefix, after=after, resume=resume, prune=prune)
            try:
                async for page in pages:
                    yield page
                    attempt, given, resume = 0, True, page.resume
            except TransferError as error:
                attempt += 1
                if not error.retryable or attempt > self._backoff.retries or (given and resume is None):
                    raise
                failure = error
            else:
                return
            finally:
                await close_pages(pages)
            await self._backoff.wait(f"list {self.url}{prefix}", attempt, failure)

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        """Opening is repeated. A body that breaks is the caller's to read again."""
        return _RetriedRead(f"read {entry.key}", lambda: self._inner.read(entry, span), self._backoff)

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        async def settle(error: TransferError) -> Stored:
            if isinstance(error, Changed):
                return await written_before(self, key, body, error)
            raise error

        return await self._backoff.call(
            f"put {key}",
            lambda: self._inner.put(key, body, metadata, if_absent=if_absent, read_back=read_back),
            settle=settle if if_absent else None,
        )

    async def finish(
        self,
        upload: Upload,
        receipts: Sequence[Receipt],
        metadata: Metadata,
        *,
        checksums: Checksums = NO_CHECKSUMS,
        if_absent: bool = False,
        read_back: bool = False,
    ) -> Stored:
        """NotFound from a repetition means what it always does: look at the target and compare."""

        async def settle(error: TransferError) -> Stored:
            if if_absent and isinstance(error, Changed):
                raise NotFound(f"The upload of '{upload.key}' may have been finished by an earlier try.") from error
            raise error

        return await self._backoff.call(
            f"finish {upload.key}",
            lambda: self._inner.finish(
                upload, receipts, metadata, checksums=checksums, if_absent=if_absent, read_back=read_back
            ),
            settle=settle,
        )

    async def copy(
        self, origin: Origin, entry: Entry, key: str, metadata: Metadata, *, if_absent: bool = False
    ) -> Stored:
        async def settle(error: TransferError) -> Stored:
            if if_absent and isinstance(error, Changed):
                return await copied_before(self, key, entry, error)
            raise error

        return await self._backoff.call(
            f"copy {key}",
            lambda: self._inner.copy(origin, entry, key, metadata, if_absent=if_absent),
            settle=settle,
        )

    async def thaw(self, entry: Entry, days: int, tier: str, span: Span | None = None) -> Thaw:
        """What there is no room for now can be asked for otherwise, which the caller decides on."""
        return await self._backoff.call(
            f"thaw {entry.key}", lambda: self._inner.thaw(entry, days, tier, span), retries=_THAW_RETRIES
        )

    async def delete(self, keys: Sequence[str]) -> Mapping[str, TransferError]:
        """Those keys are tried again for which another try may help."""
        failed: dict[str, TransferError] = {}
        pending = keys
        for attempt in range(1, self._backoff.retries + 2):
            told = await super().delete(pending)
            failed = {key: error for key, error in failed.items() if key not in pending} | dict(told)
            pending = [key for key, error in told.items() if error.retryable]
            if not pending or attempt > self._backoff.retries:
                break
            await self._backoff.wait(f"delete {len(pending)} objects", attempt, told[pending[0]])
        return failed


class _RetriedRead(AbstractAsyncContextManager[Reading]):
    def __init__(self, what: str, make: Callable[[], AbstractAsyncContextManager[Reading]], backoff: Backoff) -> None:
        self._what = what
        self._make = make
        self._backoff = backoff
        self._inner: AbstractAsyncContextManager[Reading] | None = None

    async def __aenter__(self) -> Reading:
        return await self._backoff.call(self._what, self._open)

    async def _open(self) -> Reading:
        inner = self._make()
        reading = await inner.__aenter__()
        self._inner = inner
        return reading

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        assert self._inner is not None
        return await self._inner.__aexit__(kind, error, trace)
