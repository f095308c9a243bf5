"""The surroundings of a row: what the servers speak, and what lies between them and the client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """A link with a round trip of ``rtt_ms``, the same both ways. ``control`` is both ends' congestion control."""

    rtt_ms: float
    rate_mbit: float
    loss_percent: float
    control: str = "bbr"

    def __str__(self) -> str:
        return f"{self.rtt_ms:g} ms, {self.rate_mbit:g} Mbit/s, {self.loss_percent:g} % loss, {self.control}"


LINKS: Mapping[str, Link] = {
    "200ms": Link(200, 400, 0.5),
    "5ms": Link(5, 400, 0),
    "50ms": Link(50, 400, 0),
    "300ms": Link(300, 400, 2),
}
"""The shapes; the first is the one with targets."""


@dataclass(frozen=True, slots=True)
class Ground:
    """With ``md5_only`` the servers know no checksum but MD5; without ``link`` all is on loopback.

    ``emulated``: the servers are the tests' emulators of several vendors, instead of our light S3.
    """

    tls: bool = False
    md5_only: bool = False
    link: Link | None = None
    emulated: bool = False

    def __str__(self) -> str:
        """What is added to the name of a row."""
        tls = ", over TLS" if self.tls else ""
        md5 = ", only an MD5 proves" if self.md5_only else ""
        emulated = ", on the emulators" if self.emulated else ""
        return tls + md5 + emulated + (f", {self.link}" if self.link else "")


PLAIN = Ground()
