"""The paths that the controller is tried on, each with fixed settings that it is compared with."""

from __future__ import annotations

from dataclasses import dataclass

from tests.goodput.simulator import Moment, Path, Simulation, goodput, run

MIB = 1024 * 1024
LARGE = 8 * MIB
SMALL = 100 * 1024


@dataclass(frozen=True, slots=True)
class Link:
    """``fixed``: numbers of lanes of which one is near the best there is."""

    name: str
    path: Path
    fixed: tuple[int, ...]


LINKS = (
    Link("5 ms, 1 Gbit/s, 0.01 % loss", Path(0.005, 125e6, loss=0.0001), (6, 24, 96)),
    Link("50 ms, 400 Mbit/s, 0.1 % loss", Path(0.05, 50e6, loss=0.001), (12, 48, 192)),
    Link("200 ms, 400 Mbit/s, 0.5 % loss", Path(0.2, 50e6, loss=0.005), (24, 96, 256, 512)),
    Link("300 ms, 400 Mbit/s, 2 % loss", Path(0.3, 50e6, loss=0.02), (24, 96, 256, 512)),
)
BLIND = Link("200 ms, 400 Mbit/s, senders that are blind to loss", Path(0.2, 50e6, blind=True), (24, 96, 256))


def found(link: Link, size: float, seconds: float = 24.0, seed: int = 1) -> list[Moment]:
    """A run in which the number of lanes finds itself."""
    return run(Simulation(link.path, size, seed=seed), seconds)


def best(link: Link, size: float) -> float:
    """The goodput of the best fixed setting, once its connections have settled."""
    runs = (run(Simulation(link.path, size), 12.0, lanes) for lanes in link.fixed)
    return max(goodput(history, 6.0, 12.0) for history in runs)
