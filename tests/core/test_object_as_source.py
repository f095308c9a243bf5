"""A source that is the URL of one object is no empty folder."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

import transfer
from tests.core.rig import fill, quick
from tests.plugins.scripted import EMPTY_LISTING, KEYS, Asked, document, error, scripted
from transfer.checkpoint import summaries
from transfer.errors import Misconfigured
from transfer.event import Result
from transfer.options import Options
from transfer.plugin import Origin, StoreOptions
from transfer_memory.store import MemoryStore

SENTENCE = r"'.*://bucket/d/photos\.tar' is an object, not a folder; copy it with 'transfer copy', or give the folder"


async def bucket_with(name: str, *keys: str) -> None:
    await fill(MemoryStore(Origin("memory:", "", name, ""), StoreOptions()), dict.fromkeys(keys, b"data"))


@pytest.mark.parametrize("verb", [transfer.sync, transfer.verify])
@pytest.mark.parametrize("options", [Options(), Options(delete=True, allow_empty_source=True)])
async def test_it_is_refused(verb: Callable[..., Awaitable[Result]], options: Options, tmp_path: Path) -> None:
    """Before anything is deleted or a job is begun; the sentence tells what copies it."""
    await bucket_with("bucket", "d/photos.tar")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").write_bytes(b"p")
    with pytest.raises(Misconfigured, match=SENTENCE):
        await verb("memory://bucket/d/photos.tar", str(tmp_path / "out"), options)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["precious"]
    assert await summaries() == []


async def test_a_folder_of_the_same_name_is_meant(tmp_path: Path) -> None:
    """Where something is in it."""
    await bucket_with("both", "x", "x/y")
    assert (await transfer.sync("memory://both/x", str(tmp_path / "out"), quick())).totals.copied == 1


async def test_a_folder_without_objects_is_merely_empty(tmp_path: Path) -> None:
    """So is a whole bucket."""
    await bucket_with("other", "d/photos.tar.gz")
    for url in ("memory://other/d/photos.tar", "memory://other/d/", "memory://without"):
        assert (await transfer.sync(url, str(tmp_path / "out"), quick())).ok


@pytest.mark.parametrize(("listed", "heads"), [("", 1), ("<Contents><Key>d/photos.tar/k</Key></Contents>", 0)])
async def test_one_request_finds_out(listed: str, heads: int, tmp_path: Path) -> None:
    """And only where the listing that is asked for anyway is empty."""

    def script(asked: Asked) -> web.Response:
        if asked.method == "HEAD":
            return web.Response(headers={"ETag": '"e"'})
        if "list-type" in asked.target:
            return document(EMPTY_LISTING.replace("</List", f"{listed}</List"))
        return error("NoSuchKey", 404)

    async with scripted(script) as server:
        options = quick(source_settings={"endpoint": server.endpoint, **KEYS}, dry_run=True)
        if heads:
            with pytest.raises(Misconfigured, match=SENTENCE):
                await transfer.sync("s3://bucket/d/photos.tar", str(tmp_path), options)
        else:
            assert (await transfer.sync("s3://bucket/d/photos.tar", str(tmp_path), options)).ok
    asked = [asked.target for asked in server.asked if asked.method == "HEAD"]
    assert asked == ["/bucket/d/photos.tar"] * heads


async def test_what_may_not_be_looked_at_hinders_nothing(tmp_path: Path) -> None:
    """Whoever may list a folder need not be allowed to look beside it."""

    def script(asked: Asked) -> web.Response:
        return document(EMPTY_LISTING) if "list-type" in asked.target else error("AccessDenied", 403)

    async with scripted(script) as server:
        options = quick(source_settings={"endpoint": server.endpoint, **KEYS})
        assert (await transfer.sync("s3://bucket/d", str(tmp_path / "out"), options)).ok
