"""What OSS and COS can't hold is told for each object; the rest is held, and comes back."""

from __future__ import annotations

from typing import Any

import pytest

import transfer
from tests.core.rig import Heard, memory, quick
from tests.plugins.emulated import EmulatedPlace
from tests.plugins.natives import Native
from transfer.errors import Unsupported
from transfer.model import Body, Metadata, Part, Posix
from transfer.plugin import StoreOptions


async def test_below_a_prefix_the_whole_name_counts(native: Native, place: EmulatedPlace[Any]) -> None:
    """Its bytes, and its first character, which is then the prefix's."""
    most = native.max_key
    store = await place.open("p")
    for key in ("/x", "\\x", "y" * (most - 2)):
        await store.put(key, Body(key.encode()), Metadata())
        assert place.held(f"p/{key}").blob.size == len(key)
    with pytest.raises(Unsupported, match=f"has {most + 1} bytes; {native.dialect.provider} takes 1 to {most}"):
        await store.put("y" * (most - 1), Body(b""), Metadata())


async def test_user_metadata_beyond_the_limit_is_lost(native: Native, place: EmulatedPlace[Any]) -> None:
    """It counts the names and their prefixes; what fits is kept, and the server takes it."""
    store = await place.open()
    user = {f"n{number:03}": "v" * 100 for number in range(80)}
    stored = await store.put("k", Body(b"x"), Metadata(user=user))
    kept = place.held("k").meta
    assert len(kept) == native.max_user_metadata // (len(native.dialect.names.meta) + 4 + 100)
    assert stored.lost == tuple(f"user metadata '{name}'" for name in user if name not in kept)


async def test_what_it_has_no_place_for_is_lost(native: Native, place: EmulatedPlace[Any]) -> None:
    """Names with other characters, a redirect to another page, an eleventh tag, too long a tag, an unknown class."""
    store = await place.open("", StoreOptions(tags=True))
    name, value = native.max_tag
    tags = {**{f"t{number}": "v" for number in range(10)}, "eleventh": "v"}
    metadata = Metadata(
        user={"a_b": "1", "a.b": "2", "Fine-1": "3"},
        website_redirect="/other",
        tags={"x" * (name + 1): "v", "long": "v" * (value + 1), "odd": "?", **tags},
        storage_class="EXPRESS_ONEZONE",
    )
    stored = await store.put("k", Body(b"x"), metadata)
    assert set(stored.lost) == {
        "user metadata 'a_b'",
        "user metadata 'a.b'",
        "website redirect",
        f"tag '{'x' * (name + 1)}'",
        "tag 'long'",
        "tag 'odd'",
        "tag 'eleventh'",
        "storage class 'EXPRESS_ONEZONE'",
    }
    held = place.held("k")
    assert (held.meta, held.storage_class, len(held.tags)) == ({"fine-1": "3"}, native.standard, 10)


async def test_what_is_lost_is_in_the_report(place: EmulatedPlace[Any]) -> None:
    """For each object, and the object is there."""
    source, heard = memory(), Heard()
    await source.put("k", Body(b"data"), Metadata(user={"a_b": "1", "c": "2"}))
    assert (await transfer.sync(source, await place.open(), quick(), listener=heard)).ok
    assert heard.outcomes["k"].lost == ("user metadata 'a_b'",)
    assert place.held("k").meta["c"] == "2"


async def test_all_else_comes_back(native: Native, place: EmulatedPlace[Any]) -> None:
    """Headers, any text, tags, and what a disk knows of a file."""
    metadata = Metadata(
        content_type="text/plain; charset=utf-8",
        content_encoding="br",
        content_language="de",
        content_disposition='attachment; filename="a b"',
        cache_control="max-age=3",
        expires="Thu, 01 Dec 1994 16:00:00 GMT",
        user={"plain": "a b", "other": "日本語 ü", "empty": ""},
        tags={"größe": "a b/c", "empty": ""},
        storage_class=native.infrequent,
        posix=Posix(mtime_ns=1_700_000_000_123_456_789, mode=0o100644, uid=1, gid=2),
    )
    store = await place.open("p", StoreOptions(tags=True))
    await store.put("k", Body(b"x"), metadata)
    assert (await store.stat("k")).metadata == metadata


async def test_a_class_that_is_asked_for(native: Native, place: EmulatedPlace[Any]) -> None:
    """It is the object's, whole or in parts, and what is told of it."""
    store = await place.open()
    for name in (native.infrequent, native.archive, native.further):
        await store.put("k", Body(b"x"), Metadata(storage_class=name))
        upload = await store.begin("parts", Metadata(storage_class=name), size=1, part_size=1)
        await store.finish(upload, [await store.put_part(upload, Part(1, 0, 1), Body(b"x"))], Metadata())
        for key in ("k", "parts"):
            assert place.held(key).storage_class == name
            assert (await store.stat(key)).storage_class == name


@pytest.mark.parametrize("parts", [False, True])
async def test_a_canned_acl(place: EmulatedPlace[Any], parts: bool) -> None:
    """It is set whichever way the object is made."""
    store = await place.open("", StoreOptions(acl="public-read"))
    if parts:
        upload = await store.begin("k", Metadata(), size=1, part_size=1)
        await store.finish(upload, [await store.put_part(upload, Part(1, 0, 1), Body(b"x"))], Metadata())
    else:
        await store.put("k", Body(b"x"), Metadata())
    assert place.held("k").acl == "public-read"
