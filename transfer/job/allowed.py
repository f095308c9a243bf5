"""What to ask for next: no more than is allowed, and no more than can be copied while it is readable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from transfer.checkpoint import Checkpoint
from transfer.job.measured import ASSUMED, Measured
from transfer.model import Cold, Thaw
from transfer.options import Options
from transfer.thaw.allowance import DAY_NS, Allowance, Asked, Intent, Ledger, ledger_of, together
from transfer.thaw.waves import Copying, Parked, Wave, next_wave


def allowance_of(options: Options) -> Allowance:
    """``--retrieval-rate`` and ``--retrieval-quota``."""
    return Allowance(options.retrieval_rate, options.retrieval_quota)


class Allowed:
    """Of one round. ``ledger`` has all that was asked for in the last day, ``uncopied`` what is yet to be copied."""

    def __init__(self, allowance: Allowance, ledger: Ledger, uncopied: Iterable[Thaw], copying: Copying) -> None:
        self._allowance = allowance
        self._ledger = ledger
        self._uncopied = list(uncopied)
        self._copying = copying

    @classmethod
    async def now(
        cls, options: Options, checkpoint: Checkpoint, thaws: Sequence[Thaw], measured: Measured, days: int, now_ns: int
    ) -> Allowed:
        """As the store's list and the checkpoint tell; ``thaws`` are those of the list, by whomever."""
        allowance = allowance_of(options)
        ledger = Ledger()
        if allowance.largest is not None:
            requests = await checkpoint.asked_since(now_ns - DAY_NS)
            intents = [Intent(each.key, each.since_ns, each.size, each.span) for each in requests]
            ledger = ledger_of(together(thaws, intents))
        uncopied = await checkpoint.uncopied(now_ns)
        waiting = [Thaw("", Cold.THAWING, size, ready_ns=ready_ns or now_ns) for ready_ns, size in uncopied]
        return cls(allowance, ledger, waiting, Copying(measured.goodput or ASSUMED, days * DAY_NS / 1e9))

    def wave(self, wanted: Sequence[Parked], now_ns: int) -> Wave:
        """The first of ``wanted`` that may be asked for now; they count as asked for."""
        wave = next_wave(wanted, self._uncopied, self._ledger, self._allowance, self._copying, now_ns)
        size = sum(each.size for each in wave.ask)
        if size:
            self._ledger = self._ledger.plus(Asked(now_ns, size))
            self._uncopied.append(Thaw("", Cold.THAWING, size, now_ns))
        return wave
