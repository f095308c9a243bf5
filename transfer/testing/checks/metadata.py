"""Metadata: what a store declares it keeps comes back; what it can't keep is named."""

from __future__ import annotations

from dataclasses import replace

from transfer.model import Entry, Metadata, Posix
from transfer.plugin import Store
from transfer.testing.checks.harness import Stores, check, fetch, noise, put, upload

_HEADERS = Metadata(
    content_type="text/html; charset=utf-8",
    content_encoding="gzip",
    content_language="de-CH, fr",
    content_disposition='attachment; filename="a b.html"',
    cache_control="max-age=3600, private",
    expires="Wed, 21 Oct 2037 07:28:00 GMT",
)
_USER = {"plain": "text", "with-dash": "a b, c=d;e", "empty-not": "0", "numbers": "1700000000.123456789"}
_HOSTILE_USER = {
    "umlaut": "Zürich, 東京 ☃",
    "emoji": "\U0001f600",
    "percent": "100%20",
    "looks-encoded": "=?UTF-8?Q?x?=",
}


async def _kept(store: Store, key: str) -> Metadata:
    known = await store.stat(key)
    assert known.metadata is not None, "stat must know the metadata"
    async with store.read(Entry(key)) as reading:
        told = reading.entry.metadata
    if told is not None:
        # Tags cost another request; all else comes with the bytes.
        assert replace(told, tags=None) == replace(known.metadata, tags=None), (
            "a reading tells other metadata than stat"
        )
    return known.metadata


async def _round_trip(store: Store, metadata: Metadata, *fields: str) -> None:
    """Each field comes back as it was given, after a put and after an upload."""
    await put(store, "put", noise(100), metadata)
    written = ["put"]
    if store.capabilities.multipart:
        await upload(store, "parts", noise(2000), metadata)
        written.append("parts")
    for key in written:
        kept = await _kept(store, key)
        for field in fields:
            given, got = getattr(metadata, field), getattr(kept, field)
            assert got == given, f"{field} of '{key}' was {given!r} and came back as {got!r}"


@check(lambda able: able.headers)
async def check_headers(stores: Stores) -> None:
    """HTTP headers come back as they were given."""
    fields = ("content_type", "content_encoding", "content_language", "content_disposition", "cache_control")
    await _round_trip(await stores(), _HEADERS, *fields)


@check(lambda able: able.headers)
async def check_expires(stores: Stores) -> None:
    """Expires comes back as it was given."""
    await _round_trip(await stores(), _HEADERS, "expires")


@check(lambda able: able.headers)
async def check_stored_bytes_stay(stores: Stores) -> None:
    """Bytes are never unpacked or packed on the way, whatever Content-Encoding says of them."""
    store = await stores()
    await put(store, "k", noise(1000), Metadata(content_encoding="gzip", content_type="text/plain"))
    known = await store.stat("k")
    assert known.size == 1000
    assert await fetch(store, known) == noise(1000)


@check(lambda able: able.user_metadata)
async def check_user_metadata(stores: Stores) -> None:
    """User metadata comes back as it was given."""
    await _round_trip(await stores(), Metadata(user=_USER), "user")


@check(lambda able: able.user_metadata)
async def check_user_metadata_unicode(stores: Stores) -> None:
    """User metadata that is not ASCII, or looks encoded, comes back as it was given."""
    await _round_trip(await stores(), Metadata(user=_HOSTILE_USER), "user")


@check(lambda able: able.tags)
async def check_tags(stores: Stores) -> None:
    """Tags come back as they were given."""
    tags = {"project": "apollo", "cost centre": "a=b:c+d/e@f", "é": "ü"}
    await _round_trip(await stores(), Metadata(tags=tags), "tags")


@check(lambda able: able.user_metadata or able.posix)
async def check_posix(stores: Stores) -> None:
    """What a file system knows of a file survives; its mtime is the entry's, to the nanosecond."""
    store = await stores()
    posix = Posix(mtime_ns=1_700_000_000_123_456_789, mode=0o100640)
    await _round_trip(store, Metadata(posix=posix, user={}), *(() if store.capabilities.posix else ("posix", "user")))
    known = await store.stat("put")
    assert known.mtime_ns == posix.mtime_ns, f"mtime is {known.mtime_ns} ns"
    assert known.metadata is not None
    assert known.metadata.posix.mode == posix.mode, f"mode is {known.metadata.posix.mode}"


@check(lambda able: able.user_metadata and not able.posix)
async def check_posix_owner_and_link(stores: Stores) -> None:
    """Owner and symlink target are kept beside the user metadata, not mixed with it."""
    posix = Posix(mtime_ns=-1_500_000_000, mode=0o120777, uid=1000, gid=0, link_target="../a b/é ☃")
    await _round_trip(await stores(), Metadata(posix=posix, user={"mine": "1"}), "posix", "user")


@check()
async def check_lost_is_named(stores: Stores) -> None:
    """Metadata that a store does not keep is named in ``lost``."""
    store = await stores()
    able = store.capabilities
    given = replace(_HEADERS, user={"plain": "text"}, tags={"a": "b"})
    lost = (await put(store, "k", noise(10), given)).lost
    kept = await _kept(store, "k")
    for field, declared in (("cache_control", able.headers), ("user", able.user_metadata), ("tags", able.tags)):
        if not declared and getattr(kept, field) != getattr(given, field):
            assert lost, f"{field} was dropped without a word"
