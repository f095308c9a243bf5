"""Outcomes and results to show."""

from __future__ import annotations

from typing import Any

from transfer.event import Action, Outcome, Result, Totals, Verdict
from transfer.model import Algorithm, Proof, Proven

COPIED = Outcome(
    "a/b.txt",
    Action.COPY,
    Verdict.DONE,
    "new",
    size=3,
    checksum=(Algorithm.CRC64NVME, bytes.fromhex("0123456789abcdef")),
    proof=Proof(Proven.VERIFIED, "crc64nvme"),
    etag="abc",
    version="v1",
    attempts=1,
    seconds=0.25,
    sent=3,
    lost=("tags", "acl"),
)
FAILED = Outcome("c", Action.COPY, Verdict.FAILED, "new", size=9, attempts=8, error="the server said no")


def result_of(*, seconds: float = 2.0, totals: Totals | None = None, **more: Any) -> Result:
    """A result with these totals, or with one object copied."""
    return Result(totals or Totals(copied=1, copied_bytes=3, sent_bytes=3), seconds, **more)
