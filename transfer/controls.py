"""The limits of a run, which may be changed while it goes on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from transfer.bucket import Bucket
from transfer.errors import Misconfigured
from transfer.location import is_disk
from transfer.options import Options
from transfer.plugin import Origin
from transfer.rates import OFF, UNLIMITED, Rates, Timetable, limit_at, parse_calls, parse_limit, timetable_of


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be changed. None: stays as it is."""

    bwlimit: Timetable | None = None
    tps: float | None = None
    """Infinite: no limit."""
    transfers: int | None = None
    """0: as many as fill the path."""


def parse_changes(words: Mapping[str, str]) -> Changes:
    """Read for example ``{"bwlimit": "10M", "tps": "off", "transfers": "8"}``. Raises Misconfigured."""
    readers: Mapping[str, Callable[[str], Timetable | float]] = {
        "bwlimit": parse_limit,
        "tps": parse_calls,
        "transfers": _parse_transfers,
    }
    if unknown := sorted(words.keys() - readers.keys()):
        raise Misconfigured(f"'{unknown[0]}' can't be changed while a job runs; what can is {', '.join(readers)}.")
    values = {name: readers[name](text) for name, text in words.items()}
    return Changes(**values)  # type: ignore[arg-type]


def _parse_transfers(text: str) -> int:
    written = text.strip()
    if written.lower() == UNLIMITED:
        return 0
    if not (written.isascii() and written.isdecimal() and int(written)):
        raise Misconfigured(f"'{text}' is not a number of transfers; write for example 8, or off.")
    return int(written)


def local_now() -> datetime:
    """What the clock on the wall shows."""
    return datetime.now().astimezone()


class Controls:
    """Give it to :func:`transfer.sync` and its like as ``controls``, and change its limits at any time.

    All calls are for the event loop that the run is on. Where several runs have the same
    controls, the limits are for all of them together.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, now: Callable[[], datetime] = local_now) -> None:
        self._clock = clock
        self._now = now
        self._timetable = OFF
        self._lifted = False
        self._rates = Rates()
        self._tps: float | None = None
        self.transfers: int | None = None
        """Objects and parts in flight at once; None: as many as fill the path."""
        self._calls: dict[str, Bucket] = {}
        self.up = Bucket(clock=clock)
        """What all bytes that are sent to a target pass; ``down``, those that are read from a source."""
        self.down = Bucket(clock=clock)

    @classmethod
    def of(cls, options: Options, controls: Controls | None = None) -> Controls:
        """``controls`` or new ones, with the limits that the options ask for. Raises Misconfigured."""
        controls = cls() if controls is None else controls
        controls.change(options.bwlimit, options.tps, options.transfers)
        return controls

    def change(
        self, bwlimit: int | str | Timetable | None = None, tps: float | None = None, transfers: int | None = None
    ) -> None:
        """Set these limits, and leave alone those that are None. ``"off"``, ``math.inf`` and 0 are no limits.

        Raises Misconfigured for a text that can't be read.
        """
        if bwlimit is not None:
            self._timetable = timetable_of(bwlimit)
            self._lifted = False
            self.follow()
        if tps is not None:
            self._tps = None if math.isinf(tps) else tps
            for bucket in self._calls.values():
                bucket.change(self._tps)
        if transfers is not None:
            self.transfers = transfers or None

    def toggle(self) -> None:
        """Lift the limit on bytes, or put it back."""
        self._lifted = not self._lifted
        self.follow()

    def follow(self) -> None:
        """Do what the timetable says now."""
        self._rates = Rates() if self._lifted else limit_at(self._timetable, self._now())
        self.up.change(self._rates.up)
        self.down.change(self._rates.down)

    def calls(self, origin: Origin) -> Bucket:
        """What all requests to the endpoint of ``origin`` pass, one unit each. Disks are not limited."""
        if is_disk(origin):
            return Bucket()
        return self._calls.setdefault(origin.endpoint, Bucket(self._tps, clock=self._clock))

    def __str__(self) -> str:
        tps = UNLIMITED if self._tps is None else f"{self._tps:g}"
        transfers = "" if self.transfers is None else f", transfers {self.transfers}"
        return f"bwlimit {self._rates}, tps {tps}{transfers}"
