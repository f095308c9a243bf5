"""Who may sign: keys, and temporary ones with their tokens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """A key; a temporary one has a token, and ends."""

    id: str
    secret: str
    token: str = ""
    expires: dt.datetime | None = None

    def expired(self, now: dt.datetime) -> bool:
        """Whether it has ended by ``now``."""
        return self.expires is not None and self.expires <= now
