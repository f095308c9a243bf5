"""The edges: keys of every kind, limits, and what is not declared."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from transfer.errors import TransferError, Unsupported
from transfer.model import Body, Entry, LongBody, Part, Upload
from transfer.plugin import Capabilities, Store
from transfer.testing.checks.harness import (
    PLAIN,
    Stores,
    agree,
    check,
    exists,
    fetch,
    keys,
    noise,
    put,
    refused,
    upload,
)
from transfer.testing.names import ESCAPES, HOSTILE, compatible


@check()
async def check_hostile_keys(stores: Stores) -> None:
    """Keys of any legal bytes are written, listed, read and deleted as they are."""
    await round_trip_of_keys(stores, await stores(), HOSTILE)


async def round_trip_of_keys(stores: Stores, store: Store, names: Sequence[str]) -> None:
    """Every one of the keys that this store can hold is an object of its own, under its own name."""
    chosen = stores.holds(compatible(names, store))
    for key in chosen:
        stored = await put(store, key, key.encode())
        assert stored.entry.key == key, f"{key!a} was stored as {stored.entry.key!a}"
    told = await keys(store)
    assert sorted(told) == sorted(chosen), f"the listing differs by {sorted(map(ascii, set(told) ^ set(chosen)))}"
    for key in chosen:
        known = await store.stat(key)
        agree(known, Entry(key, len(key.encode())))
        assert await fetch(store, known) == key.encode(), f"{key!a} has the bytes of another"
    for key in chosen:
        failed = await store.delete([key])
        assert not failed, f"not deleted: {dict(failed)}"
        assert not await exists(store, key), f"{key!a} is still there"
    assert await keys(store) == []


@check(lambda able: able.multipart)
async def check_hostile_keys_in_parts(stores: Stores) -> None:
    """Keys of any legal bytes can be written in parts."""
    store = await stores()
    for key in stores.holds(compatible(HOSTILE, store))[:12]:
        await upload(store, key, key.encode() * 3)
        assert await fetch(store, await store.stat(key)) == key.encode() * 3, ascii(key)


@check(lambda able: able.folders)
async def check_impossible_paths(stores: Stores) -> None:
    """A key that can't be a path is refused, and nothing is written outside the store's folder."""
    parent, store = await stores(), await stores("inside")
    await put(store, "file", b"1")
    for key in (*ESCAPES, "file/below", "x" * 256):
        async with refused(Unsupported):
            await put(store, key, b"2")
        if store.capabilities.multipart:
            async with refused(Unsupported):
                await upload(store, key, b"2")
    assert await keys(parent) == ["inside/file"]
    assert await fetch(store, await store.stat("file")) == b"1"


@check(lambda able: not able.folders)
async def check_longest_key(stores: Stores) -> None:
    """A key of as many bytes as ``max_key`` says can be stored; a longer one is refused for good."""
    store = await stores()
    limit = store.limits.max_key
    if limit is None:
        return
    room = limit - len(store.origin.prefix.encode())
    longest = ("ab" * 100 + "/") * (room // 201) + "e" * (room % 201)
    await put(store, longest, b"1")
    assert await keys(store) == [longest]
    async with refused(TransferError) as raised:
        await put(store, longest + "x", b"1")
    assert not raised[0].retryable, "a key that is too long will be so next time"


@check()
async def check_delete_batch(stores: Stores) -> None:
    """As many keys as ``delete_batch`` says go in one call."""
    store = await stores()
    count = min(store.limits.delete_batch, 1000)
    names = [f"k {number}" for number in range(count)]
    for key in (*names[:15], *names[15:][-15:]):
        await put(store, key, b"1")
    assert not await store.delete(names)
    assert await keys(store) == []


@check()
async def check_undeclared(stores: Stores) -> None:
    """What a store does not declare raises Unsupported."""
    store = await stores()
    entry = (await put(store, "k", noise(10))).entry
    for verb, declared, call in _calls(store, entry):
        if declared(store.capabilities):
            continue
        try:
            await call()
        except Unsupported:
            continue
        raise AssertionError(f"'{verb}' is not declared and does not raise Unsupported")


Call = tuple[str, Callable[[Capabilities], bool], Callable[[], Awaitable[object]]]


async def _no_pieces() -> AsyncGenerator[memoryview, None]:
    raise AssertionError("what can't be done is begun")
    yield memoryview(b"")


def _calls(store: Store, entry: Entry) -> Sequence[Call]:
    opened, part = Upload("k", "none", 10, 10), Part(1, 0, 10)
    return (
        ("begin", lambda able: able.multipart, lambda: store.begin("k", PLAIN, size=10, part_size=10)),
        ("put_part", lambda able: able.multipart, lambda: store.put_part(opened, part, Body(noise(10)))),
        (
            "put_long_part",
            lambda able: able.long_parts,
            lambda: store.put_long_part(opened, part, LongBody(10, {}, _no_pieces)),
        ),
        ("parts", lambda able: able.multipart, lambda: store.parts(opened)),
        ("finish", lambda able: able.multipart, lambda: store.finish(opened, [], PLAIN)),
        ("abort", lambda able: able.multipart, lambda: store.abort(opened)),
        ("uploads", lambda able: able.multipart, lambda: store.uploads("k")),
        ("copy", lambda able: able.copy, lambda: store.copy(store.origin, entry, "copy", PLAIN)),
        (
            "copy_part",
            lambda able: able.copy and able.multipart,
            lambda: store.copy_part(opened, part, store.origin, entry),
        ),
        ("update", lambda able: able.update, lambda: store.update(entry, PLAIN)),
        ("thaw", lambda able: able.thaw, lambda: store.thaw(entry, 1, "")),
        ("thaws", lambda able: able.thaws, store.thaws),
        ("thawed", lambda able: able.tells_thawed, store.thawed),
        ("meter", lambda able: able.charges, store.meter),
        ("spent", lambda able: able.charges, store.spent),
        (
            "put with if_absent",
            lambda able: able.if_absent,
            lambda: store.put("other", Body(b"1"), PLAIN, if_absent=True),
        ),
    )
