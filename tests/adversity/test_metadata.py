"""Every field of metadata, from server to server and by way of a disk; and what can't be held is told."""

from __future__ import annotations

import json
import stat
from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from tests.adversity.meddled import Meddled
from tests.adversity.trees import contents, shown
from tests.conftest import fresh_bucket
from tests.core.rig import Heard
from tests.kill.harness import rclone
from transfer import Options, Result, sync
from transfer.model import Body, Metadata, Posix
from transfer.plugin import Store, StoreOptions
from transfer.testing.servers import Server
from transfer_s3.store import S3Store

MIB = 1024 * 1024
OpenS3 = Callable[..., Awaitable[Store]]
SIZES = {"small": 1000, "large": 11 * MIB}
FULL = Metadata(
    content_type="text/x-own; charset=utf-8",
    content_encoding="x-packed",
    content_language="de, en",
    content_disposition='attachment; filename="a b.txt"',
    cache_control="max-age=60, private",
    expires="Wed, 21 Oct 2026 07:28:00 GMT",
    website_redirect="/elsewhere",
    user={"plain": "value", "greeting": "Grüße 日本 🎉", "looks-encoded": "=?UTF-8?B?eA==?=", "blank": " x "},
    tags={"project": "apollo", "cost centre": "a/b=c+ü"},
    posix=Posix(mtime_ns=1_234_567_890_123_456_789, mode=stat.S_IFREG | 0o640, uid=5, gid=6),
)
HELD = {"moto": FULL, "seaweed": replace(FULL, website_redirect=None)}
WAYS = [
    pytest.param("moto", "moto", True, id="moto copies"),
    pytest.param("moto", "moto", False, id="moto to itself"),
    pytest.param("moto", "seaweed", False, id="moto to seaweed"),
    pytest.param("seaweed", "moto", False, id="seaweed to moto"),
    pytest.param("seaweed", "seaweed", True, id="seaweed copies"),
]


def options(source: Server | None, target: Server | None, **more: Any) -> Options:
    """For runs between these servers; None is a disk, or a store that is open already."""
    chosen: dict[str, Any] = {
        "source_settings": source.settings if source else {},
        "target_settings": target.settings if target else {},
        "stores": StoreOptions(tags=True),
        "multipart_threshold": 5 * MIB,
        "part_size": 5 * MIB,
    }
    return Options(**{**chosen, **more})


@pytest.mark.parametrize(("source", "target", "by_server"), WAYS)
async def test_every_field_arrives(
    request: pytest.FixtureRequest, s3_store: OpenS3, source: str, target: str, by_server: bool
) -> None:
    """Whole, in parts, and copied by the server; rclone sees the same on both sides, and nothing moves again."""
    ours, theirs = server_named(request, source), server_named(request, target)
    bucket = fresh_bucket(ours)
    if theirs is not ours:
        theirs.create_bucket(bucket)
    here, there = await both(s3_store, ours, theirs, bucket)
    for key, size in SIZES.items():
        await here.put(key, Body(bytes(size)), FULL)
    sides = (f"s3://{bucket}/a", f"s3://{bucket}/b")
    result = await sync(*sides, options(ours, theirs, server_copy=by_server))
    assert result.ok, result.failures
    for key in SIZES:
        assert await metadata(here, key) == HELD[source]
        assert await metadata(there, key) == min(
            HELD[source], HELD[target], key=lambda held: held.website_redirect or ""
        )
    assert judged(ours, f"{bucket}/a") == judged(theirs, f"{bucket}/b")
    assert unmoved(await sync(*sides, options(ours, theirs, server_copy=by_server)))


def server_named(request: pytest.FixtureRequest, name: str) -> Server:
    found: Server = request.getfixturevalue(f"{name}_server")
    return found


async def both(s3_store: OpenS3, ours: Server, theirs: Server, bucket: str) -> tuple[Store, Store]:
    tagging = StoreOptions(tags=True)
    return await s3_store(ours, bucket, "a/", tagging), await s3_store(theirs, bucket, "b/", tagging)


async def metadata(store: Store, key: str) -> Metadata:
    """All of it but the storage class, which some servers always tell."""
    found = (await store.stat(key)).metadata
    assert found is not None
    return replace(found, storage_class=None)


def judged(server: Server, place: str) -> dict[str, Any]:
    """What rclone sees, but for the time of writing."""
    listed = rclone(server, "lsjson", "-R", "-M", f"s3:{place}")
    assert listed.returncode == 0, listed.stderr
    return {entry["Path"]: {**entry["Metadata"], "btime": ""} for entry in json.loads(listed.stdout)}


def unmoved(result: Result) -> bool:
    totals = result.totals
    return result.ok and totals.copied == totals.updated == 0


@pytest.mark.parametrize("strict", [False, True])
async def test_what_a_server_forgets_is_found_by_looking(
    moto_server: Server, seaweed_server: Server, s3_store: OpenS3, strict: bool
) -> None:
    """It took the redirect and did not keep it: with --strict-metadata that is a failure that names it."""
    bucket = fresh_bucket(moto_server)
    seaweed_server.create_bucket(bucket)
    here, _ = await both(s3_store, moto_server, seaweed_server, bucket)
    for key, size in SIZES.items():
        await here.put(key, Body(bytes(size)), FULL)
    chosen = options(moto_server, seaweed_server, strict_metadata=strict)
    result = await sync(f"s3://{bucket}/a", f"s3://{bucket}/b", chosen)
    assert result.ok != strict
    assert [failure.lost for failure in result.failures] == [("website-redirect",)] * 2 * strict
    assert all("can't hold website-redirect" in (failure.error or "") for failure in result.failures)


async def test_what_headers_can_not_hold_is_told(moto_server: Server, moto_bucket: str, s3_store: OpenS3) -> None:
    """Headers that are not ASCII, names that are no tokens, and what is over 2 KiB, one by one."""
    hostile = {"good": "x", "bad name": "x", "long": "x" * 2000, "short": "x"}
    target = await s3_store(moto_server, moto_bucket)
    given = Metadata(content_disposition='attachment; filename="ü"', user=hostile, tags={"a": "b", "c?": "d"})
    stored = await target.put("k", Body(b"data"), given)
    assert set(stored.lost) == {"content-disposition", "user metadata 'bad name'", "tag 'c?'"}
    stored = await target.put("k", Body(b"data"), Metadata(user={**hostile, "more": "x" * 100}))
    assert set(stored.lost) == {"user metadata 'bad name'", "user metadata 'more'"}


async def test_a_disk_on_the_way_tells_what_it_loses(
    tmp_path: Path, moto_server: Server, moto_bucket: str, s3_store: OpenS3
) -> None:
    """Times and permissions come back, and the type that the name tells; the rest is named, or a failure."""
    here, there = await both(s3_store, moto_server, moto_server, moto_bucket)
    await here.put("page.html", Body(b"<html>"), replace(FULL, content_type="text/html"))
    heard = Heard()
    down = options(moto_server, None, stores=StoreOptions())
    assert (await sync(f"s3://{moto_bucket}/a", str(tmp_path / "disk"), down, listener=heard)).ok
    kept = ("content_type", "posix", "storage_class", "tags")
    named = {field.name.replace("_", "-") for field in fields(Metadata) if field.name not in kept}
    assert set(heard.outcomes["page.html"].lost) == named
    up = options(None, moto_server, stores=StoreOptions())
    assert (await sync(str(tmp_path / "disk"), f"s3://{moto_bucket}/b", up)).ok
    back = await metadata(there, "page.html")
    assert back.content_type == "text/html"
    assert (back.posix.mtime_ns, back.posix.mode) == (FULL.posix.mtime_ns, FULL.posix.mode)
    strict = await sync(f"s3://{moto_bucket}/a", str(tmp_path / "other"), replace(down, strict_metadata=True))
    assert strict.exit_status == 1
    assert "cache-control" in (strict.failures[0].error or "")


@pytest.mark.parametrize("by_server", [True, False])
async def test_storage_classes(moto_server: Server, moto_bucket: str, s3_store: OpenS3, by_server: bool) -> None:
    """The source's class is kept, unless the run asks for another; asked for later, it is changed without sending."""
    here, there = await both(s3_store, moto_server, moto_server, moto_bucket)
    for key, size in SIZES.items():
        await here.put(key, Body(bytes(size)), Metadata(storage_class="STANDARD_IA"))
    sides = (f"s3://{moto_bucket}/a", f"s3://{moto_bucket}/b")
    assert (await sync(*sides, options(moto_server, moto_server, server_copy=by_server))).ok
    assert {(await there.stat(key)).storage_class for key in SIZES} == {"STANDARD_IA"}
    other = options(moto_server, moto_server, server_copy=by_server, storage_class="GLACIER_IR")
    assert (await sync(*sides, other)).totals.updated == 2
    assert {(await there.stat(key)).storage_class for key in SIZES} == {"GLACIER_IR"}
    assert unmoved(await sync(*sides, other))


@pytest.mark.parametrize("acl", [None, "public-read"])
async def test_grants_are_given_only_when_asked_for(
    moto_server: Server, moto_bucket: str, s3_store: OpenS3, acl: str | None
) -> None:
    """A canned ACL goes to whatever is written; a source's grants do not travel."""
    public = await s3_store(moto_server, moto_bucket, "a/", StoreOptions(acl="public-read"))
    for key, size in SIZES.items():
        await public.put(key, Body(bytes(size)), Metadata())
    for way, by_server in (("b", True), ("c", False)):
        chosen = options(moto_server, moto_server, server_copy=by_server, stores=StoreOptions(acl=acl))
        assert (await sync(f"s3://{moto_bucket}/a", f"s3://{moto_bucket}/{way}", chosen)).ok
        there = await s3_store(moto_server, moto_bucket, f"{way}/")
        # moto can't tell the ACL of an object that was made of parts without any.
        for key in SIZES if acl else ("small",):
            assert ("AllUsers" in await asked(there, "GET", key, {"acl": ""})) == (acl is not None)


async def asked(store: Store, method: str, key: str | None, query: dict[str, str], body: bytes = b"") -> str:
    """What the server replies to a request of our own."""
    assert isinstance(store, S3Store)
    return (await store._bucket.client.call(method, key, query, body=body)).body.decode()


@pytest.mark.parametrize("then", ["overwritten", "deleted"])
async def test_the_version_that_is_read_is_pinned(
    tmp_path: Path, moto_server: Server, moto_bucket: str, s3_store: OpenS3, then: str
) -> None:
    """Of a large object all parts come from the version that was looked at, though another is there by now."""
    source = await s3_store(moto_server, moto_bucket)
    versioned = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    await asked(source, "PUT", None, {"versioning": ""}, versioned)
    old, new = b"o" * SIZES["large"], b"n" * SIZES["large"]
    await source.put("key", Body(old), Metadata())

    async def meddle() -> None:
        if then == "overwritten":
            await source.put("key", Body(new), Metadata())
        else:
            await source.delete(["key"])

    heard = Heard()
    chosen = options(None, None, memory=16 * MIB, stores=StoreOptions())
    assert (await sync(Meddled(source, 2, meddle), str(tmp_path / "out"), chosen, listener=heard)).ok
    assert contents(tmp_path / "out") == {"key": shown(old)}
    assert heard.outcomes["key"].attempts == 1
    again = await sync(source, str(tmp_path / "out"), replace(chosen, delete=True, allow_empty_source=True))
    assert again.ok
    assert contents(tmp_path / "out") == ({"key": shown(new)} if then == "overwritten" else {})
