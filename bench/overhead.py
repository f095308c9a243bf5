"""What an object costs beside stores and networks: planning, moving, the checkpoint, events, the display.

Both sides are synthetic: their listings come out of thin air, a read gives zeros and a write forgets them, so
that what is left is ours. ``python -m bench.overhead known --objects 1000000`` prints microseconds of CPU an
object and the most memory that the process had. What the listings cost by themselves is measured too, and taken off.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import resource
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import transfer
from transfer.cli.progress import progress
from transfer.cli.tally import Tally
from transfer.event import Listener, Result, ignore
from transfer.model import Algorithm, Body, Entry, Metadata, Page, Proof, Proven, Span, Stored
from transfer.options import Options
from transfer.plugin import Capabilities, Limits, Origin, Prune, Reading, Store

_LANES = 32
"""Pinned: with nothing to wait for, no number is better than one."""
_PAGE = 1_000
_SIZE = 4096
_MODIFIED_NS = 1_700_000_000_000_000_000
_CASES = ("copy", "fresh", "known")
"""Everything is copied; nothing is to be done, by equal ETags; the same, as the checkpoint knows already."""


class Synthetic(Store):
    """A bucket of ``objects`` made up as they are asked for."""

    capabilities = Capabilities(ordered=True, headers=True, user_metadata=True, verifies=(Algorithm.CRC64NVME,))
    limits = Limits()

    def __init__(self, name: str, objects: int) -> None:
        self.url = f"synthetic://{name}"
        self.origin = Origin(self.url, "", name, "")
        self._objects = objects

    async def check(self, *, write: bool) -> None:
        """Always there."""

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        for start in range(self._position(after), self._objects, _PAGE):
            yield Page(tuple(_entry(number) for number in range(start, min(start + _PAGE, self._objects))), str(start))
            await asyncio.sleep(0)

    def _position(self, after: str | None) -> int:
        """The first object whose key is greater."""
        return bisect_right(range(self._objects), after, key=_key) if after else 0

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        return _Zeros(entry)

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        await asyncio.sleep(0)
        made = Entry(key, body.size, modified_ns=_MODIFIED_NS, etag="0" * 32)
        return Stored(made, Proof(Proven.VERIFIED, Algorithm.CRC64NVME))


class _Zeros(AbstractAsyncContextManager[Reading]):
    """A read of zeros, which waits once, as for a reply."""

    def __init__(self, entry: Entry) -> None:
        self.entry = Entry(entry.key, _SIZE, modified_ns=_MODIFIED_NS, etag=entry.etag, metadata=Metadata("text/plain"))
        self.size = _SIZE

    async def __aenter__(self) -> Reading:
        await asyncio.sleep(0)
        return self

    async def readinto(self, view: memoryview) -> int:
        return len(view)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""


def _key(number: int) -> str:
    return f"folder-{number // 1000:06d}/object-{number:09d}.bin"


def _entry(number: int) -> Entry:
    return Entry(
        _key(number),
        _SIZE,
        modified_ns=_MODIFIED_NS + number * 1_000_000,
        etag=f"{number:032x}",
        storage_class="STANDARD",
    )


def main() -> None:
    """Measure one case."""
    parser = argparse.ArgumentParser(prog="python -m bench.overhead", description=__doc__)
    parser.add_argument("case", choices=_CASES)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--display", action="store_true", help="with the command line's listener and display")
    parser.add_argument("--profile", type=Path, help="write a profile of the event loop's thread there")
    arguments = parser.parse_args()
    gc.set_threshold(20_000)  # as the command has it
    with tempfile.TemporaryDirectory(prefix="transfer-") as folder:
        options = Options(checkpoint=Path(folder) / "overhead.sqlite", transfers=_LANES)
        asyncio.run(_run("copy", 1, replace(options, checkpoint=Path(folder) / "first.sqlite"), ignore))  # imports
        if arguments.case == "known":
            asyncio.run(_run("fresh", arguments.objects, options, ignore))
        listed = _spent(lambda: asyncio.run(_listed(arguments.objects)))[0] * (1 if arguments.case == "copy" else 2)
        with _shown(arguments.display) as listener, _profiled(arguments.profile):
            loop, process, wall = _spent(
                lambda: asyncio.run(_run(arguments.case, arguments.objects, options, listener))
            )
    scale = 1e6 / arguments.objects
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{arguments.case} {arguments.objects:,}: event loop {(loop - listed) * scale:.2f} µs an object, "
        f"other threads {(process - loop) * scale:.2f}; listings {listed * scale:.2f}; "
        f"wall {wall:.2f} s; at most {peak:.0f} MiB",
        file=sys.stdout,
    )


async def _run(case: str, objects: int, options: Options, listener: Listener) -> Result:
    source, target = Synthetic("source", objects), Synthetic("target", 0 if case == "copy" else objects)
    result = await transfer.sync(source, target, options, listener=listener)
    assert result.ok, result
    assert (result.totals.copied if case == "copy" else result.totals.skipped_proven) == objects, result
    return result


async def _listed(objects: int) -> None:
    async for _ in Synthetic("source", objects).list():
        pass


def _spent(work: Callable[[], object]) -> tuple[float, float, float]:
    """CPU seconds of this thread and of the whole process, and wall seconds."""
    before = time.thread_time(), time.process_time(), time.monotonic()
    work()
    after = time.thread_time(), time.process_time(), time.monotonic()
    return after[0] - before[0], after[1] - before[1], after[2] - before[2]


@contextmanager
def _shown(display: bool) -> Iterator[Listener]:
    if not display:
        yield ignore
        return
    tally = Tally()
    with progress("overhead", tally, wanted=True, stdout_is_used=False):
        yield tally


@contextmanager
def _profiled(path: Path | None) -> Iterator[None]:
    profile = cProfile.Profile(time.thread_time)
    with profile if path is not None else nullcontext():
        yield
    if path is not None:
        profile.dump_stats(path)


if __name__ == "__main__":
    main()
