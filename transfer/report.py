"""The report: one row for each object, as CSV or JSON lines, written beside the run.

Rows go through a :class:`~transfer.drain.Drain`, so that a slow disk does not hold up the event loop, and
a fast run can't fill the memory.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import Protocol, TextIO

from transfer.drain import Drain
from transfer.errors import Misconfigured, TransferError
from transfer.event import Event, Finished, Listener, Outcome, Replanned, RunStarted, Verdict
from transfer.model import Algorithm

FIELDS = (
    "key",
    "size",
    "action",
    "verdict",
    "reason",
    "checksum",
    "proof",
    "assumed",
    "etag",
    "version",
    "source_version",
    "source_checksum",
    "attempts",
    "seconds",
    "sent",
    "resumed",
    "lost",
    "error",
)
"""The columns, in order. Their names are stable."""

Value = str | int | float | bool | None
_encode = json.JSONEncoder(ensure_ascii=False).encode


class _Mark(Enum):
    """What stands between rows."""

    BEGIN = "begin the file anew"
    KEEP_DONE = "the plan is made anew: skips and failures so far are void"


def outcome_row(outcome: Outcome) -> dict[str, Value]:
    """The columns of one object. Checksums read ``crc64nvme:0123456789abcdef``."""
    return {
        "key": outcome.key,
        "size": outcome.size,
        "action": outcome.action.value,
        "verdict": outcome.verdict.value,
        "reason": outcome.reason,
        "checksum": _written(outcome.checksum),
        "proof": None if outcome.proof is None else str(outcome.proof),
        "assumed": outcome.assumed,
        "etag": outcome.etag,
        "version": outcome.version,
        "source_version": outcome.source_version,
        "source_checksum": _written(outcome.source_checksum),
        "attempts": outcome.attempts,
        "seconds": round(outcome.seconds, 6),
        "sent": outcome.sent,
        "resumed": outcome.resumed,
        "lost": ", ".join(outcome.lost) or None,
        "error": outcome.error,
    }


def _written(checksum: tuple[Algorithm, bytes] | None) -> str | None:
    return None if checksum is None else f"{checksum[0].value}:{checksum[1].hex()}"


def read_report(path: Path) -> Iterator[Mapping[str, object]]:
    """The rows of a report that a run has written. Blocking. Raises Misconfigured for what is none."""
    form = _FORMS.get(path.suffix)
    if form is None:
        raise Misconfigured(f"The report '{path}' must end in .csv or .jsonl.")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from form.rows(file)
    except OSError as error:
        raise Misconfigured(f"The report '{path}' can't be read: {error.strerror}.") from None
    except (ValueError, csv.Error) as error:
        raise Misconfigured(f"The report '{path}' is damaged: {error}.") from None


class Report:
    """A listener that writes ``path``, whose suffix (``.csv`` or ``.jsonl``) tells the form.

    An earlier report stays until the run has started. Raises Misconfigured where the path
    can't be written or has another suffix.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix not in _FORMS:
            raise Misconfigured(f"The report '{path}' must end in .csv or .jsonl.")
        try:
            self._file = path.open("a", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            raise Misconfigured(f"The report '{path}' can't be written: {error.strerror}.") from None
        self._path = path
        self._drain: Drain[Outcome | _Mark] = Drain(_writer(path, self._file))

    def __call__(self, event: Event) -> None:
        match event:
            case Finished(outcome):
                self._drain.put(outcome)
            case RunStarted():
                self._drain.put(_Mark.BEGIN)
            case Replanned():
                self._drain.put(_Mark.KEEP_DONE)

    def close(self) -> None:
        """Write the rest. Raises TransferError if rows are missing."""
        self._drain.close()
        failure = self._drain.failure
        try:
            self._file.close()
        except OSError as error:
            failure = failure or error
        if failure is not None:
            raise TransferError(f"The report '{self._path}' is not complete: {failure.strerror}.")


@asynccontextmanager
async def reporting(path: Path | None, listener: Listener) -> AsyncIterator[Listener]:
    """``listener``, with a report beside it where there is a ``path``."""
    if path is None:
        yield listener
        return
    report = await asyncio.to_thread(Report, path)

    def both(event: Event) -> None:
        report(event)
        listener(event)

    try:
        yield both
    except BaseException:
        with suppress(TransferError):
            await asyncio.to_thread(report.close)
        raise
    await asyncio.to_thread(report.close)


class _Form(Protocol):
    """How rows look in a file."""

    def head(self) -> str: ...

    def line(self, row: Mapping[str, object]) -> str: ...

    def rows(self, file: TextIO) -> Iterator[Mapping[str, object]]: ...


class _Csv:
    def head(self) -> str:
        return ",".join(FIELDS) + "\n"

    def line(self, row: Mapping[str, object]) -> str:
        text = io.StringIO()
        csv.DictWriter(text, FIELDS, lineterminator="\n").writerow(row)
        return text.getvalue()

    def rows(self, file: TextIO) -> Iterator[Mapping[str, object]]:
        return iter(csv.DictReader(file))


class _Lines:
    def head(self) -> str:
        return ""

    def line(self, row: Mapping[str, object]) -> str:
        return _encode(row) + "\n"

    def rows(self, file: TextIO) -> Iterator[Mapping[str, object]]:
        return map(json.loads, file)


_FORMS: Mapping[str, _Form] = {".csv": _Csv(), ".jsonl": _Lines()}


def _writer(path: Path, file: TextIO) -> Callable[[Sequence[Outcome | _Mark]], None]:
    """What the drain's thread does with a run of items."""
    form = _FORMS[path.suffix]

    def write(items: Sequence[Outcome | _Mark]) -> None:
        for item in items:
            if item is _Mark.BEGIN:
                file.truncate(0)
                file.write(form.head())
            elif item is _Mark.KEEP_DONE:
                file.flush()
                _keep_done(form, path, file)
            else:
                file.write(form.line(outcome_row(item)))
        file.flush()

    return write


def _keep_done(form: _Form, path: Path, file: TextIO) -> None:
    """Drop all rows but those of objects that were done."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="backslashreplace", newline="") as kept:
        with path.open(encoding="utf-8", newline="") as written:
            kept.writelines(form.line(row) for row in form.rows(written) if row["verdict"] == Verdict.DONE)
        kept.seek(0)
        file.truncate(0)
        file.write(form.head())
        shutil.copyfileobj(kept, file)
