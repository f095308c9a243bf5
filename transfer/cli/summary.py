"""The end of a run: what was done, how it was proven, what failed, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click

from transfer.cli import thawing
from transfer.cli.job import Job, Rows
from transfer.cli.words import count, printable
from transfer.event import Outcome, Result, Totals
from transfer.units import format_duration, format_rate, format_size

_SHOWN = 10
"""Failures that are told one by one."""


def summary(job: Job, result: Result, *, color: bool) -> str:
    """The summary as text of several lines."""
    blocks = [
        [_style(job.title, color, bold=True)],
        list(_table(job, result, color)),
        list(_evidence(result)),
        [] if job.rows is Rows.DIFFERENCES else list(_failures(result, color)),
        [f"  {printable(note)}" for note in result.notes],
        [_style(printable(step), color, fg=None if result.ok else "yellow") for step in next_steps(job, result)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def errors(job: Job, result: Result) -> list[str]:
    """What went wrong, a sentence each."""
    told = [] if job.rows is Rows.DIFFERENCES else [line.strip() for line in _failures(result, color=False)]
    if result.refused:
        told.append(f"Refused: {result.refused}")
    return [*told, *([job.last_words] if result.interrupted else [])]


def next_steps(job: Job, result: Result) -> list[str]:
    """What the user may do now, one sentence each; nothing after a run that went well."""
    totals, options = result.totals, job.options
    steps = []
    if result.interrupted:
        steps.append("Interrupted. Run the same command again to go on from here.")
    if result.refused:
        steps.append(f"Refused: {result.refused}")
    if totals.failed and job.verb == "verify":
        steps.append("transfer sync makes them equal; --delete removes what only the target has.")
    elif totals.failed and not job.resumable:
        steps.append("A stream can't be taken up again: run the command from the start.")
    elif totals.failed and not result.interrupted:
        steps.append("Run the same command again to try what failed once more.")
    if totals.pending and not result.interrupted:
        steps.append(thawing.next_step(result))
    if totals.failed > _SHOWN and not options.report:
        steps.append("Add --report FILE.csv to have every object in a table.")
    if totals.unproven and not options.allow_unproven:
        steps.append("Add --verify readback to prove the rest, or --allow-unproven to accept it.")
    if options.report:
        steps.append(f"Every object is in {options.report}.")
    if result.dry_run:
        steps.append("Nothing was changed. Run it without --dry-run to do this.")
    return steps


def _table(job: Job, result: Result, color: bool) -> Iterator[str]:
    rows = [] if job.verb == "verify" else [row for row in _moved(result) if job.verb != "rm" or "delete" in row.word]
    rows += _looked_at(job, result.totals)
    shown = [row for row in rows if row.number] or rows[:1]
    width = max(len(f"{row.number:,}") for row in shown)
    for row in shown:
        figure = _style(f"{row.word:<18} {row.number:>{width},}", color, fg=row.hue)
        yield f"  {figure}  {_style(row.more, color, dim=True)}".rstrip()


@dataclass(frozen=True, slots=True)
class _Row:
    word: str
    number: int
    hue: str | None
    more: str = ""


def _moved(result: Result) -> list[_Row]:
    totals, plan = result.totals, result.dry_run
    return [
        _Row("to copy" if plan else "copied", totals.copied, "green", format_size(totals.copied_bytes)),
        _Row("metadata to update" if plan else "metadata updated", totals.updated, "green"),
        _Row("to thaw" if plan else "thaws asked for", totals.thaws, "cyan", format_size(totals.thaws_bytes)),
        _Row("waiting", totals.pending, "yellow", f"{format_size(totals.pending_bytes)} in cold storage"),
        _Row("to delete" if plan else "deleted", totals.deleted, "yellow"),
    ]


def _looked_at(job: Job, totals: Totals) -> list[_Row]:
    alike, unlike = ("equal", "different") if job.verb == "verify" else ("skipped", "failed")
    grounds = [(totals.skipped_proven, "proven equal"), (totals.skipped_assumed, "assumed")]
    how = ", ".join(f"{number:,} {ground}" for number, ground in grounds if number)
    # An object that is named, and not listed, counts where a filter leaves it out.
    which = (
        "links, special files and the like"
        if job.options.filter.is_empty
        else "by the filter, or links, special files and the like"
    )
    return [
        _Row(alike, totals.skipped_proven + totals.skipped_assumed, None, how),
        _Row("left out", totals.left_out, None, which),
        _Row(unlike, totals.failed, "red"),
        _Row("unproven", totals.unproven, "red"),
        _Row("metadata lost", totals.metadata_lost, "yellow", "the target could not hold all of it"),
    ]


def _evidence(result: Result) -> Iterator[str]:
    """How objects were proven, and what it took."""
    totals = result.totals
    if result.dry_run:
        return
    if result.proofs:
        yield "  proven: " + ", ".join(f"{number:,} {way}" for way, number in result.proofs)
    rate = format_rate(totals.sent_bytes / result.seconds) if result.seconds else ""
    took = format_duration(result.seconds)
    sent = f"  {format_size(totals.sent_bytes)} sent in {took}, {rate}" if totals.sent_bytes else f"  took {took}"
    yield sent + (f", {count(totals.retries, 'call')} made again" if totals.retries else "")
    if totals.resumed_bytes:
        yield f"  {format_size(totals.resumed_bytes)} were there from an earlier run and not sent again"


def _failures(result: Result, color: bool) -> Iterator[str]:
    for outcome in result.failures[:_SHOWN]:
        name = _style(printable(outcome.key), color, fg="red")
        yield f"  {name}: {_why(outcome)}" if outcome.key else f"  {_why(outcome)}"
    more = result.totals.failed - min(len(result.failures), _SHOWN)
    if result.failures and more > 0:
        yield f"  and {more:,} more"


def _why(outcome: Outcome) -> str:
    return printable(outcome.error or outcome.reason)


def _style(text: str, color: bool, *, fg: str | None = None, bold: bool | None = None, dim: bool | None = None) -> str:
    return click.style(text, fg=fg, bold=bold, dim=dim) if color and text else text
