"""From samples to what the table says. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.measure import Sample

FIGURES: Mapping[str, Callable[[Sample], float]] = {
    "wall": lambda sample: sample.wall,
    "CPU": lambda sample: sample.cpu,
    "memory": lambda sample: max(sample.memory, 1),  # of what ended before it could be looked at nothing is known
}
_LEVEL = 1.0


@dataclass(frozen=True, slots=True)
class Duel:
    """A row against one peer: run for run, ``ours`` and right after it one of ``theirs``.

    Where ``peer`` is empty we ran alone. ``excuse`` tells why there are no runs; ``failed``, that one went wrong.
    """

    peer: str
    ours: Sequence[Sample] = ()
    theirs: Sequence[Sample] = ()
    excuse: str | None = None
    failed: bool = False

    def our(self, figure: str) -> float:
        """The median of our runs."""
        return median(map(FIGURES[figure], self.ours))

    def their(self, figure: str) -> float:
        return median(map(FIGURES[figure], self.theirs))

    def ratio(self, figure: str) -> float:
        """The median of ours divided by theirs, pair by pair; below 1 we win."""
        take = FIGURES[figure]
        return median(take(ours) / take(theirs) for ours, theirs in zip(self.ours, self.theirs, strict=True))

    @property
    def cut(self) -> bool:
        """Whether the peer was stopped before it was done: then it needs more than the figures say."""
        return any(sample.cut for sample in self.theirs)

    @property
    def lost(self) -> Sequence[str]:
        """The figures in which the peer is better."""
        return [figure for figure in FIGURES if self.theirs and self.ratio(figure) > _LEVEL]
