"""Counts what became of a run's objects."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields

from transfer.event import Action, Outcome, Totals, Verdict
from transfer.model import Proven

_FAILURES_KEPT = 100
_TOLD_AGAIN = ("skipped_proven", "skipped_assumed", "left_out", "failed")


def _nothing() -> dict[str, int]:
    return dict.fromkeys([each.name for each in fields(Totals)], 0)


@dataclass(slots=True)
class Tally:
    """The run's running totals; memory does not grow with the number of objects."""

    proofs: Counter[str] = field(default_factory=Counter)
    failures: list[Outcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: str | None = None
    postponed: int = 0
    """Failures that get a second try at the end."""
    _counts: dict[str, int] = field(default_factory=_nothing)
    """By the names in :class:`~transfer.event.Totals`."""

    @property
    def totals(self) -> Totals:
        return Totals(**self._counts)

    @property
    def errors(self) -> int:
        return self._counts["failed"] + self.postponed

    def add(self, outcome: Outcome) -> None:
        """Count one object's end."""
        counts = self._counts
        counts["sent_bytes"] += outcome.sent
        counts["resumed_bytes"] += outcome.resumed
        counts["metadata_lost"] += bool(outcome.lost)
        counts["retries"] += max(0, outcome.attempts - 1)
        if outcome.verdict is Verdict.SKIPPED:
            counts[_skipped(outcome)] += 1
        elif outcome.verdict is Verdict.FAILED:
            self._failed(outcome)
        elif outcome.verdict is Verdict.PENDING:
            counts["pending"] += 1
            counts["pending_bytes"] += outcome.size or 0
        else:
            self._done(outcome)

    def skip(self, *, proven: int, assumed: int) -> None:
        """Count objects that are the same on both sides, so many at once."""
        self._counts["skipped_proven"] += proven
        self._counts["skipped_assumed"] += assumed

    def thaw(self, size: int) -> None:
        """Count a request to thaw so many bytes."""
        self._counts["thaws"] += 1
        self._counts["thaws_bytes"] += size

    def postpone(self, outcome: Outcome) -> None:
        """Count a failure that is tried again, and what it cost."""
        self.postponed += 1
        self.count_sent(outcome)

    def count_sent(self, outcome: Outcome) -> None:
        """Count what an object cost that has not come to its end yet."""
        self._counts["sent_bytes"] += outcome.sent

    def restart(self) -> None:
        """Forget what a plan that is made anew will say again: skips and failures to list."""
        self._counts.update(dict.fromkeys(_TOLD_AGAIN, 0))
        self.failures.clear()
        self.postponed = 0

    def _failed(self, outcome: Outcome) -> None:
        self._counts["failed"] += 1
        self._counts["unproven"] += _is_unproven(outcome)
        if len(self.failures) < _FAILURES_KEPT:
            self.failures.append(outcome)

    def _done(self, outcome: Outcome) -> None:
        counts = self._counts
        if outcome.action is Action.COPY:
            counts["copied"] += 1
            counts["copied_bytes"] += outcome.size or 0
            counts["unproven"] += _is_unproven(outcome)
        elif outcome.action is Action.UPDATE:
            counts["updated"] += 1
        elif outcome.action is Action.DELETE:
            counts["deleted"] += 1
        elif outcome.action is Action.THAW:
            self.thaw(outcome.size or 0)
        if outcome.proof is not None and outcome.verdict is Verdict.DONE:
            self.proofs[str(outcome.proof)] += 1


def _is_unproven(outcome: Outcome) -> bool:
    return outcome.proof is not None and outcome.proof.proven is Proven.UNPROVEN


def _skipped(outcome: Outcome) -> str:
    if outcome.action is Action.LEAVE:
        return "left_out"
    return "skipped_assumed" if outcome.assumed else "skipped_proven"
