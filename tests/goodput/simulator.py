"""A path with many connections on it, second by second, without a network: what the controller is tried on.

Each lane is a connection that asks for one unit after another. Its window grows as TCP's does:
doubling each round trip until something is lost, then by a packet each; a loss takes three tenths
of it, unless the sender is blind to loss, as BBR nearly is. All share one bottleneck with a queue,
behind which a server may refuse what comes too fast. Times are in seconds, rates in bytes a second.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from transfer.goodput import MOST, REQUEST, Sample, begin, step

PACKET = 1460
FIRST_WINDOW = 10.0
LARGEST_WINDOW = 4_000.0
SAMPLED = 0.1
KEPT = 0.7
"""Of a window after a loss."""
PATIENCE = 0.5
"""Seconds until a refused request is made again."""


@dataclass(frozen=True, slots=True)
class Path:
    """``lane_rate``: what one lane manages at best (it reads, hashes and writes by turns); ``noise``: the relative
    standard deviation of the rate, drawn anew twice a second; ``refuses``: requests a second that the server bears."""

    rtt: float
    rate: float
    loss: float = 0.0
    queue: float = 4e6
    blind: bool = False
    lane_rate: float = float("inf")
    noise: float = 0.0
    refuses: float = float("inf")
    answer: float = 0.01
    """Seconds that the server takes to answer."""

    @property
    def tick(self) -> float:
        return min(0.05, max(0.005, self.rtt / 4))


@dataclass(slots=True)
class Lane:
    """``left`` bytes of the present unit are to come, from ``waits_until`` on; with none left it asks for another."""

    waits_until: float
    left: float = 0.0
    working: bool = False
    window: float = FIRST_WINDOW
    starting: bool = True
    spared_until: float = 0.0


class Simulation:
    """Runs one path with units of ``size`` bytes. ``allowance``: the most lanes that memory leaves work for."""

    def __init__(self, path: Path, size: float, *, seed: int = 1, allowance: int = MOST) -> None:
        self.path = path
        self.now = 0.0
        self.crossed = 0.0
        self.units = 0
        self.refused = 0
        self.lanes: list[Lane] = []
        self.large = size > 1e6
        self._size = size
        self._allowance = allowance
        self._dice = random.Random(seed)
        self._credit = 0.0
        self._rate = path.rate

    def advance(self, lanes: int) -> None:
        """One tick with so many lanes. Those that are too many end with their unit; new ones connect first."""
        while len(self.lanes) < min(lanes, self._allowance):
            self.lanes.append(Lane(self.now + self.path.rtt))
        if self.path.noise and self._dice.random() < 2 * self.path.tick:
            self._rate = self.path.rate * max(0.2, self._dice.gauss(1, self.path.noise))
        self._credit = min(self.path.refuses / 4, self._credit + self.path.refuses * self.path.tick)
        self._carry([lane for lane in self.lanes if lane.left > 0 and lane.waits_until <= self.now])
        self._turn(lanes)
        self.now += self.path.tick

    def _carry(self, moving: list[Lane]) -> None:
        path = self.path
        flying = sum(lane.window for lane in moving) * PACKET
        queued = max(0.0, flying - self._rate * path.rtt)
        overflow = max(0.0, queued - path.queue) / flying if flying else 0.0
        rtt = path.rtt + min(queued, path.queue) / self._rate
        wanted = [min(lane.window * PACKET / rtt, path.lane_rate) for lane in moving]
        share = min(1.0, self._rate / sum(wanted)) if moving else 1.0
        for lane, rate in zip(moving, wanted, strict=True):
            sent = min(lane.left, rate * share * path.tick)
            lane.left -= sent
            self.crossed += sent
            self._adapt(lane, sent / PACKET, overflow, rtt)

    def _adapt(self, lane: Lane, packets: float, overflow: float, rtt: float) -> None:
        risk = packets * (overflow + (0.0 if self.path.blind else self.path.loss))
        if self.now >= lane.spared_until and self._dice.random() < risk:
            lane.window = max(2.0, lane.window * KEPT)
            lane.starting = False
            lane.spared_until = self.now + rtt
        elif lane.starting:
            lane.window = min(LARGEST_WINDOW, lane.window * 2 ** min(1.0, self.path.tick / rtt))
        else:
            lane.window = min(LARGEST_WINDOW, lane.window + self.path.tick / rtt)

    def _turn(self, lanes: int) -> None:
        """Have each lane that has ended its unit ask for the next, or end it if there are too many."""
        for lane in [lane for lane in self.lanes if lane.left <= 0 and lane.waits_until <= self.now]:
            self.units += lane.working
            lane.working = False
            if len(self.lanes) > lanes:
                self.lanes.remove(lane)
            else:
                self._ask(lane)

    def _ask(self, lane: Lane) -> None:
        lane.waits_until = self.now + self.path.rtt + self.path.answer
        if self._credit >= 1:
            self._credit -= 1
            lane.left, lane.working = self._size, True
        else:
            self.refused += 1
            lane.waits_until += PATIENCE


@dataclass(frozen=True, slots=True)
class Moment:
    """What had happened by ``time``, and the number of lanes then."""

    time: float
    lanes: int
    crossed: float
    units: int
    refused: int


def run(simulation: Simulation, seconds: float, lanes: int | None = None) -> list[Moment]:
    """A moment every tenth of a second: with a fixed number of ``lanes``, or as the controller says."""
    state, refused = begin(), 0
    history: list[Moment] = []
    while simulation.now < seconds:
        if simulation.now >= SAMPLED * len(history):
            if lanes is None:
                state = step(state, sample(simulation, refused))
            refused = simulation.refused
            now = state.lanes if lanes is None else lanes
            history.append(Moment(simulation.now, now, simulation.crossed, simulation.units, refused))
        simulation.advance(history[-1].lanes)
    return history


def sample(simulation: Simulation, refused: int) -> Sample:
    """What the controller gets to see."""
    moved = simulation.crossed + REQUEST * simulation.units
    latency = simulation.path.rtt + simulation.path.answer
    throttled = simulation.refused > refused
    return Sample(
        simulation.now, moved, len(simulation.lanes), throttled=throttled, large=simulation.large, latency=latency
    )


def goodput(history: list[Moment], first: float, last: float) -> float:
    """Bytes a second between two times."""
    begun = next(moment for moment in history if moment.time >= first)
    ended = next((moment for moment in history if moment.time >= last), history[-1])
    return (ended.crossed - begun.crossed) / (ended.time - begun.time)
