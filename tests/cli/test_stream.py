"""What goes to stdout while a run goes on, for programs and for people."""

from __future__ import annotations

import asyncio
import json

from tests.cli.samples import COPIED, FAILED, result_of
from tests.virtual_time import clock, run_virtually
from transfer.cli import stream
from transfer.event import (
    Action,
    BytesMoved,
    Event,
    Finished,
    Listed,
    Notice,
    ObjectStarted,
    Planned,
    Replanned,
    Retrying,
    RunFinished,
    RunStarted,
    Totals,
)
from transfer.report import FIELDS

EVENTS: list[Event] = [
    RunStarted("a", "b", "c.sqlite", resuming=True),
    Notice("n"),
    Replanned("target"),
    Listed("source", 5),
    Planned("k", Action.UPDATE, "headers", 3),
    ObjectStarted("k", 3),
    BytesMoved("k", 3),
    BytesMoved("k", 4, resumed=True),
    Retrying("put k", 1, 0.5, "503"),
    Finished(COPIED),
    RunFinished(result_of(proofs=(("verified (md5)", 1),))),
]


def told(events: list[Event]) -> list[dict[str, object]]:
    lines: list[str] = []
    listen = stream.JsonLines(lines.append)
    for event in events:
        listen(event)
    return [json.loads(line) for line in lines]


def test_the_names_of_events_are_stable() -> None:
    """Each event is a line under its name; what comes too often is summed up."""
    assert [line["event"] for line in told(EVENTS)] == [
        "run_started",
        "notice",
        "replanned",
        "planned",
        "object_started",
        "retrying",
        "finished",
        "progress",
        "run_finished",
    ]


def test_the_fields_of_events_are_stable() -> None:
    """Their fields are the API's, those of objects the report's, those of the end the totals'."""
    lines = {str(line["event"]): line for line in told(EVENTS)}
    assert list(lines["run_started"]) == ["event", "source", "target", "checkpoint", "resuming", "dry_run"]
    assert lines["planned"] == {
        "event": "planned", "key": "k", "action": "update metadata", "reason": "headers", "size": 3,
    }  # fmt: skip
    assert lines["retrying"] == {"event": "retrying", "what": "put k", "attempt": 1, "wait": 0.5, "error": "503"}
    assert lines["progress"] == {
        "event": "progress", "bytes_moved": 3, "bytes_resumed": 4, "source_listed": 5, "target_listed": 0,
    }  # fmt: skip
    assert set(lines["finished"]) == {"event", *FIELDS}
    assert set(Totals.__dataclass_fields__) < set(lines["run_finished"])
    assert (lines["run_finished"]["exit_status"], lines["run_finished"]["proofs"]) == (0, {"verified (md5)": 1})


def test_progress_comes_once_a_second() -> None:
    """A thousand moves in three seconds make three lines of progress."""
    now = 0.0
    lines: list[str] = []
    listen = stream.JsonLines(lines.append, clock=lambda: now)
    listen(EVENTS[0])
    for _ in range(1000):
        now += 0.0032
        listen(BytesMoved("k", 1))
    assert len(lines) == 1 + 3


def test_progress_comes_where_nothing_happens() -> None:
    """Once a second from the start of a run to its end, and not before or after."""
    lines: list[str] = []

    async def run() -> None:
        listen = stream.JsonLines(lines.append, clock=clock)
        telling = asyncio.create_task(listen.keep_telling())
        for event, seconds in ((None, 10.0), (EVENTS[0], 3.4), (BytesMoved("k", 1), 1.5), (EVENTS[-1], 10.0)):
            if event is not None:
                listen(event)
            await asyncio.sleep(seconds)
        telling.cancel()

    run_virtually(run())
    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events] == ["run_started", *["progress"] * 5, "run_finished"]
    assert [event["bytes_moved"] for event in events[1:-1]] == [0, 0, 0, 1, 1]


def test_a_plan_is_a_line_for_each_step() -> None:
    """Action, size, key and reason, in columns."""
    lines: list[str] = []
    listen = stream.plan_lines(lines.append, color=False)
    for event in (Planned("a\nb", Action.COPY, "new", 1536), Planned("c", Action.DELETE, "gone", None), EVENTS[0]):
        listen(event)
    assert lines == ["copy              1.5 KiB  a\\x0ab  (new)", "delete                     c  (gone)"]


def test_differences_are_told_as_they_are_found() -> None:
    """Only what differs has a line, with its reason."""
    lines: list[str] = []
    listen = stream.difference_lines(lines.append, color=False)
    listen(Finished(COPIED))
    listen(Finished(FAILED))
    assert lines == ["      9 B  c  (the server said no)"]
