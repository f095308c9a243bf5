"""What tests set, and what they may look at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

FaultKind = Literal[
    "throttle",
    "refuse",  # with ``status`` and ``code``
    "reset",  # the connection, and nothing was done
    "lost",  # the answer, although all was done
    "short",  # body, cut off after some bytes
    "wrong crc",  # in the header
    "wrong body",
    "slow",
    "late error",  # 200, and an error document as the body
    "hang",
]


@dataclass(slots=True)
class Switches:
    """How the vendor's endpoint behaves for as long as they stand."""

    default_domain: bool = False
    """Reads carry the headers with which the vendor's own domains force a download."""
    public_forbidden: bool = False
    """Data is refused at this endpoint, as to accounts that are new, unless by a custom domain."""
    compress: bool = True
    """Text is compressed for who accepts it, where the vendor does that."""
    disordered: bool = False
    """Listings come out of order within each page."""
    clock_skew_checked: bool = True
    """Requests that are signed for another time are refused."""
    expedited_full: bool = False
    """There is no room for the fastest tier of restores, where the vendor says that."""
    restore_status: bool = True
    """Listings know the header with which they are asked for restores, where the vendor has one."""


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next ``times`` calls of ``verb`` (any, if empty), after ``skip`` others."""

    kind: FaultKind
    verb: str = ""
    key: str = ""
    times: int = 1
    skip: int = 0
    code: str = ""
    status: int = 503
    delay_ms: int = 0
    """What a throttled caller is told to wait, where the vendor says that."""
    after: int = 0
    """Bytes of the body that still come, for "short"; bytes a second, for "slow"."""

    def wants(self, verb: str, key: str) -> bool:
        """Whether this call is one of them; takes it off the count."""
        if not self.times or self.verb not in ("", verb) or self.key not in ("", key):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass(frozen=True, slots=True)
class Seen:
    """A call that was answered."""

    verb: str
    method: str
    bucket: str
    key: str
    status: int
    code: str = ""


@dataclass(slots=True)
class Controls:
    """All of it."""

    switches: Switches = field(default_factory=Switches)
    faults: list[Fault] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    """Requests by verb, those refused included."""
    seen: list[Seen] = field(default_factory=list)

    def fault(self, verb: str, key: str) -> Fault | None:
        """What goes wrong with this call, if anything."""
        found = next((fault for fault in self.faults if fault.wants(verb, key)), None)
        self.faults = [fault for fault in self.faults if fault.times]
        return found

    def reset(self) -> None:
        """No faults, nothing counted, all switches as they were first."""
        self.switches = Switches()
        self.faults.clear()
        self.calls.clear()
        self.seen.clear()
