"""Runs one process and takes its figures. Linux only, as the servers are."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.cores import on
from bench.sockets import busy

MIB = 1024 * 1024
_FIRST_LOOK_SECONDS, _LOOK_SECONDS = 0.001, 0.025
"""Some programs are done before they could be looked at as rarely as the others."""
_LOOK_AROUND_SECONDS = 0.5
_LAST_WORDS = 400


class Failed(Exception):
    """The process did not end as it should have; the message has its last words."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: seconds by the clock, CPU seconds (user and system), bytes of memory at the peak.

    All of them are those of the process with its descendants. ``moved`` are the bytes that it carried,
    ``lanes`` the connections that had something to send (the median of what was seen, where it was looked at).
    ``cut`` says that it was ended at its limit.
    """

    wall: float
    cpu: float
    memory: int
    moved: int = 0
    lanes: float = 0.0
    cut: bool = False

    @property
    def rate(self) -> float:
        """Bytes a second."""
        return self.moved / self.wall

    def then(self, other: Sample) -> Sample:
        """Both, one after the other."""
        wall, cpu = self.wall + other.wall, self.cpu + other.cpu
        moved, cut = self.moved + other.moved, self.cut or other.cut
        return Sample(wall, cpu, max(self.memory, other.memory), moved, max(self.lanes, other.lanes), cut)

    def __str__(self) -> str:
        ended = ", ended there" if self.cut else ""
        lanes = f", {self.lanes:.0f} connections" if self.lanes else ""
        return f"{self.wall:.2f} s, CPU {self.cpu:.2f} s, {self.memory / MIB:.0f} MiB{lanes}{ended}"


def measure(
    command: Sequence[str],
    *,
    folder: Path,
    env: Mapping[str, str],
    limit: float,
    cores: AbstractSet[int],
    port: int | None = None,
    may_be_cut: bool = False,
) -> Sample:
    """Run ``command`` in ``folder`` on ``cores`` with nothing but ``env``; with ``port`` count connections to it.

    After ``limit`` seconds it is ended: that raises Failed, unless it ``may_be_cut``. So does another end than success.
    """
    log = folder / "client.log"
    with log.open("wb") as output:
        started = time.perf_counter()
        with on(cores):
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # by which the processes that it starts are known
            )
        with _ended_in_the_end(process):
            watched = _Watched(process.pid, port)
            cut = not watched.wait(started + limit)
            if cut:
                os.killpg(process.pid, signal.SIGKILL)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
    if cut and not may_be_cut:
        raise Failed("It took too long and was ended.")
    if process.returncode and not cut:
        words = log.read_text(errors="replace")[-_LAST_WORDS:].strip()
        raise Failed(f"ended with status {process.returncode}: {words}")
    lanes = median(watched.lanes) if watched.lanes else 0.0
    return Sample(wall, usage.ru_utime + usage.ru_stime, watched.peak, lanes=lanes, cut=cut)


@contextlib.contextmanager
def _ended_in_the_end(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class _Watched:
    """A process under watch: ``peak`` is the largest sum of its own and its descendants' memory.

    ``ru_maxrss`` would not do: it begins with the memory of whoever started the process.
    """

    def __init__(self, pid: int, port: int | None) -> None:
        self._pid = pid
        self._port = port
        self._family = [pid]
        self.peak = _high_water(pid)
        self.lanes: list[int] = []

    def wait(self, deadline: float) -> bool:
        """Whether the process ended before the deadline."""
        descriptor = os.pidfd_open(self._pid)
        try:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            again, look = time.perf_counter() + _LOOK_AROUND_SECONDS, _FIRST_LOOK_SECONDS
            while not poll.poll(look * 1000):
                now, look = time.perf_counter(), min(2 * look, _LOOK_SECONDS)
                if now > deadline:
                    return False
                if now > again:
                    again = now + _LOOK_AROUND_SECONDS
                    self._look_around()
                self.peak = max(self.peak, sum(map(_high_water, self._family)))
            return True
        finally:
            os.close(descriptor)

    def _look_around(self) -> None:
        self._family = _family(self._pid)
        if self._port is not None and (lanes := busy(self._pid, self._port)):
            self.lanes.append(lanes)


def _family(leader: int) -> list[int]:
    """The processes of a session."""
    return [pid for name in os.listdir("/proc") if name.isdigit() and _session(pid := int(name)) == leader]


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _high_water(pid: int) -> int:
    """The most that the process had resident so far, which the kernel keeps: nothing is missed between two looks."""
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return 0
    _, found, rest = status.partition(b"VmHWM:")
    return int(rest.split(maxsplit=1)[0]) * 1024 if found else 0
