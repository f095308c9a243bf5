"""Sources that change while they are read, targets that change behind our back, listings that break off."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from aiohttp import web

from tests.adversity.cage import TRANSFER, Ran, run
from tests.adversity.gate import gate, refusal
from tests.adversity.meddled import Meddled
from tests.adversity.trees import contents, fill, shown, write
from tests.core.rig import Heard
from tests.kill.harness import Worker
from transfer import Options, sync
from transfer.event import Outcome
from transfer.model import Body, Metadata, Posix
from transfer.plugin import Location, Store, StoreOptions
from transfer.testing.servers import Server
from transfer_local import plugin as local_plugin

MIB = 1024 * 1024
OpenS3 = Callable[..., Awaitable[Store]]
SIZES = [pytest.param(MIB, id="small"), pytest.param(11 * MIB, id="in parts")]
OLD, NEW = b"o", b"n"


def options(**settings: object) -> Options:
    return replace(Options(multipart_threshold=5 * MIB, part_size=5 * MIB, memory=16 * MIB), **settings)  # type: ignore[arg-type]


def grow(path: Path, size: int) -> bytes:
    with path.open("ab") as file:
        file.write(NEW * 1000)
    return OLD * size + NEW * 1000


def shrink(path: Path, size: int) -> bytes:
    os.truncate(path, size // 2)
    return OLD * (size // 2)


def rewrite(path: Path, size: int) -> bytes:
    """The same size and time, in the same file."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(NEW * size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return NEW * size


def replaced(path: Path, size: int) -> bytes:
    """The same size and time, in another file."""
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(NEW * size)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(path)
    return NEW * size


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("change", "before"), [(grow, False), (shrink, False), (rewrite, False), (replaced, False), (rewrite, True)]
)
async def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path,
    seaweed_server: Server,
    seaweed_bucket: str,
    s3_store: OpenS3,
    size: int,
    change: Callable[[Path, int], bytes],
    before: bool,
) -> None:
    """The target gets one state of it, whole, and never a mixture; the next run finds nothing to do."""
    path = tmp_path / "tree/file"
    write(path, OLD * size)
    os.utime(path, ns=(10**18, 10**18))
    expected = b""

    async def meddle() -> None:
        nonlocal expected
        expected = change(path, size)

    source = await opened(tmp_path / "tree")
    target = await s3_store(seaweed_server, seaweed_bucket)
    heard = Heard()
    at = 2 if size > 5 * MIB else 1
    try:
        result = await sync(Meddled(source, at, meddle, before=before), target, options(), listener=heard)
        assert result.ok, result.failures
        assert heard.outcomes["file"].attempts == 2
        assert shown(await read(target, "file")) == shown(expected)
        assert (await sync(source, target, options())).totals.copied == 0
    finally:
        await source.aclose()


async def opened(folder: Path) -> Store:
    return await local_plugin.open(Location(str(folder), "file", "", str(folder)), StoreOptions())


async def read(store: Store, key: str) -> bytes:
    async with store.read(await store.stat(key)) as reading:
        view = memoryview(bytearray(reading.size or 0))
        assert await reading.readinto(view) == len(view)
        return bytes(view)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("same_size", [True, False])
async def test_an_object_that_is_overwritten_while_it_is_read(
    tmp_path: Path, seaweed_server: Server, seaweed_bucket: str, s3_store: OpenS3, size: int, same_size: bool
) -> None:
    """The file has the new state, whole."""
    source = await s3_store(seaweed_server, seaweed_bucket)
    await source.put("key", Body(OLD * size), Metadata())
    new = NEW * (size if same_size else size + 1)

    async def meddle() -> None:
        await source.put("key", Body(new), Metadata())

    heard = Heard()
    at = 2 if size > 5 * MIB else 1
    result = await sync(Meddled(source, at, meddle), str(tmp_path / "out"), options(), listener=heard)
    assert result.ok, result.failures
    there = contents(tmp_path / "out")
    # A small object's body may have been under way already when it was overwritten: then that state is whole.
    assert there in ({"key": shown(new)}, {"key": shown(OLD * size)})
    if at == 2:
        assert heard.outcomes["key"].attempts == 2
    assert (await sync(source, str(tmp_path / "out"), options())).ok
    assert contents(tmp_path / "out") == {"key": shown(new)}


@pytest.mark.slow
async def test_a_file_that_never_rests(tmp_path: Path, moto_server: Server, moto_bucket: str) -> None:
    """Written to without end while it is synced again and again, it is right at the target once it rests."""
    path = tmp_path / "tree/file"
    write(path, bytes(MIB))
    ended = threading.Event()

    def churn() -> None:
        letter = 0
        while not ended.is_set():
            letter = (letter + 1) % 256
            with path.open("r+b") as file:
                for _ in range(16):
                    file.write(bytes([letter]) * (MIB // 16))

    thread = threading.Thread(target=churn)
    thread.start()
    chosen = options(target_settings=moto_server.settings, retries=0)
    try:
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            await sync(str(tmp_path / "tree"), f"s3://{moto_bucket}", chosen)
    finally:
        ended.set()
        thread.join()
    assert (await sync(str(tmp_path / "tree"), f"s3://{moto_bucket}", chosen)).ok
    back = options(source_settings=moto_server.settings)
    assert (await sync(f"s3://{moto_bucket}", str(tmp_path / "back"), back)).ok
    assert contents(tmp_path / "back") == contents(tmp_path / "tree")


def overwrite(path: Path) -> None:
    path.write_bytes(b"x" * path.stat().st_size)


def overwrite_unseen(path: Path) -> None:
    before = path.stat()
    overwrite(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def forbid(path: Path) -> None:
    path.chmod(0o600)


@pytest.mark.parametrize("change", [overwrite, overwrite_unseen, Path.unlink, forbid, lambda path: os.utime(path)])
async def test_a_file_at_the_target_that_somebody_changed(tmp_path: Path, change: Callable[[Path], None]) -> None:
    """Bytes, also of the same size and time, permissions and times: the next run mends it, and only it."""
    tree = fill(tmp_path / "tree", 20, 30)
    for key in tree:
        os.utime(tmp_path / "tree" / key, ns=(10**18, 10**18))
    sides = (str(tmp_path / "tree"), str(tmp_path / "out"))
    assert (await sync(*sides)).ok
    change(tmp_path / "out/001/0013")
    heard = Heard()
    assert (await sync(*sides, listener=heard)).ok
    assert contents(tmp_path / "out") == tree
    assert attributes(tmp_path / "out") == attributes(tmp_path / "tree")
    assert [key for key, outcome in heard.outcomes.items() if changed(outcome)] == ["001/0013"]
    assert (await sync(*sides)).totals.skipped_proven == 20


def attributes(root: Path) -> dict[str, tuple[int, int]]:
    found = {str(path.relative_to(root)): path.stat() for path in root.rglob("*") if path.is_file()}
    return {key: (status.st_mode, status.st_mtime_ns) for key, status in found.items()}


def changed(outcome: Outcome) -> bool:
    return outcome.action.value in ("copy", "update metadata")


@pytest.mark.parametrize("kind", ["bytes", "metadata", "gone"])
async def test_an_object_at_the_target_that_somebody_changed(
    tmp_path: Path, seaweed_server: Server, seaweed_bucket: str, s3_store: OpenS3, kind: str
) -> None:
    """Other bytes of the same size, other metadata, or nothing: the next run mends it, and only it."""
    tree = fill(tmp_path / "tree", 20, 30) | {"page.html": b"<html>"}
    write(tmp_path / "tree/page.html", b"<html>")
    target = await s3_store(seaweed_server, seaweed_bucket)
    key = "page.html"
    assert (await sync(str(tmp_path / "tree"), target)).ok
    before = await target.stat(key)
    assert before.metadata is not None
    await asyncio.sleep(1.1)  # what a listing tells of times is in seconds
    if kind == "bytes":
        await target.put(key, Body(b"</html"), before.metadata)
    elif kind == "metadata":
        await target.update(before, replace(before.metadata, content_type="x/y", posix=Posix(mtime_ns=5)))
    else:
        await target.delete([key])
    heard = Heard()
    assert (await sync(str(tmp_path / "tree"), target, listener=heard)).ok
    assert [name for name, outcome in heard.outcomes.items() if changed(outcome)] == [key]
    assert await read(target, key) == tree[key]
    assert (await target.stat(key)).metadata == before.metadata


def first_page(bucket: str, objects: dict[str, bytes]) -> web.Response:
    """A listing's first page, after which there is more."""
    items = "".join(
        f"<Contents><Key>x/{escape(key)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
        f'<ETag>"{hashlib.md5(data).hexdigest()}"</ETag><Size>{len(data)}</Size></Contents>'
        for key, data in sorted(objects.items())
    )
    text = (
        '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>{bucket}</Name><Prefix>x/</Prefix><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
        f"<NextContinuationToken>more</NextContinuationToken><KeyCount>{len(objects)}</KeyCount>{items}"
        "</ListBucketResult>"
    )
    return web.Response(text=text, content_type="application/xml")


BROKEN = {
    "denied": lambda: refusal(403, "AccessDenied", "Access Denied"),
    "error within 200": lambda: refusal(200, "InternalError", "We encountered an internal error"),
    "cut short": lambda: web.Response(text="<ListBucketResult><Contents><Key>x/0", content_type="application/xml"),
    "empty": lambda: web.Response(text="", content_type="application/xml"),
    "500": lambda: web.Response(status=500),
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("side", ["source", "target"])
async def test_a_listing_that_fails_half_way_deletes_nothing(
    tmp_path: Path,
    own_surroundings: Path,
    seaweed_server: Server,
    seaweed_bucket: str,
    s3_store: OpenS3,
    how: str,
    side: str,
) -> None:
    """Whatever the second page is instead of a page: the run says so, fails, and everything stays."""
    tree = fill(tmp_path / "tree", 30, 20)
    bucket = await s3_store(seaweed_server, seaweed_bucket, "x/")
    for key, data in tree.items():
        await bucket.put(key, Body(data), Metadata())
    told = dict(sorted(tree.items())[:10])
    if side == "target":
        for key in list(tree)[:5]:
            (tmp_path / "tree" / key).unlink()

    def refuse(request: web.Request) -> web.Response | None:
        if "list-type" not in request.query or "max-keys" in request.query:
            return None
        return BROKEN[how]() if "continuation-token" in request.query else first_page(seaweed_bucket, told)

    async with gate(seaweed_server.endpoint, refuse) as opened_gate:
        environment = Worker(own_surroundings, opened_gate.endpoint, seaweed_server).environment({})
        sides = [f"s3://{seaweed_bucket}/x", str(tmp_path / "tree")]
        ran = await in_thread(*(sides if side == "source" else sides[::-1]), "--delete", environment=environment)
    assert ran.status == 1, ran.err
    assert ran.result["deleted"] == 0
    assert "A listing failed, so not everything was looked at and nothing is deleted." in ran.result["notes"]
    if side == "source":
        assert contents(tmp_path / "tree") == tree
    else:
        assert await keys_of(bucket) == set(tree)


async def in_thread(*arguments: str, environment: dict[str, str]) -> Ran:
    return await asyncio.to_thread(run, *TRANSFER, "sync", *arguments, "--json", "--retries", "1", **environment)


async def keys_of(store: Store) -> set[str]:
    return {item.key async for page in store.list() for item in page.items}
