"""Shared fsyncs, shared hops, and cancellation."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.localdisk import opened
from transfer.model import Body, Metadata
from transfer_local.batches import Batches
from transfer_local.durable import Durable
from transfer_local.threads import Stop, Stopped, Threads


def test_one_fsync_serves_all_who_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes made while an fsync runs are covered by the next one, which they share."""
    durable, synced, running = Durable(), [], threading.Event()
    real = os.fsync

    def fsync(fd: int) -> None:
        running.set()
        time.sleep(0.05)
        real(fd)
        synced.append(fd)

    monkeypatch.setattr(os, "fsync", fsync)

    def change_and_settle() -> None:
        with durable.changing(b"f"):
            pass
        durable.settle(b"f", lambda: os.open(tmp_path, os.O_RDONLY))

    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(change_and_settle)
        assert running.wait(10)
        others = [pool.submit(change_and_settle) for _ in range(19)]
        for one in (first, *others):
            one.result()
    assert 2 <= len(synced) <= 4
    durable.settle(b"f", lambda: pytest.fail("nothing changed since"))


def test_no_one_returns_before_an_fsync_that_began_after_his_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An fsync that was under way when the change was made does not count."""
    durable, began = Durable(), []
    lock = threading.Lock()
    real = os.fsync

    def fsync(fd: int) -> None:
        with lock:
            began.append(time.perf_counter())
        time.sleep(0.002)
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)

    def one(_: int) -> bool:
        with durable.changing(b"f"):
            pass
        changed = time.perf_counter()
        durable.settle(b"f", lambda: os.open(tmp_path, os.O_RDONLY))
        with lock:
            return any(start >= changed for start in began)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(200)))


def test_a_change_that_an_fsync_overtakes_is_not_covered(tmp_path: Path) -> None:
    """Announced before an fsync began and made after: it takes another fsync, also for those who see it halfway."""
    durable, synced = Durable(), 0

    def settle() -> bool:
        nonlocal synced
        before = synced
        durable.settle(b"f", open_folder)
        return synced > before

    def open_folder() -> int:
        nonlocal synced
        synced += 1
        return os.open(tmp_path, os.O_RDONLY)

    with durable.changing(b"f"):
        assert settle()
        assert settle()
    assert settle()
    assert not settle()


def test_a_failed_fsync_is_everyones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who did not get a working fsync tries, or fails, by himself."""
    durable = Durable()

    def fsync(_: int) -> None:
        raise OSError(5, "bad disk")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with durable.changing(b"f"):
            pass
        for _ in range(2):
            with pytest.raises(OSError, match="bad disk"):
                durable.settle(b"f", lambda: os.open(tmp_path, os.O_RDONLY))
    durable.settle(b"f", lambda: os.open(tmp_path, os.O_RDONLY))


async def test_new_folders_are_safe_before_what_is_in_them_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A put returns only when every folder that was made on the way has been fsynced into its parent."""
    synced: set[str] = set()
    real = os.fsync

    def fsync(fd: int) -> None:
        real(fd)
        synced.add(os.readlink(f"/proc/self/fd/{fd}"))

    monkeypatch.setattr(os, "fsync", fsync)
    async with opened(tmp_path / "root") as store:
        await store.put("a/b/f", Body(b""), Metadata())
    root = os.path.realpath(tmp_path)
    assert {root, f"{root}/root", f"{root}/root/a", f"{root}/root/a/b"} <= synced


async def test_calls_that_wait_share_a_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many quick calls at once take few hops to a thread, and each gets its own result or error."""
    threads = Threads(4)
    batches = Batches(threads)
    hops = 0
    real = threads.start

    def start(*args: Any) -> None:
        nonlocal hops
        hops += 1
        real(*args)

    def call(number: int) -> int:
        if number == 13:
            raise ValueError(number)
        return number

    monkeypatch.setattr(threads, "start", start)
    results = await asyncio.gather(
        *(batches.run(Stop(), partial(call, number)) for number in range(200)), return_exceptions=True
    )
    assert [result for result in results if not isinstance(result, ValueError)] == [n for n in range(200) if n != 13]
    assert hops < 100
    await threads.aclose()


async def test_slow_calls_get_threads_of_their_own() -> None:
    """Where the disk makes everybody wait, the calls wait side by side."""
    threads = Threads(32)
    batches = Batches(threads)
    running, most, lock = 0, 0, threading.Lock()

    def call() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    await asyncio.gather(*(batches.run(Stop(), call) for _ in range(150)))
    assert most >= 5
    await threads.aclose()


async def test_phases_are_gone_through_together() -> None:
    """No work begins its second phase before all in its batch have ended the first."""
    threads = Threads(1)
    batches = Batches(threads)
    log: list[tuple[int, int]] = []
    hold = threading.Event()

    def work(number: int) -> Generator[None, None, int]:
        log.append((1, number))
        yield
        log.append((2, number))
        return number

    blocker = asyncio.create_task(threads.run(Stop(), hold.wait, 10))
    await asyncio.sleep(0.01)
    tasks = [asyncio.create_task(batches.run_phases(Stop(), partial(work, number))) for number in range(10)]
    await asyncio.sleep(0.05)
    hold.set()
    assert await asyncio.gather(*tasks) == list(range(10))
    await blocker
    rest = [entry for entry in log if entry[1] > 1]
    assert rest == sorted(rest)
    await threads.aclose()


async def test_a_cancelled_call_ends_before_it_returns() -> None:
    """The thread is told, and waited for; its outcome is dropped."""
    threads = Threads(2)
    ended = threading.Event()
    stop = Stop()

    def call() -> None:
        while True:
            time.sleep(0.005)
            try:
                stop.check()
            except Stopped:
                time.sleep(0.02)
                ended.set()
                raise

    for run in (threads.run, Batches(threads).run):
        stop.wanted = False
        ended.clear()
        task: asyncio.Task[None] = asyncio.create_task(run(stop, call))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()
    await threads.aclose()


@pytest.mark.parametrize("turns", range(6))
async def test_a_call_cancelled_as_it_ends_does_not_wait_for_ever(turns: int) -> None:
    """Wherever between the end of the work and the caller's next step the cancellation comes."""
    threads = Threads(1)
    batches = Batches(threads)
    ended = threading.Event()
    task = asyncio.create_task(batches.run(Stop(), ended.set))
    await asyncio.sleep(0)
    assert ended.wait(10)  # blocks the loop on purpose: the outcome waits to be told
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,), timeout=5)
    assert task.done()
    await threads.aclose()
