"""An event loop on which time passes at once, and only when nothing else is left to do."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_Ready = list[tuple[selectors.SelectorKey, int]]


class VirtualLoop(asyncio.SelectorEventLoop):
    """Begins at 0. ``late`` are seconds by which every timer fires too late, in turn."""

    def __init__(self, late: tuple[float, ...] = (0.0,)) -> None:
        self.now = 0.0
        super().__init__(_Selector(self, late))

    def time(self) -> float:
        return self.now


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop, late: tuple[float, ...]) -> None:
        super().__init__()
        self._loop = loop
        self._late = late
        self._waits = 0

    def select(self, timeout: float | None = None) -> _Ready:
        ready = super().select(timeout if timeout is None else 0)
        if timeout and not ready:
            self._loop.now += timeout + self._late[self._waits % len(self._late)]
            self._waits += 1
        return ready


def run_virtually(work: Coroutine[Any, Any, T], late: tuple[float, ...] = (0.0,)) -> T:
    """Run ``work`` on a loop of its own."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(late)) as runner:
        return runner.run(work)


def clock() -> float:
    """The running loop's time."""
    return asyncio.get_running_loop().time()
