"""Uploads that nobody goes on with, which a provider charges for all the same."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from transfer.checkpoint import Checkpoint, folder_of


async def unused_uploads(checkpoint: Checkpoint, unfinished: Collection[str]) -> str | None:
    """A note at the end of a run that has looked at everything: how many uploads it had no use for; None without any.

    ``unfinished`` are the keys that the checkpoint has an open upload for. That of an object which failed, or waits for
    cold storage, is for the next run.
    """
    unused = set(unfinished)
    if unused:
        async for failures in checkpoint.failures():
            unused.difference_update(failure.key for failure in failures)
        async for parked in checkpoint.parked():
            unused.difference_update(each.key for each in parked)
    return _sentence(len(unused), _name(checkpoint.path)) if unused else None


def _name(path: Path) -> str:
    """What ``transfer jobs clean`` knows a checkpoint by."""
    return path.stem if path.parent == folder_of() else str(path.absolute())


def _sentence(number: int, job: str) -> str:
    one = number == 1
    uploads = "1 upload" if one else f"{number:,} uploads"
    return (
        f"{uploads} that this run had no use for {'is' if one else 'are'} still open at the target; "
        f"'transfer jobs clean {job}' aborts {'it' if one else 'them'}."
    )
