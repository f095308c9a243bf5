"""Measures a run that is asked to tell where its time goes, and writes that down, however it ends."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from transfer.errors import Misconfigured, TransferError
from transfer.event import Event, Listener, Result, RunFinished
from transfer.profile import Profile, watch
from transfer.version import __version__

_LOOK = 0.05
"""Seconds between two looks at how late the event loop is."""
_DIGITS = 6


def _threads() -> Mapping[int, tuple[str, float]]:
    """The other threads that can be asked: a name that those of one kind share, and their CPU seconds."""
    if sys.platform != "linux":
        return {}
    others = [thread for thread in threading.enumerate() if thread.ident not in (None, threading.get_ident())]
    told = {}
    for thread in others:
        with suppress(OSError):  # it ended just now
            assert thread.ident is not None
            seconds = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
            told[thread.ident] = (thread.name.rstrip("0123456789").rstrip("-_"), seconds)
    return told


@dataclass(slots=True)
class _Run:
    """What is known of a run while it goes on. Times are of this process's clocks."""

    profile: Profile
    began: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=time.process_time)
    loop_cpu: float = field(default_factory=time.thread_time)
    threads: Mapping[int, tuple[str, float]] = field(default_factory=_threads)
    result: Result | None = None
    spent: Mapping[str, float] | None = None

    def heard(self, event: Event) -> None:
        """At its end, all threads of the run are still there."""
        if isinstance(event, RunFinished):
            self.result = event.result
            self.spent = _cpu(self)


@asynccontextmanager
async def profiling(path: Path | None, listener: Listener) -> AsyncIterator[Listener]:
    """``listener``, and for the length of the block a profile where there is a ``path``, which is written at its end.

    Raises Misconfigured where the path can't be written.
    """
    if path is None:
        yield listener
        return
    await asyncio.to_thread(_refuse_unwritable, path)
    run = _Run(Profile())

    def both(event: Event) -> None:
        run.heard(event)
        listener(event)

    watch(run.profile)
    looking = asyncio.create_task(_look_at_the_loop(run.profile))
    try:
        yield both
    except BaseException:
        with suppress(TransferError):
            await _end(run, path, looking)
        raise
    await _end(run, path, looking)


async def _end(run: _Run, path: Path, looking: asyncio.Task[None]) -> None:
    watch(None)
    looking.cancel()
    text = json.dumps(_told(run), indent=2) + "\n"
    try:
        await asyncio.shield(asyncio.to_thread(path.write_text, text, encoding="utf-8"))
    except OSError as error:
        raise TransferError(f"The profile '{path}' can't be written: {error.strerror}.") from None


def _refuse_unwritable(path: Path) -> None:
    try:
        path.open("a").close()
    except OSError as error:
        raise Misconfigured(f"The profile '{path}' can't be written: {error.strerror}.") from None


async def _look_at_the_loop(profile: Profile) -> None:
    pause = 0.0  # so that a short run is looked at too
    while True:
        due = time.perf_counter() + pause
        await asyncio.sleep(pause)
        profile.add("event loop: late", max(0.0, time.perf_counter() - due))
        pause = _LOOK


def _told(run: _Run) -> Mapping[str, Any]:
    """All of it as plain values: see "Where a run's time goes" in the documentation. No name of any object."""
    return {
        "version": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "event_loop": type(asyncio.get_running_loop()).__module__.partition(".")[0],
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "state": _state(run.result),
        "seconds": round(time.perf_counter() - run.began, _DIGITS),
        "cpu": run.spent or _cpu(run),
        "totals": None if run.result is None else asdict(run.result.totals),
        "durations": {
            name: {
                "count": series.count,
                "seconds": round(series.total, _DIGITS),
                "bytes": series.size,
                "median": round(series.percentile(0.5), _DIGITS),
                "p90": round(series.percentile(0.9), _DIGITS),
                "p99": round(series.percentile(0.99), _DIGITS),
                "most": round(series.most, _DIGITS),
            }
            for name, series in sorted(run.profile.series.items())
        },
    }


def _state(result: Result | None) -> str:
    if result is None:
        return "not begun"
    return "interrupted" if result.interrupted else "complete" if result.ok else "failed"


def _cpu(run: _Run) -> Mapping[str, float]:
    """CPU seconds: of the process ahead of the run, and of the run on its threads by their names."""
    told = {"before the run": run.cpu, "event loop": time.thread_time() - run.loop_cpu}
    for ident, (name, seconds) in _threads().items():
        told[name] = told.get(name, 0.0) + seconds - run.threads.get(ident, ("", 0.0))[1]
    told["ended threads"] = max(0.0, time.process_time() - sum(told.values()))
    return {name: round(seconds, _DIGITS) for name, seconds in told.items()}
