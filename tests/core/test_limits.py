"""Limits that users set, over a real server: never faster than they say, and changed while a job runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import transfer
from tests.core.rig import MIB, Heard, fill, memory, pattern
from transfer.controls import Controls
from transfer.errors import Misconfigured
from transfer.event import BytesMoved, Event, Notice, ObjectStarted
from transfer.jobs import job_id, set_job, summaries
from transfer.options import Options
from transfer.testing.servers import Server


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Three files of 1 MiB."""
    folder = tmp_path / "tree"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}").write_bytes(pattern(MIB, number))
    return folder


@pytest.fixture
def url(seaweed_server: Server, seaweed_bucket: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket on the server, found by the AWS way."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", seaweed_server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", seaweed_server.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", seaweed_server.secret_access_key)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return f"s3://{seaweed_bucket}/limits"


async def seconds_of(source: str, target: str, options: Options) -> float:
    began = time.monotonic()
    result = await transfer.sync(source, target, options)
    assert result.ok, result.failures
    return time.monotonic() - began


async def test_up_and_down_are_held(tree: Path, url: str, tmp_path: Path) -> None:
    """3 MiB at 2 MiB/s take a second and a half, each way; what is for the other way does not count."""
    assert await seconds_of(str(tree), url, Options(bwlimit="2M:1B")) > 1.4
    assert await seconds_of(url, str(tmp_path / "back"), Options(bwlimit="1B:2M")) > 1.4
    assert (tmp_path / "back" / "2").read_bytes() == pattern(MIB, 2)


async def test_parts_are_held(tree: Path, url: str, tmp_path: Path) -> None:
    """Those of one large object share the limit."""
    (tree / "large").write_bytes(pattern(15 * MIB))
    options = Options(bwlimit="8M", part_size=5 * MIB, multipart_threshold=5 * MIB)
    assert await seconds_of(str(tree), url, options) > 2.1
    assert await seconds_of(url, str(tmp_path / "back"), options) > 2.1
    assert (tmp_path / "back" / "large").read_bytes() == pattern(15 * MIB)


async def test_every_request_counts(tree: Path, url: str) -> None:
    """Also where a store makes two of one call: the server is asked first whether the object is there."""
    for number in range(20):
        (tree / f"small {number}").write_bytes(b"small")
    assert await seconds_of(str(tree), url, Options(tps=25, immutable=True)) > 2 * 23 / 25 - 0.2


async def test_a_running_job_is_changed(tree: Path, url: str) -> None:
    """Bytes that would take an hour go at once when they may; the run says so."""
    heard, told = Heard(), asyncio.get_running_loop().create_future()

    async def change() -> None:
        (job,) = [job for job in await summaries() if job.running_by is not None]
        words = {"bwlimit": "off", "tps": "500", "transfers": "4"}
        told.set_result(await set_job(job_id(job)[:6], words, patience=60))

    tasks: list[asyncio.Task[None]] = []

    def listen(event: Event) -> None:
        heard(event)
        if isinstance(event, ObjectStarted) and not tasks:
            tasks.append(asyncio.create_task(change()))

    async with asyncio.timeout(100):
        result = await transfer.sync(str(tree), url, Options(bwlimit=1024), listener=listen)
        assert (await told).taken
    assert result.ok
    assert [event.text for event in heard.of(Notice)] == ["Limits from now on: bwlimit off, tps 500, transfers 4."]


async def test_only_what_runs_is_changed(tree: Path, tmp_path: Path) -> None:
    """Limits are those of a run: nothing is kept for the next."""
    await transfer.sync(str(tree), str(tmp_path / "out"))
    (job,) = await summaries()
    with pytest.raises(Misconfigured, match="No process works on"):
        await set_job(job_id(job), {"bwlimit": "1M"})
    with pytest.raises(Misconfigured, match="can't be changed while a job runs"):
        await set_job(job_id(job), {"memory": "1M"})
    with pytest.raises(Misconfigured, match="There is no job"):
        await set_job("zz", {"bwlimit": "1M"})
    assert list(job.path.parent.glob("*.set*")) == []


async def test_controls_change_a_run_from_within() -> None:
    """What a program holds on to works without files and signals."""
    source, controls = memory(), Controls()
    await fill(source, {"a": bytes(MIB), "b": bytes(MIB)})

    def listen(event: Event) -> None:
        if isinstance(event, BytesMoved):
            controls.change(bwlimit="off")

    asyncio.get_running_loop().call_later(0.2, controls.toggle)
    async with asyncio.timeout(60):
        result = await transfer.sync(source, memory(), Options(bwlimit=1024), listener=listen, controls=controls)
    assert result.ok


@pytest.mark.parametrize("source_disk", [True, False])
async def test_from_disk_to_disk_reading_is_held(tmp_path: Path, tree: Path, source_disk: bool) -> None:
    """Nothing goes over a network there, and the limit holds all the same; behind one it is what crosses it."""
    source = str(tree) if source_disk else memory()
    if not isinstance(source, str):
        await fill(source, {f"{number}": pattern(MIB, number) for number in range(3)})
    began = time.monotonic()
    result = await transfer.sync(source, str(tmp_path / "out"), Options(bwlimit="1B:3M"))
    assert result.ok
    assert time.monotonic() - began > 0.8


async def test_streams_are_held() -> None:
    """In one piece or in parts: each waits for those before it."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(13):
            yield bytes(MIB)

    began = time.monotonic()
    options = Options(bwlimit=10 * MIB, part_size=5 * MIB)
    assert (await transfer.copy_stream(chunks(), "memory://limits/stream", options)).ok
    assert time.monotonic() - began > 0.8


async def test_the_way_back_is_limited_too(tmp_path: Path) -> None:
    """``cat`` gives no more than it may."""
    (tmp_path / "k").write_bytes(bytes(4 * MIB))
    began = time.monotonic()
    size = 0
    async for chunk in transfer.cat(tmp_path / "k", Options(bwlimit="1B:4M")):
        size += len(chunk)
    assert size == 4 * MIB
    assert time.monotonic() - began > 0.7


@pytest.mark.parametrize("bad", ["", "fast", "10,1M"])
async def test_nonsense_is_refused_first(tree: Path, tmp_path: Path, bad: str) -> None:
    """Before anything is moved."""
    with pytest.raises(Misconfigured):
        await transfer.sync(str(tree), str(tmp_path / "out"), Options(bwlimit=bad))
    assert not (tmp_path / "out").exists()
