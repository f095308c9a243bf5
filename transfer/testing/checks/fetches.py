"""Objects that a provider gets by itself from an address; here from one of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from transfer.checksums import digest
from transfer.errors import Changed, NotFound
from transfer.model import Algorithm, Entry, Proven, Stored, Upload
from transfer.plugin import Capabilities, Store
from transfer.testing.checks.harness import PLAIN, Stores, check, exists, fetch, noise, put

_PAUSE = 0.05
_LONGER = 20
"""Looks at a fetch that was tried in vain, so that one that is tried again has its time."""
_DATA = noise(3000)


def _fetches(able: Capabilities) -> bool:
    return able.fetches


@check(_fetches)
async def check_fetch(stores: Stores) -> None:
    """What is fetched has the bytes of the address, whatever its key, and is told of by the key."""
    store = await stores("to")
    for key in stores.holds(["plain", "a b+c%20d/é ☃"]):
        async with _serving(_DATA) as url:
            asked = await store.fetch(url, Entry("elsewhere", len(_DATA)), key, PLAIN)
            assert asked.is_fetch
            assert asked.key == key
            stored = await _over(store, asked)
        assert stored.entry.key == key
        assert await fetch(store, await store.stat(key)) == _DATA


@check(_fetches)
async def check_fetch_replaces(stores: Stores) -> None:
    """An object that is there is replaced, and not taken for what was fetched."""
    store = await stores()
    before = (await put(store, "k", noise(len(_DATA), seed=1))).entry
    before = await store.stat(before.key)
    async with _serving(_DATA) as url:
        asked = await store.fetch(url, Entry("k", len(_DATA)), "k", PLAIN, replacing=before)
        await _over(store, asked)
    assert await fetch(store, await store.stat("k")) == _DATA


@check(_fetches)
async def check_fetch_in_vain(stores: Stores) -> None:
    """An address that gives nothing writes nothing, and what was there stays."""
    store = await stores()
    await put(store, "there", b"as it was")
    there = await store.stat("there")
    async with _serving(None) as url:
        for key, replacing in (("absent", None), ("there", there)):
            asked = await store.fetch(url, Entry("k", len(_DATA)), key, PLAIN, replacing=replacing)
            assert await _outcome(store, asked) is None, "told of an object that was not fetched"
    assert not await exists(store, "absent")
    assert await fetch(store, await store.stat("there")) == b"as it was"


@check(_fetches)
async def check_fetch_compares(stores: Stores) -> None:
    """A proof says that other bytes than the checksum's are not written."""
    store = await stores()
    for key, told in (("right", _DATA), ("wrong", noise(len(_DATA), seed=1))):
        sums = digest(told, (Algorithm.MD5,))
        async with _serving(_DATA) as url:
            stored = await _outcome(store, await store.fetch(url, Entry("k", len(_DATA)), key, PLAIN, checksums=sums))
        if key == "wrong":
            assert stored is None or stored.proof.proven is Proven.UNPROVEN, "other bytes were proven"
        else:
            assert stored is not None


@check(lambda able: able.fetches and able.if_absent)
async def check_fetch_if_absent(stores: Stores) -> None:
    """With ``if_absent`` nothing is overwritten, and nothing is proven that was not compared."""
    store = await stores()
    await put(store, "k", noise(len(_DATA), seed=1))
    sums = digest(_DATA, (Algorithm.MD5,))
    async with _serving(_DATA) as url:
        try:
            asked = await store.fetch(url, Entry("k", len(_DATA)), "k", PLAIN, checksums=sums, if_absent=True)
            stored = await _outcome(store, asked)
        except Changed:
            stored = None
    assert await fetch(store, await store.stat("k")) == noise(len(_DATA), seed=1)
    assert stored is None or stored.proof.proven is Proven.UNPROVEN


async def _over(store: Store, asked: Upload) -> Stored:
    stored = await _outcome(store, asked)
    assert stored is not None, "tried in vain"
    return stored


async def _outcome(store: Store, asked: Upload) -> Stored | None:
    """What was written; None where it was tried, and nothing was."""
    vain = 0
    while True:
        try:
            stored = await store.fetched(asked)
        except NotFound:
            vain += 1
            if vain == _LONGER:
                return None
        else:
            if stored is not None:
                return stored
        await asyncio.sleep(_PAUSE)


@asynccontextmanager
async def _serving(data: bytes | None) -> AsyncIterator[str]:
    """An address that gives these bytes to whoever asks, or 404."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        status = "404 Not Found" if data is None else "200 OK"
        body = data or b""
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/object"
