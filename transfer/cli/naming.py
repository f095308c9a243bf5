"""Names in the log what a run does, object by object."""

from __future__ import annotations

import logging

from transfer.cli.words import printable
from transfer.event import Action, Event, Finished

_log = logging.getLogger("transfer.objects")
_NO_WORK = (Action.SKIP, Action.LEAVE)


class Naming:
    """A listener that logs each object for which something was done, or was to be done."""

    def __call__(self, event: Event) -> None:
        if not isinstance(event, Finished) or event.outcome.action in _NO_WORK:
            return
        outcome = event.outcome
        why = outcome.error or outcome.reason
        _log.info("%s %s: %s (%s)", outcome.action, outcome.verdict, printable(outcome.key), printable(why))

    def count_skips(self, count: int) -> None:
        """What is left as it was has no line."""


def is_wanted() -> bool:
    """Whether such lines would be seen."""
    return _log.isEnabledFor(logging.INFO)
