"""One large object on its way, and a run that can be stopped at a call to its target."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import transfer
from tests.core.rig import MIB, Heard, Watched, contents, fill, memory, open_uploads, pattern, quick
from transfer.checkpoint import summary_of
from transfer.event import BytesMoved, Outcome
from transfer.model import Metadata
from transfer.options import Options

PARTS = 6
DATA = pattern(PARTS * MIB - 3)
OURS = Metadata(cache_control="ours")


async def arrived(heard: Heard, parts: int) -> None:
    """Wait until so many parts have arrived, and have been written down."""
    async with asyncio.timeout(20):
        while len(heard.of(BytesMoved)) < parts:
            await asyncio.sleep(0.005)


class Rig:
    """One large object ``k`` on its way, and a run that can be stopped at a call to the target."""

    def __init__(self, path: Path) -> None:
        self.source = Watched(memory())
        self.target = Watched(memory())
        self.options: Options = quick(checkpoint=path / "checkpoint.sqlite")
        self.heard = Heard()

    async def stop_at(self, what: str, *, after: bool = False) -> None:
        """Run until the target is asked for ``what``, and cancel then, once nothing else moves."""
        await fill(self.source, {"k": DATA}, OURS)
        self.heard.clear()
        reached = asyncio.Event()

        async def hang(call: str) -> None:
            if call.startswith(what):
                reached.set()
                await asyncio.Event().wait()

        self.target.before, self.target.after = (None, hang) if after else (hang, None)
        task = asyncio.create_task(transfer.sync(self.source, self.target, self.options, listener=self.heard))
        await reached.wait()
        if what.startswith(("put part", "copy part")):
            await arrived(self.heard, -(-len(DATA) // (self.options.part_size or MIB)) - 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        self.target.before = self.target.after = None
        self.target.forget()
        self.source.forget()

    async def again(self) -> Outcome:
        """Run to the end, which must be a good one, and leave nothing open."""
        self.heard.clear()
        result = await transfer.sync(self.source, self.target, self.options, listener=self.heard)
        assert result.ok, result
        assert contents(self.target) == contents(self.source)
        assert open_uploads(self.target) == 0
        left = await summary_of(self.options.checkpoint or Path())
        assert (left.open_uploads, left.open_parts) == (0, 0)
        return self.heard.outcomes["k"]

    @property
    def sent(self) -> list[int]:
        """Numbers of the parts that were sent since."""
        return sorted(int(call.split()[2]) for call in self.target.calls if call.startswith("put part"))
