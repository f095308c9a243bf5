"""The end of a run with ``--delete``: what the source no longer has goes from the target too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from transfer import killpoint
from transfer.checkpoint import Checkpoint
from transfer.errors import NotFound, TransferError
from transfer.event import Action, Outcome, Verdict
from transfer.model import Entry
from transfer.pipeline.backup import back_up
from transfer.pipeline.outcomes import sentence
from transfer.pipeline.route import Route
from transfer.tasks import for_each

_LOOKS_AT_ONCE = 32


def refusal(doomed: int, *, source_empty: bool, route: Route) -> str | None:
    """The sentence with which deleting is refused, if a safety limit says so."""
    options = route.options
    if not doomed:
        return None
    if source_empty and not options.allow_empty_source:
        passing = "" if options.filter.is_empty else " that passes the filter"
        return (
            f"the source listed no object{passing}, so everything at the target ({doomed:,}) would be deleted; "
            "give --allow-empty-source if that is meant"
        )
    if options.max_delete is not None and doomed > options.max_delete:
        return f"{doomed:,} deletions are more than --max-delete {options.max_delete:,} allows; nothing was deleted"
    return None


async def delete(route: Route, checkpoint: Checkpoint) -> AsyncIterator[Outcome]:
    """Delete all candidates that are still not at the source; one outcome each."""
    async for page in checkpoint.doomed():
        size = max(1, route.target.limits.delete_batch)
        for start in range(0, len(page), size):
            async for outcome in _delete_batch(route, checkpoint, page[start : start + size]):
                yield outcome


async def _delete_batch(route: Route, checkpoint: Checkpoint, entries: Sequence[Entry]) -> AsyncIterator[Outcome]:
    gone: list[Entry] = []
    outcomes: list[Outcome] = []

    async def look(entry: Entry) -> None:
        outcome = await _still_doomed(route, entry)
        if outcome is None:
            gone.append(entry)
        else:
            outcomes.append(outcome)

    await for_each(entries, look, width=_LOOKS_AT_ONCE)
    outcomes += await _delete_now(route, gone)
    deleted = [outcome.key for outcome in outcomes if outcome.verdict is Verdict.DONE]
    checkpoint.forget(deleted)
    for outcome in outcomes:
        yield outcome


async def _still_doomed(route: Route, entry: Entry) -> Outcome | None:
    """None if the object may go now, else why it stays."""
    try:
        await route.source.stat(entry.key)
    except NotFound:
        pass
    except Exception as error:
        return _failed(entry, error)
    else:
        reason = "is at the source again"
        return Outcome(entry.key, Action.SKIP, Verdict.SKIPPED, reason, size=entry.size, assumed=True)
    if route.backup is None:
        return None
    try:
        await back_up(route, entry.key, entry)
    except NotFound:
        return None
    except Exception as error:
        return _failed(entry, error)
    return None


async def _delete_now(route: Route, entries: Sequence[Entry]) -> list[Outcome]:
    if not entries:
        return []
    try:
        failures = await route.target.delete([entry.key for entry in entries])
    except TransferError as error:
        failures = {entry.key: error for entry in entries}
    killpoint.reach("delete")
    return [
        _failed(entry, failures[entry.key])
        if entry.key in failures
        else Outcome(entry.key, Action.DELETE, Verdict.DONE, "not at the source any more", size=entry.size)
        for entry in entries
    ]


def _failed(entry: Entry, error: Exception) -> Outcome:
    told, reason = sentence(entry.key, error), "not at the source any more"
    return Outcome(entry.key, Action.DELETE, Verdict.FAILED, reason, size=entry.size, error=told)
