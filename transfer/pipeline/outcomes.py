"""What is told of a step at its end. Pure, but for the log."""

from __future__ import annotations

import logging
from dataclasses import replace

from transfer.decide import Do, Step
from transfer.errors import NoSpace, TransferError, Unsupported
from transfer.event import Action, Outcome, Verdict
from transfer.model import Algorithm, Entry
from transfer.pipeline.moved import LeftOut

_log = logging.getLogger(__name__)


def told(step: Step) -> Outcome:
    """The outcome of a step that asks for no work."""
    match step.do:
        case Do.FAIL:
            return outcome_of(step, Action.FAIL, Verdict.FAILED, step.reason)
        case Do.LEAVE:
            return outcome_of(step, Action.LEAVE, Verdict.SKIPPED, step.reason)
        case _:
            entry = step.source or step.target
            size = entry.size if entry else None
            skip = Outcome(step.key, Action.SKIP, Verdict.SKIPPED, step.reason, size=size, assumed=not step.proven)
            return skip if step.source is None else _paired(skip, step.source, step.target)


def outcome_of(step: Step, action: Action, verdict: Verdict, reason: str) -> Outcome:
    """An outcome of ``step``; of a failure, the reason is the error."""
    entry = step.source or step.target
    error = reason if verdict is Verdict.FAILED else None
    return Outcome(step.key, action, verdict, reason, size=entry.size if entry else None, error=error)


def of_source(outcome: Outcome, source: Entry) -> Outcome:
    """With what tells this source from all others."""
    checksum = kept(source)
    if source.version is None and checksum is None:
        return outcome
    return replace(outcome, source_version=source.version, source_checksum=checksum)


def _paired(skip: Outcome, source: Entry, target: Entry | None) -> Outcome:
    """With what tells both sides from all others, where the source has that: so a run that was killed loses no pair."""
    outcome = of_source(skip, source)
    return outcome if outcome is skip or target is None else replace(outcome, etag=target.etag, version=target.version)


def kept(entry: Entry) -> tuple[Algorithm, bytes] | None:
    """A checksum that its store keeps."""
    return next(iter(entry.checksums.items()), None)


def stopped(step: Step, error: Exception) -> Outcome:
    """The outcome of a step that could not be carried out."""
    if isinstance(error, LeftOut):
        return outcome_of(step, Action.LEAVE, Verdict.SKIPPED, str(error))
    fatal = isinstance(error, NoSpace)
    action = Action.UPDATE if step.do is Do.UPDATE else Action.COPY
    return replace(
        outcome_of(step, action, Verdict.FAILED, step.reason),
        error=sentence(step.key, error),
        retryable=not fatal and not isinstance(error, Unsupported),
        fatal=fatal,
    )


def sentence(key: str, error: Exception) -> str:
    """What is told of an error that one object met.

    One that nobody raised on purpose is a defect, of ours or of a plugin, that one object shows;
    it must not end the run for all others. Its text may hold anything, so it isn't told.
    """
    if isinstance(error, TransferError):
        return str(error)
    if isinstance(error, MemoryError):
        return "the system has no memory left; give less with --memory"
    _log.debug("'%s' met a defect", key, exc_info=error)
    return f"an unexpected {type(error).__name__}, which is a defect; --log-level debug shows where"
