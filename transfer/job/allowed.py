"""What may be asked for now, by ``--retrieval-rate`` and ``--retrieval-quota``: in this run, after all earlier ones."""

from __future__ import annotations

from transfer.checkpoint import Checkpoint
from transfer.errors import Unsupported
from transfer.options import Options
from transfer.plugin import Store
from transfer.thaw.allowance import DAY_NS, Allowance, Asked, Intent, Ledger, allowed_from, ledger_of, room, together
from transfer.units import format_size


class Allowed:
    """``ledger`` has all that was asked for in the last day, by whomever where the store tells that."""

    def __init__(self, options: Options, ledger: Ledger) -> None:
        self.allowance = Allowance(options.retrieval_rate, options.retrieval_quota)
        self.ledger = ledger

    @classmethod
    async def now(cls, options: Options, store: Store, checkpoint: Checkpoint, now_ns: int) -> Allowed:
        """As the store's list and the checkpoint tell."""
        if Allowance(options.retrieval_rate, options.retrieval_quota).largest is None:
            return cls(options, Ledger())
        requests = await checkpoint.asked_since(now_ns - DAY_NS)
        intents = [Intent(each.key, each.since_ns, each.size, each.span) for each in requests]
        thaws = await store.thaws() if store.capabilities.thaws else ()
        return cls(options, ledger_of(together(thaws, intents)))

    def takes(self, size: int, now_ns: int) -> bool:
        """Count a request for so many bytes, if it may be made now. Raises Unsupported where it never may."""
        largest = self.allowance.largest
        if largest is not None and size > largest:
            raise Unsupported(
                f"its {format_size(size)} are more than may be asked for at once; "
                "raise --retrieval-rate or --retrieval-quota"
            )
        left = room(self.ledger, self.allowance, now_ns)
        if left is None:
            return True
        if size > left:
            return False
        self.ledger = self.ledger.plus(Asked(now_ns, size))
        return True

    def again(self, size: int, now_ns: int) -> int | None:
        """When a request for so many bytes may be made."""
        return allowed_from(self.ledger, self.allowance, size, now_ns)
