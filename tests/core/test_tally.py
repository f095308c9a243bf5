"""What a run counts."""

from __future__ import annotations

from dataclasses import replace

from transfer.event import Action, Outcome, Verdict
from transfer.model import UNPROVEN, Proof, Proven
from transfer.tally import Tally

DONE = Outcome("k", Action.COPY, Verdict.DONE, "new", size=5, proof=Proof(Proven.VERIFIED, "md5"), sent=3, resumed=2)


def test_every_end_is_counted_where_it_belongs() -> None:
    """Objects, bytes, proofs, losses and tries."""
    tally = Tally()
    for outcome in (
        DONE,
        replace(DONE, attempts=3, lost=("tags",)),
        replace(DONE, proof=UNPROVEN),
        replace(DONE, action=Action.UPDATE),
        replace(DONE, action=Action.DELETE, proof=None),
        Outcome("k", Action.SKIP, Verdict.SKIPPED, "same"),
        Outcome("k", Action.SKIP, Verdict.SKIPPED, "same", assumed=True),
        Outcome("k", Action.LEAVE, Verdict.SKIPPED, "socket"),
        replace(DONE, verdict=Verdict.FAILED, proof=UNPROVEN, error="no"),
    ):
        tally.add(outcome)
    totals = tally.totals
    assert (totals.copied, totals.copied_bytes, totals.updated, totals.deleted) == (3, 15, 1, 1)
    assert (totals.skipped_proven, totals.skipped_assumed, totals.left_out) == (1, 1, 1)
    assert (totals.failed, totals.unproven, totals.metadata_lost, totals.retries) == (1, 2, 1, 2)
    assert (totals.sent_bytes, totals.resumed_bytes) == (18, 12)
    assert tally.proofs == {"verified (md5)": 3, "unproven": 1}


def test_failures_kept_are_few_and_counted_all() -> None:
    """Memory does not grow with them."""
    tally = Tally()
    for number in range(1000):
        tally.add(Outcome(str(number), Action.COPY, Verdict.FAILED, "x", error="no"))
    assert tally.totals.failed == tally.errors == 1000
    assert [outcome.key for outcome in tally.failures] == [str(number) for number in range(100)]
    tally.restart()
    assert (tally.errors, tally.failures) == (0, [])
