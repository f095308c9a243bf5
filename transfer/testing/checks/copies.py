"""Copies inside the provider, and new metadata for bytes that stay."""

from __future__ import annotations

from collections.abc import Mapping

from transfer.errors import Changed, NotFound, Unsupported
from transfer.model import Entry, Metadata
from transfer.plugin import Capabilities, Store
from transfer.testing.checks.harness import (
    PLAIN,
    Stores,
    agree,
    check,
    exists,
    fetch,
    noise,
    part_size,
    put,
    refused,
    split,
)


def _copies(able: Capabilities) -> bool:
    return able.copy


@check(_copies)
async def check_copy(stores: Stores) -> None:
    """A copy has the source's bytes and the metadata that was given; the source stays."""
    source, target = await stores("from"), await stores("to/deeper")
    for key in ("plain", "a b+c%20d/é ☃", "empty"):
        data = b"" if key == "empty" else noise(3000)
        entry = (await put(source, key, data, Metadata(content_type="text/plain"))).entry
        stored = await target.copy(source.origin, entry, f"{key}.copy", Metadata(content_type="text/csv"))
        known = await target.stat(f"{key}.copy")
        agree(stored.entry, known)
        assert await fetch(target, known) == data, f"the copy of '{key}' has other bytes"
        assert await fetch(source, entry) == data
        await _content_type(target, known, "text/csv")


async def _content_type(store: Store, entry: Entry, expected: str) -> None:
    if store.capabilities.headers:
        assert entry.metadata is not None
        assert entry.metadata.content_type == expected, f"Content-Type is {entry.metadata.content_type}"


@check(_copies)
async def check_copy_guarded(stores: Stores) -> None:
    """A source that has changed, or is not there, is not copied."""
    store = await stores()
    entry = (await put(store, "k", noise(100))).entry
    await put(store, "k", noise(100, seed=1))
    async with refused(Changed):
        await store.copy(store.origin, entry, "copy", PLAIN)
    async with refused(NotFound):
        await store.copy(store.origin, Entry("gone"), "copy", PLAIN)
    assert not await exists(store, "copy")


@check(lambda able: able.copy and able.if_absent)
async def check_copy_if_absent(stores: Stores) -> None:
    """With ``if_absent`` a copy overwrites nothing."""
    store = await stores()
    entry = (await put(store, "k", noise(100))).entry
    await put(store, "there", b"as it was")
    try:
        await store.copy(store.origin, entry, "there", PLAIN, if_absent=True)
    except (Changed, Unsupported):
        pass
    else:
        raise AssertionError("raised nothing instead of Changed or Unsupported")
    assert await fetch(store, await store.stat("there")) == b"as it was"


@check(lambda able: able.copy and able.multipart)
async def check_copy_part(stores: Stores) -> None:
    """Parts copied from another object make the same bytes; a store that copies any object whole need have none."""
    source, target = await stores("from"), await stores("to")
    size = part_size(target)
    data = noise(size + 700)
    entry = (await put(source, "k +é", data)).entry
    opened = await target.begin("k", PLAIN, size=len(data), part_size=size)
    try:
        receipts = [await target.copy_part(opened, part, source.origin, entry) for part in split(data, size)]
    except Unsupported:
        assert target.limits.max_copy is None, "a larger object can't be copied whole, nor in parts"
        await target.abort(opened)
        return
    assert [receipt.size for receipt in receipts] == [size, 700]
    await target.finish(opened, receipts, PLAIN)
    assert await fetch(target, await target.stat("k")) == data


@check(lambda able: able.update)
async def check_update(stores: Stores) -> None:
    """New metadata replaces the old; the bytes and their checksums stay."""
    store = await stores()
    await put(store, "k", noise(1000), Metadata(content_type="text/plain", user={"old": "1"}))
    await _updated(store, {"old": "2", "new": "2"}, "text/csv")


@check(lambda able: able.update and able.user_metadata)
async def check_update_takes_away(stores: Stores) -> None:
    """Metadata that is not among the new is gone; a store that can't take any away refuses, and changes nothing."""
    store = await stores()
    await put(store, "k", noise(1000), Metadata(content_type="text/plain", user={"old": "1"}))
    try:
        await _updated(store, {"new": "2"}, "text/csv")
    except Unsupported:
        known = await store.stat("k")
        assert known.metadata is not None
        assert dict(known.metadata.user) == {"old": "1"}, "refused, and changed all the same"
        await _content_type(store, known, "text/plain")


async def _updated(store: Store, user: Mapping[str, str], content_type: str) -> None:
    before = await store.stat("k")
    given = user if store.capabilities.user_metadata else {}
    stored = await store.update(before, Metadata(content_type=content_type, user=given))
    known = await store.stat("k")
    agree(stored.entry, known)
    assert await fetch(store, known) == noise(1000)
    assert known.checksums.items() >= before.checksums.items(), "a checksum was lost"
    await _content_type(store, known, content_type)
    if store.capabilities.user_metadata:
        assert known.metadata is not None
        assert dict(known.metadata.user) == user


@check(lambda able: able.update)
async def check_update_guarded(stores: Stores) -> None:
    """The metadata of an object that has changed, or is not there, is left alone."""
    store = await stores()
    entry = (await put(store, "k", noise(100))).entry
    await put(store, "k", noise(100, seed=1))
    async with refused(Changed):
        await store.update(entry, PLAIN)
    async with refused(NotFound):
        await store.update(Entry("gone"), PLAIN)
