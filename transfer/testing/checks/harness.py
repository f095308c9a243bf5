"""What the checks of the conformance suite share: the registry, the stores under test, small verbs."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from transfer.checksums import digest
from transfer.errors import NotFound, TransferError, Transient
from transfer.model import Algorithm, Body, Checksums, Entry, Metadata, Part, Receipt, Span, Stored, Upload
from transfer.plugin import Capabilities, Store

TOLD_AFTERWARDS = frozenset({Algorithm.MD5, Algorithm.CRC64XZ})
"""What a server may tell of what it has stored, instead of refusing what is wrong: then that is there already."""
PLAIN = Metadata()
_SECONDS = 120.0
_PUT_TRIES = 4
_PUT_PAUSE = 0.05


class MakeStore(Protocol):
    """Opens a new store each time, always of one place that was empty at first.

    ``folder`` is a path below that place, without slashes at its ends; ``""`` is the place itself.
    """

    def __call__(self, folder: str = "") -> Awaitable[Store]: ...


Holds = Callable[[Sequence[str]], Sequence[str]]


class Stores:
    """The stores of one check; they are closed when it ends.

    ``holds`` chooses the keys that the server behind can hold, beside each other; ``many`` is how many objects
    are cheap to make.
    """

    def __init__(self, make: MakeStore, *, holds: Holds = list, many: int = 1100) -> None:
        self.holds = holds
        self.many = many
        self._make = make
        self._opened: list[Store] = []

    async def __call__(self, folder: str = "") -> Store:
        """A new store, ready to be written to."""
        store = await self._make(folder)
        self._opened.append(store)
        await store.check(write=True)
        return store

    async def aclose(self) -> None:
        for store in self._opened:
            await store.aclose()


CheckFunction = Callable[[Stores], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Check:
    """One claim of the suite. ``needs`` tells from a store's capabilities whether it applies."""

    name: str
    claim: str
    function: CheckFunction
    needs: Callable[[Capabilities], bool]

    async def applies(self, stores: Stores) -> bool:
        return self.needs((await stores()).capabilities)

    async def run(self, stores: Stores) -> None:
        """Raises AssertionError when the store breaks the claim, or whatever the store raised."""
        try:
            async with asyncio.timeout(_SECONDS):
                await self.function(stores)
        except TransferError as error:
            raise AssertionError(f"{self.claim}: but {type(error).__name__}: {error}") from error
        except Exception as error:
            error.add_note(f"The claim: {self.claim}.")
            raise


CHECKS: dict[str, Check] = {}
"""All checks by name, in the order in which they were written."""


def check(needs: Callable[[Capabilities], bool] = lambda able: True) -> Callable[[CheckFunction], CheckFunction]:
    """Register a check; its docstring is the claim."""

    def register(function: CheckFunction) -> CheckFunction:
        name = function.__name__.removeprefix("check_")
        CHECKS[name] = Check(name, (function.__doc__ or name).strip().rstrip("."), function, needs)
        return function

    return register


@cache
def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that do not repeat, the same in every run."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - not a secret


def checksums(store: Store, data: bytes | memoryview) -> Checksums:
    """What the engine would send along to this store."""
    return digest(data, {Algorithm.CRC64NVME, *store.capabilities.verifies[:1]})


async def put(store: Store, key: str, data: bytes, metadata: Metadata = PLAIN, *, if_absent: bool = False) -> Stored:
    return await store.put(key, Body(data, checksums(store, data)), metadata, if_absent=if_absent)


async def put_patiently(store: Store, key: str, data: bytes) -> Stored:
    """As ``put``, for many at once: tried again, as every caller must, where it fails in passing.

    Servers that keep objects as files now and then answer 500 while two objects make the same folder.
    """
    for _ in range(_PUT_TRIES - 1):
        try:
            return await put(store, key, data)
        except Transient:
            await asyncio.sleep(_PUT_PAUSE)
    return await put(store, key, data)


async def fetch(store: Store, entry: Entry, span: Span | None = None) -> bytes:
    """All bytes of the object, or of the span."""
    data = bytearray()
    buffer = memoryview(bytearray(256 * 1024))
    async with store.read(entry, span) as reading:
        while count := await reading.readinto(buffer):
            data += buffer[:count]
    return bytes(data)


async def listing(
    store: Store, prefix: str = "", *, after: str | None = None, resume: str | None = None
) -> Sequence[Entry]:
    """The entries of a listing; names that are no entries are left out."""
    pages = store.list(prefix, after=after, resume=resume)
    return [item async for page in pages for item in page.items if isinstance(item, Entry)]


async def keys(store: Store, prefix: str = "", *, after: str | None = None, resume: str | None = None) -> list[str]:
    return [entry.key for entry in await listing(store, prefix, after=after, resume=resume)]


async def exists(store: Store, key: str) -> bool:
    try:
        await store.stat(key)
    except NotFound:
        return False
    return True


def part_size(store: Store) -> int:
    """A small legal part."""
    return max(store.limits.min_part, 1000)


def split(data: bytes, size: int) -> Sequence[Part]:
    """The parts of an object whose parts have ``size`` bytes."""
    offsets = range(0, len(data), size)
    return [Part(n, offset, min(size, len(data) - offset)) for n, offset in enumerate(offsets, 1)]


async def send(store: Store, upload: Upload, part: Part, data: bytes) -> Receipt:
    """Send the part of ``data`` that ``part`` names."""
    piece = memoryview(data)[part.offset : part.offset + part.size]
    return await store.put_part(upload, part, Body(piece, checksums(store, piece)))


async def upload(store: Store, key: str, data: bytes, metadata: Metadata = PLAIN, *, if_absent: bool = False) -> Stored:
    """Write the object in parts."""
    size = part_size(store)
    opened = await store.begin(key, metadata, size=len(data), part_size=size)
    receipts = [await send(store, opened, part, data) for part in split(data, size)]
    return await store.finish(opened, receipts, metadata, checksums=checksums(store, data), if_absent=if_absent)


@asynccontextmanager
async def refused(*kinds: type[TransferError]) -> AsyncIterator[list[TransferError]]:
    """The block must raise one of these errors; it is found in the yielded list afterwards."""
    names = " or ".join(kind.__name__ for kind in kinds)
    raised: list[TransferError] = []
    try:
        yield raised
    except kinds as error:
        raised.append(error)
        return
    except TransferError as error:
        raise AssertionError(f"raised {type(error).__name__} ({error}) instead of {names}") from error
    raise AssertionError(f"raised nothing instead of {names}")


def agree(told: Entry, known: Entry) -> None:
    """What one entry tells must be what the other knows, wherever both know it."""
    for field in ("key", "size", "etag", "version", "identity", "kind"):
        one, other = getattr(told, field), getattr(known, field)
        assert one is None or other is None or one == other, f"{field} of '{told.key}': {one!r}, but {other!r}"
    both = told.checksums.keys() & known.checksums.keys()
    assert _pick(told.checksums, both) == _pick(known.checksums, both), f"checksums of '{told.key}' differ"


def _pick(values: Mapping[Algorithm, bytes], names: set[Algorithm]) -> dict[Algorithm, bytes]:
    return {name: values[name] for name in names}
