"""What a row is to reach, and whether it did. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.figures import FIGURES, Duel
from bench.measure import MIB, Sample

_UNITS = {"wall": ("s", 1.0), "CPU": ("s", 1.0), "memory": ("MiB", float(MIB))}


@dataclass(frozen=True, slots=True)
class Verdict:
    """``wanted`` and ``found`` as they are printed; ``short`` is by which share of the target it is missed, 0 if met.

    ``found`` is None where nothing could be measured.
    """

    wanted: str
    found: str | None
    short: float = 0.0

    @property
    def met(self) -> bool:
        return self.found is not None and self.short <= 0

    def __str__(self) -> str:
        if self.found is None:
            return f"{self.wanted}: not measured"
        return f"{self.wanted}: {self.found}, {'met' if self.met else f'**missed by {self.short:.0%}**'}"


@dataclass(frozen=True, slots=True)
class Ratio:
    """At most ``most`` times what the hardest of the peers ``against`` (a glob) needs."""

    figure: str
    most: float
    against: str = "*"

    def judge(self, duels: Sequence[Duel]) -> Verdict:
        who = {"*": "the better peer"}.get(self.against, self.against.rstrip("*"))
        wanted = f"{self.figure} <= {self.most:g} of {who}"
        met = [duel for duel in duels if duel.theirs and fnmatch.fnmatchcase(duel.peer, self.against)]
        if not met:
            return Verdict(wanted, None)
        hardest = max(met, key=lambda duel: duel.ratio(self.figure))
        found = hardest.ratio(self.figure)
        return Verdict(wanted, f"{found:.2f} ({hardest.peer})", found / self.most - 1)


@dataclass(frozen=True, slots=True)
class Most:
    """At most ``most`` in the median, whatever others need."""

    figure: str
    most: float

    def judge(self, duels: Sequence[Duel]) -> Verdict:
        unit, size = _UNITS[self.figure]
        wanted = f"{self.figure} <= {self.most / size:g} {unit}"
        samples = _ours(duels)
        if not samples:
            return Verdict(wanted, None)
        found = median(FIGURES[self.figure](sample) for sample in samples)
        digits = 0 if size > 1 else 2
        return Verdict(wanted, f"{found / size:.{digits}f} {unit}", found / self.most - 1)


@dataclass(frozen=True, slots=True)
class Share:
    """At least the share ``least`` of a link of ``rate`` bytes a second.

    With ``lanes`` the link counts only as far as the parts in flight can fill it, each at the rate of the
    one connection of that peer.
    """

    least: float
    rate: float
    lanes: str | None = None

    def judge(self, duels: Sequence[Duel]) -> Verdict:
        what = "the link" if self.lanes is None else "min(the link, parts in flight x one connection)"
        wanted = f">= {self.least:.0%} of {what}"
        samples = _ours(duels)
        alone = [sample.rate for duel in duels if duel.peer == self.lanes for sample in duel.theirs if sample.moved]
        if not samples or (self.lanes and not alone):
            return Verdict(wanted, None)
        shares = [sample.rate / self._possible(sample, alone) for sample in samples]
        found = median(shares)
        shown = f"{found:.0%} ({min(shares):.0%} to {max(shares):.0%} in {len(shares)} runs)"
        return Verdict(wanted, shown, 1 - found / self.least)

    def _possible(self, sample: Sample, alone: Sequence[float]) -> float:
        return min(self.rate, sample.lanes * median(alone)) if alone and sample.lanes else self.rate


Target = Ratio | Most | Share


def _ours(duels: Sequence[Duel]) -> list[Sample]:
    return [sample for duel in duels for sample in duel.ours]
