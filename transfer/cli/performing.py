"""Runs a job of the engine as a command: shows it, tells its end, gives its exit status."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

import click

from transfer.cli import naming, stream
from transfer.cli.job import Job, Rows
from transfer.cli.problems import BROKEN_PIPE, INTERRUPTED, say
from transfer.cli.progress import progress
from transfer.cli.running import Stop, run
from transfer.cli.stdio import show
from transfer.cli.summary import errors, summary
from transfer.cli.tally import Tally
from transfer.errors import TransferError
from transfer.event import CountsSkips, Event, Listener, Result, Totals
from transfer.secrets import Redactor


def perform(job: Job, redactor: Redactor) -> int:
    """Run ``job`` to its end; returns the exit status."""
    return run(lambda stop: _perform(job, redactor, stop))


def rows_of(context: click.Context, otherwise: Rows = Rows.NONE) -> Rows:
    """What the options of a command ask for."""
    if context.params.get("json"):
        return Rows.EVENTS
    return Rows.PLAN if context.params.get("dry_run") else otherwise


async def _perform(job: Job, redactor: Redactor, stop: Stop) -> int:
    stop.last_words = job.last_words
    tally = Tally(open_ended=job.options.files_from is not None)
    try:
        with _shown(job, tally, stop, redactor) as listener, _controlled(job):
            result = await job.start(listener)
        await asyncio.sleep(0)  # A stop that came with the last line is heard here.
    except asyncio.CancelledError:
        _tell_stop(job, tally.result, stop, redactor)
        raise
    except TransferError:
        if tally.result is not None and tally.result.totals != Totals():
            _conclude(job, tally.result, redactor)
        raise
    return _conclude(job, result, redactor)


@contextmanager
def _shown(job: Job, tally: Tally, stop: Stop, redactor: Redactor) -> Iterator[Listener]:
    """A listener for the job, with everything that shows it at work."""
    with ExitStack() as stack:
        listeners: list[Listener] = [tally]
        if job.rows is not Rows.NONE:
            drain = stream.lines_to_stdout(stop.output_failed)
            stack.callback(drain.close)
            rows = _rows(job.rows, drain.put)
            listeners.append(rows)
            if isinstance(rows, stream.JsonLines):
                stack.callback(asyncio.create_task(rows.keep_telling()).cancel)
        used = job.rows is not Rows.NONE
        if naming.is_wanted():
            listeners.append(naming.Naming())
        wanted = bool(job.progress) if job.quiet else job.progress
        live = stack.enter_context(progress(job.title, tally, wanted=wanted, stdout_is_used=used))
        if not live and not job.quiet and job.rows is not Rows.EVENTS:
            tally.say = partial(say, redactor=redactor)
        yield _all_of(listeners)


@contextmanager
def _controlled(job: Job) -> Iterator[None]:
    """A signal lifts the limit on bytes and puts it back, unless our parent had us ignore it."""
    if job.controls is None or signal.getsignal(signal.SIGUSR2) is signal.SIG_IGN:
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR2, job.controls.toggle)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGUSR2)


def _rows(rows: Rows, put: Callable[[str], None]) -> Listener:
    if rows is Rows.EVENTS:
        return stream.JsonLines(put)
    if rows is Rows.PLAN:
        return stream.plan_lines(put, color=colored(sys.stdout.isatty()))
    return stream.difference_lines(put, color=colored(sys.stdout.isatty()))


def _all_of(listeners: Sequence[Listener]) -> Listener:
    if len(listeners) == 1:
        return listeners[0]
    counting = [listener for listener in listeners if isinstance(listener, CountsSkips)]
    return _AllCounting(counting) if len(counting) == len(listeners) else _All(listeners)


class _All:
    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = listeners

    def __call__(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)


class _AllCounting:
    def __init__(self, listeners: Sequence[CountsSkips]) -> None:
        self._listeners = listeners

    def __call__(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)

    def count_skips(self, count: int) -> None:
        for listener in self._listeners:
            listener.count_skips(count)


def _tell_stop(job: Job, result: Result | None, stop: Stop, redactor: Redactor) -> None:
    """How far it came and how to go on; nothing where nobody reads any more."""
    if stop.status == INTERRUPTED and result is not None and job.rows is not Rows.EVENTS:
        _conclude(job, result, redactor)
    elif stop.status is not None and stop.status != BROKEN_PIPE:
        say(stop.last_words, redactor)


def _conclude(job: Job, result: Result, redactor: Redactor) -> int:
    """Show the summary, unless JSON lines have told it or errors alone are wanted; returns the exit status."""
    if job.rows is Rows.EVENTS:
        return result.exit_status
    if job.quiet:
        for sentence in errors(job, result):
            say(sentence, redactor)
        return result.exit_status
    text = summary(job, result, color=colored(sys.stdout.isatty()))
    try:
        show(f"\n{text}" if job.rows is not Rows.NONE else text)
    except TransferError as error:
        say(f"{error} The run itself has ended; only its summary is lost.", redactor)
        return result.exit_status or 1
    return result.exit_status


def colored(terminal: bool) -> bool:
    """Whether to write in colour: to terminals, but for those who said no (https://no-color.org)."""
    return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
