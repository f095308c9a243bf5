"""Listings: complete, in order, in pages, within their folder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from transfer.model import Page
from transfer.plugin import Store
from transfer.testing.checks.harness import Stores, agree, check, exists, keys, listing, put, put_patiently

_ORDER = ("a-b/c", "a.txt", "a/b", "a/b-c/d", "a/b.txt", "a/b0", "a0", "ab", "é", "\uff01", "\U0001f600")
"""In the order of their UTF-8 bytes: neither path segments nor UTF-16 sort so."""


async def _fill(store: Store, names: Iterable[str]) -> None:
    limit = asyncio.Semaphore(32)

    async def one(name: str) -> None:
        async with limit:
            await put_patiently(store, name, name.encode())

    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(one(name))


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names, key=str.encode)


@check()
async def check_list_empty(stores: Stores) -> None:
    """Where nothing is, a listing ends without entry and without error."""
    store = await stores()
    assert await keys(store) == []
    assert await keys(store, "no/such/") == []


@check()
async def check_list_complete(stores: Stores) -> None:
    """A listing tells every key once, with what stat knows of it."""
    store = await stores()
    await _fill(store, _ORDER)
    entries = await listing(store)
    assert _sorted(entry.key for entry in entries) == list(_ORDER)
    for entry in entries:
        assert entry.size == len(entry.key.encode()), f"'{entry.key}' has not {entry.size} bytes"
        agree(entry, await store.stat(entry.key))


@check(lambda able: able.ordered)
async def check_list_order(stores: Stores) -> None:
    """Keys come in the order of their UTF-8 bytes."""
    store = await stores()
    await _fill(store, reversed(_ORDER))
    assert await keys(store) == list(_ORDER)


@check()
async def check_list_prefix(stores: Stores) -> None:
    """A listing with a prefix tells the keys that start with it, and no others."""
    store = await stores()
    await _fill(store, _ORDER)
    for prefix in ("a", "a/", "a/b", "a/b-c/", "é", "zz"):
        expected = [key for key in _ORDER if key.startswith(prefix)]
        assert _sorted(await keys(store, prefix)) == expected, f"with the prefix '{prefix}'"


@check(lambda able: able.ordered)
async def check_list_after(stores: Stores) -> None:
    """``after`` leaves out the keys up to and including it, whether it is there or not."""
    store = await stores()
    await _fill(store, _ORDER)
    for after in (*_ORDER, "a", "a/", "a/b/", "zzz"):
        expected = [key for key in _ORDER if key.encode() > after.encode()]
        assert await keys(store, after=after) == expected, f"after '{after}'"
        within = [key for key in expected if key.startswith("a/")]
        assert await keys(store, "a/", after=after) == within, f"in a/ after '{after}'"


@check()
async def check_list_pages(stores: Stores) -> None:
    """Many keys come in pages, each key once; from each page's ``resume`` the rest comes, in the same order."""
    store = await stores()
    names = [f"{number % 7}/{number:05}" for number in range(stores.many)]
    await _fill(store, names)
    pages = [page async for page in store.list()]
    told = [item.key for page in pages for item in page.items]
    assert _sorted(told) == _sorted(names), _difference(names, told)
    for number, page in enumerate(pages[:-1], 1):
        assert page.resume is not None, f"page {number} of {len(pages)} tells no way to go on"
        rest = await keys(await stores(), resume=page.resume)
        assert rest == _told(pages[number:]), f"another listing follows page {number}"


def _told(pages: list[Page]) -> list[str]:
    return [item.key for page in pages for item in page.items]


def _difference(names: list[str], told: list[str]) -> str:
    missing, doubled = set(names) - set(told), len(told) - len(set(told))
    return f"{len(missing)} keys missing, {doubled} told twice, {len(set(told) - set(names))} never put"


@check()
async def check_list_prune(stores: Stores) -> None:
    """``prune`` can leave out the folders it names, and nothing else."""
    store = await stores()
    await _fill(store, _ORDER)
    pages = store.list(prune=lambda folder: folder == "a/b-c/")
    told = {item.key async for page in pages for item in page.items}
    assert told | {"a/b-c/d"} == set(_ORDER)


@check()
async def check_prefix_is_a_folder(stores: Stores) -> None:
    """A store at x never sees or touches xyz."""
    parent, inside, beside = await stores(), await stores("x"), await stores("xyz")
    await put(inside, "k", b"in x")
    await put(beside, "k", b"in xyz")
    await put(parent, "x.txt", b"beside x")
    assert await keys(inside) == ["k"]
    assert _sorted(await keys(parent)) == ["x.txt", "x/k", "xyz/k"]
    assert not await inside.delete(["k"])
    assert await keys(inside) == []
    assert await exists(beside, "k")
    assert _sorted(await keys(parent)) == ["x.txt", "xyz/k"]
