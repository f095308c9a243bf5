"""Signed addresses, from which anybody can read."""

from __future__ import annotations

import asyncio
from http.client import HTTPException
from urllib.request import urlopen

from transfer.plugin import Capabilities
from transfer.testing.checks.harness import Stores, check, noise, put

_SECONDS = 600
_PATIENCE = 5
_TRIES = 8
_PAUSE = 0.02


def _signs(able: Capabilities) -> bool:
    return able.signs


@check(_signs)
async def check_signed_url(stores: Stores) -> None:
    """A plain GET of a signed address gives the object's bytes, whatever its name."""
    store = await stores("a b+c%20d")
    for key in stores.holds(["plain", "a b+c%20d/é ☃&x=1", "empty", "q?u=1#f"]):
        data = b"" if key == "empty" else noise(3000)
        entry = (await put(store, key, data)).entry
        assert await _gives(await store.signed_url(entry, _SECONDS), data), f"the address of '{key}' gives other bytes"


@check(_signs)
async def check_signed_url_is_of_one_object(stores: Stores) -> None:
    """The signature of one object's address is no leave to read another."""
    store = await stores()
    for key in ("one", "two"):
        await put(store, key, noise(100))
    url = await store.signed_url(await store.stat("one"), _SECONDS)
    other = url.replace("/one?", "/two?")
    assert other == url or not await _gives(other, noise(100)), "another object was read"


@check(lambda able: able.signs and able.versions)
async def check_signed_url_of_version(stores: Stores) -> None:
    """Where versions are kept, the address leads to the one that was named."""
    store = await stores()
    first = (await put(store, "k", noise(100))).entry
    if first.version is None:
        return  # this bucket keeps none
    url = await store.signed_url(first, _SECONDS)
    await put(store, "k", noise(100, seed=1))
    assert await _gives(url, noise(100))


async def _gives(url: str, data: bytes) -> bool:
    """Whether the address gives just these bytes, at one of a few tries: nobody makes up for a bad wire here."""
    for _ in range(_TRIES):
        if await asyncio.to_thread(_get, url) == data:
            return True
        await asyncio.sleep(_PAUSE)
    return False


def _get(url: str) -> bytes | None:
    try:
        with urlopen(url, timeout=_PATIENCE) as reply:  # noqa: S310 - of the store under test
            data: bytes = reply.read()
            return data
    except (OSError, HTTPException):
        return None
