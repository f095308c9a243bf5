"""What one object took, beside its bytes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from transfer.decide import Step
from transfer.event import Outcome


@dataclass(slots=True)
class Effort:
    """How often an object was begun, and since when; ``sent`` are the bytes that went to the target meanwhile.

    ``writing``: the target's object may be another since.
    """

    attempts: int = 0
    sent: int = 0
    writing: bool = False
    step: Step | None = None
    """What there is to do, where that had to be looked up: by then, more is known of the object."""
    _begun: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def told_by(self, outcome: Outcome) -> Outcome:
        """The outcome with what it took."""
        return replace(outcome, attempts=self.attempts, sent=self.sent, seconds=self.seconds)
