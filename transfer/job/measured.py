"""How fast objects are copied, as far as that was measured: by it depends how much is asked for at once."""

from __future__ import annotations

from dataclasses import dataclass

from transfer.checkpoint import Checkpoint

ASSUMED = 50.0 * 1024**2
"""Bytes a second, where nothing was copied yet."""
_ENOUGH = 64 * 1024**2
"""Bytes from which a measurement tells something."""
_NAME = "goodput"


@dataclass(slots=True)
class Measured:
    """Bytes copied, and the seconds in which that was done; ``earlier`` is what earlier runs measured, a second."""

    earlier: float | None = None
    size: int = 0
    seconds: float = 0.0

    @classmethod
    async def recalled(cls, checkpoint: Checkpoint) -> Measured:
        text = await checkpoint.recall(_NAME)
        return cls(float(text) if text else None)

    async def remember(self, checkpoint: Checkpoint) -> None:
        goodput = self.goodput
        if goodput is not None and goodput != self.earlier:
            await checkpoint.remember(_NAME, str(goodput))

    def add(self, size: int, seconds: float) -> None:
        self.size += size
        self.seconds += seconds

    @property
    def goodput(self) -> float | None:
        """Bytes a second; None where nobody knows."""
        if self.size < _ENOUGH or self.seconds <= 0:
            return self.earlier
        return self.size / self.seconds
