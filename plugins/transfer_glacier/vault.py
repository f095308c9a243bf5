"""One vault, and all that its calls share: the client, the names, the jobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from transfer_glacier.billing import Billing
from transfer_glacier.client import Client
from transfer_glacier.config import Settings
from transfer_glacier.names import Names
from transfer_glacier.notices.notices import Notices
from transfer_glacier.place import Place
from transfer_glacier.retrievals import Retrievals
from transfer_glacier.turns import Turns

_SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Vault:
    client: Client
    settings: Settings
    names: Names
    retrievals: Retrievals
    turns: Turns
    billing: Billing
    notices: Notices | None = None
    now_ns: Callable[[], int] = field(default=time.time_ns)

    def now_s(self) -> int:
        """Seconds since 1970."""
        return self.now_ns() // _SECOND_NS

    @property
    def place(self) -> Place:
        return self.client.place
