"""Which cores the servers have and which the clients: neither is to wait for the other's."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cores:
    """Servers (and the link) on one core, clients on all others. On one core they share it."""

    servers: AbstractSet[int]
    clients: AbstractSet[int]

    def __str__(self) -> str:
        if self.servers == self.clients:
            return "servers and clients share one core, so wall time is that of both"
        return f"servers on core {_spelled(self.servers)}, clients on {_spelled(self.clients)}"


def divided(available: AbstractSet[int]) -> Cores:
    """The last core for the servers, the others for the clients."""
    if len(available) == 1:
        return Cores(available, available)
    last = {max(available)}
    return Cores(last, available - last)


@contextlib.contextmanager
def on(cores: AbstractSet[int]) -> Iterator[None]:
    """What this thread starts meanwhile runs on ``cores``."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _spelled(cores: AbstractSet[int]) -> str:
    return ", ".join(map(str, sorted(cores)))
