"""A store whose calls fail as a network and a provider do, by a script or by chance.

:mod:`transfer.testing.faultproxy` does the same to the bytes on the wire.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from transfer.errors import Throttled, Transient
from transfer.layers.layer import Layer
from transfer.model import Body, Entry, Metadata, Page, Part, Receipt, Span, Stored, Upload
from transfer.plugin import Prune, Reading, Store

T = TypeVar("T")


class Fault(StrEnum):
    """What can go wrong with one request."""

    REFUSED = "connection refused"
    RESET = "connection reset in the middle"
    SHORT = "body shorter than announced"
    WRONG = "wrong bytes"
    INTERNAL = "500 internal error"
    SLOW_DOWN = "503 slow down"
    HUNG = "no answer"
    LOST_REPLY = "done, but the reply was lost"


Plan = Callable[[str], Fault | None]
"""Asked before each request: what is to go wrong with it? It is told of the request like ``put part 3 of some/key``,
``read some/key`` or ``list a/prefix``; on the wire like ``PUT /bucket/key?query``."""

CALL_FAULTS: Sequence[Fault] = (Fault.REFUSED, Fault.RESET, Fault.INTERNAL, Fault.SLOW_DOWN, Fault.HUNG)
LOUD_READ_FAULTS: Sequence[Fault] = (*CALL_FAULTS, Fault.SHORT)
READ_FAULTS: Sequence[Fault] = (*LOUD_READ_FAULTS, Fault.WRONG)
"""Wrong bytes are silent: only who has a checksum can notice them."""
_FAILING = 3


def script(faults: Mapping[str, Iterable[Fault | None]]) -> Plan:
    """The requests that start with a name fail in this order; after that, and all others, go well.

    ``script({"put part 2": [Fault.RESET, Fault.INTERNAL], "list": [None, Fault.SHORT]})``
    """
    left: dict[str, Iterator[Fault | None]] = {name: iter(list(chosen)) for name, chosen in faults.items()}

    def plan(what: str) -> Fault | None:
        matching = [name for name in left if what.startswith(name)]
        return next(left[max(matching, key=len)], None) if matching else None

    return plan


def chance(
    seed: int, rate: float = 0.3, *, calls: Sequence[Fault] = CALL_FAULTS, reads: Sequence[Fault] = READ_FAULTS
) -> Plan:
    """Of the first few requests with the same name, about this share fails; whoever goes on trying gets through."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    asked: defaultdict[str, int] = defaultdict(int)

    def plan(what: str) -> Fault | None:
        asked[what] += 1
        if asked[what] > _FAILING or dice.random() >= rate:
            return None
        # On the wire, a query asks for something other than an object, which has no checksum to notice wrong bytes by.
        reading = what.startswith("read ") or (what.startswith("GET ") and "?" not in what)
        return dice.choice(reads if reading else calls)

    return plan


class Faulty(Layer):
    """``store``, with the faults of ``plan``. A hung call gives up after ``patience`` seconds, as a timeout would.

    ``injected`` tells what went wrong so far.
    """

    def __init__(self, store: Store, plan: Plan, *, patience: float = 0.01) -> None:
        super().__init__(store)
        self.injected: list[tuple[str, Fault]] = []
        self._plan = plan
        self._patience = patience

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        """Fails before any of its pages."""
        async for page in self._inner.list(prefix, after=after, resume=resume, prune=prune):
            if fault := self._choose(f"list {prefix}"):
                await self._fail(fault)
            yield page

    @asynccontextmanager
    async def read(self, entry: Entry, span: Span | None = None) -> AsyncIterator[Reading]:
        """Fails at its beginning or, where the fault is in the body, midway."""
        fault = self._choose(f"read {entry.key}")
        if fault and fault not in (Fault.RESET, Fault.SHORT, Fault.WRONG):
            await self._fail(fault)
        async with self._inner.read(entry, span) as reading:
            yield reading if fault is None else _FaultyReading(reading, fault)

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        """With :attr:`Fault.WRONG` the bytes are damaged on their way, and the store has to notice."""
        fault = self._choose(f"put {key}")
        sent = _damaged(body) if fault is Fault.WRONG else body
        return await self._with(
            fault, lambda: self._inner.put(key, sent, metadata, if_absent=if_absent, read_back=read_back)
        )

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        """As with :meth:`put`."""
        fault = self._choose(f"put part {part.number} of {upload.key}")
        sent = _damaged(body) if fault is Fault.WRONG else body
        return await self._with(fault, lambda: self._inner.put_part(upload, part, sent))

    async def _call(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        return await self._with(self._choose(what), call)

    async def _with(self, fault: Fault | None, call: Callable[[], Awaitable[T]]) -> T:
        if fault is Fault.LOST_REPLY:
            await call()
        if fault not in (None, Fault.WRONG):
            await self._fail(fault)
        return await call()

    def _choose(self, what: str) -> Fault | None:
        fault = self._plan(what)
        if fault:
            self.injected.append((what, fault))
        return fault

    async def _fail(self, fault: Fault) -> None:
        if fault is Fault.SLOW_DOWN:
            raise Throttled("The provider asks to slow down", code="SlowDown", retry_after=self._patience)
        if fault is Fault.HUNG:
            await asyncio.sleep(self._patience)
        raise Transient(f"Injected: {fault}", code="InternalError" if fault is Fault.INTERNAL else None)


def _damaged(body: Body) -> Body:
    return replace(body, data=damaged(body.data))


def damaged(data: bytes | bytearray | memoryview) -> bytes:
    """The same bytes but for one bit in the middle."""
    copy = bytearray(data)
    if copy:
        copy[len(copy) // 2] ^= 1
    return bytes(copy)


class _FaultyReading:
    """A body that breaks off, or differs, half-way."""

    def __init__(self, inner: Reading, fault: Fault) -> None:
        self.entry = inner.entry
        self.size = inner.size
        self._inner = inner
        self._fault = fault
        self._begun = False

    async def readinto(self, view: memoryview) -> int:
        first, self._begun = not self._begun, True
        if self._fault is Fault.WRONG:
            count = await self._inner.readinto(view)
            if first and count:
                view[count // 2] ^= 1
            return count
        if first and len(view) > 1:
            return await self._inner.readinto(view[: len(view) // 2])
        raise Transient(f"Injected: {self._fault}")
