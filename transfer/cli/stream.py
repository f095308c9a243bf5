"""What a run writes to stdout while it goes on: its events as JSON lines, or the steps of its plan."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import get_args

import click

from transfer.cli.costs import estimate_body
from transfer.cli.stdio import write_now
from transfer.cli.words import printable, size
from transfer.costs import Estimate
from transfer.drain import Drain
from transfer.event import (
    Action,
    BytesMoved,
    Event,
    Finished,
    Listed,
    Listener,
    Planned,
    Result,
    RunFinished,
    RunStarted,
    Verdict,
)
from transfer.report import Value, outcome_row

_EVERY = 1.0
"""Seconds between two ``progress`` lines."""

_KINDS = get_args(Event)
_NAMES = {kind: re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower() for kind in _KINDS}
_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in _KINDS}

_encode = json.JSONEncoder(ensure_ascii=False).encode
_COLORS = {
    Action.COPY: "green",
    Action.UPDATE: "cyan",
    Action.DELETE: "red",
    Action.FAIL: "red",
    Action.THAW: "blue",
}


def lines_to_stdout(on_failure: Callable[[OSError], None]) -> Drain[str]:
    """A drain of lines to stdout."""
    return Drain(lambda lines: write_now("\n".join(lines) + "\n"), on_failure=on_failure)


class JsonLines:
    """A listener that puts each event as a JSON object with its name under ``event``.

    Names and fields are those of :mod:`transfer.event` (``RunStarted`` is
    ``run_started``), but for three: ``finished`` has the columns of the report,
    ``run_finished`` the totals beside ``exit_status``, and ``bytes_moved`` and ``listed``
    are summed up into one ``progress`` a second.
    """

    def __init__(self, put: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._put = put
        self._progress = _Progress(clock)
        self._running = False

    def __call__(self, event: Event) -> None:
        if isinstance(event, BytesMoved | Listed):
            self._progress.add(event)
        if isinstance(event, RunFinished):
            self._running = False
            self._tell_progress()
        else:
            self._tell_if_due()
        if not isinstance(event, BytesMoved | Listed):
            self._put(_line(_NAMES[type(event)], _body(event)))
        if isinstance(event, RunStarted):
            self._running = True
            self._progress.begin()

    async def keep_telling(self) -> None:
        """Tell the progress of a run in time though no event comes, until cancelled."""
        while True:
            await asyncio.sleep(self._progress.left or _EVERY)
            self._tell_if_due()

    def _tell_if_due(self) -> None:
        if self._running and not self._progress.left:
            self._tell_progress()

    def _tell_progress(self) -> None:
        self._put(_line("progress", self._progress.take()))


def plan_lines(put: Callable[[str], None], *, color: bool) -> Listener:
    """A listener that puts the steps that a dry run would take."""

    def listen(event: Event) -> None:
        if isinstance(event, Planned) and event.action is not Action.SKIP:
            put(_step_line(event, color=color))

    return listen


def difference_lines(put: Callable[[str], None], *, color: bool) -> Listener:
    """A listener that puts what differs between two sides."""

    def listen(event: Event) -> None:
        if isinstance(event, Finished) and event.outcome.verdict is Verdict.FAILED:
            outcome = event.outcome
            put(_object_line(outcome.size, outcome.key, outcome.error or outcome.reason, color=color))

    return listen


def _step_line(step: Planned, *, color: bool) -> str:
    """``copy               1.5 KiB  a/b  (not at the target)``."""
    action = f"{step.action.value:<15}"
    action = click.style(action, fg=_COLORS.get(step.action)) if color else action
    return f"{action} {_object_line(step.size, step.key, step.reason, color=color)}"


def _object_line(bytes: int | None, key: str, why: str, *, color: bool) -> str:
    why = f"({printable(why)})"
    return f"{size(bytes):>9}  {printable(key)}  {click.style(why, dim=True) if color else why}"


class _Progress:
    """Sums of what comes too often to be told one by one."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.begin()
        self._bytes = self._resumed = 0
        self._listed: dict[str, int] = {"source": 0, "target": 0}

    def begin(self) -> None:
        """It is to be told a while from now."""
        self._at = self._clock()

    def add(self, event: BytesMoved | Listed) -> None:
        if isinstance(event, Listed):
            self._listed[event.side] = self._listed.get(event.side, 0) + event.count
        elif event.resumed:
            self._resumed += event.size
        else:
            self._bytes += event.size

    @property
    def left(self) -> float:
        """Seconds until it is to be told again."""
        return max(0.0, _EVERY - (self._clock() - self._at))

    def take(self) -> dict[str, Value]:
        self.begin()
        listed = {f"{side}_listed": count for side, count in self._listed.items()}
        return {"bytes_moved": self._bytes, "bytes_resumed": self._resumed, **listed}


def _body(event: Event) -> dict[str, object]:
    if isinstance(event, Finished):
        return {**outcome_row(event.outcome)}
    if isinstance(event, RunFinished):
        return result_body(event.result)
    return {name: getattr(event, name) for name in _FIELDS[type(event)]}


def result_body(result: Result) -> dict[str, object]:
    """How a run ended, without the failures, which have lines of their own."""
    return {
        "exit_status": result.exit_status,
        "seconds": round(result.seconds, 3),
        **asdict(result.totals),
        "proofs": dict(result.proofs),
        "refused": result.refused,
        "interrupted": result.interrupted,
        "dry_run": result.dry_run,
        "ready_ns": result.ready_ns,
        "costs": [_cost(url, estimate) for url, estimate in result.costs],
        "notes": list(result.notes),
    }


def _cost(url: str, estimate: Estimate) -> dict[str, object]:
    """Amounts are decimal numbers as texts."""
    return {"at": url, **estimate_body(estimate)}


def _line(name: str, body: Mapping[str, object]) -> str:
    return _encode({"event": name, **body})
