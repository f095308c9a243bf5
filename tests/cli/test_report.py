"""The report has a row for each object, and says when it hasn't."""

from __future__ import annotations

import asyncio
import csv
import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.samples import COPIED, FAILED, result_of
from transfer.drain import Drain
from transfer.errors import Misconfigured, TransferError
from transfer.event import Finished, Replanned, RunFinished, RunStarted, Verdict, ignore
from transfer.report import FIELDS, Report, reporting

STARTED = RunStarted("a", "b", None, resuming=False)


def write(path: Path, *keys: str) -> None:
    report = Report(path)
    report(STARTED)
    for key in keys:
        report(Finished(replace(COPIED, key=key)))
    report(Finished(FAILED))
    report(RunFinished(result_of()))
    report.close()


def test_a_csv_report_has_every_column(tmp_path: Path) -> None:
    """Rows read back with csv tell what became of each object."""
    path = tmp_path / "r.csv"
    write(path, "a/b.txt")
    with path.open(newline="") as file:
        copied, failed = csv.DictReader(file)
    assert tuple(copied) == FIELDS
    assert copied["checksum"] == "crc64nvme:0123456789abcdef"
    assert (copied["proof"], copied["lost"], copied["version"]) == ("verified (crc64nvme)", "tags, acl", "v1")
    assert (failed["verdict"], failed["error"], failed["proof"]) == ("failed", "the server said no", "")


def test_a_json_report_has_a_line_for_each_object(tmp_path: Path) -> None:
    """Lines read back with json have the same fields, and None for what is not known."""
    path = tmp_path / "r.jsonl"
    write(path, "a/b.txt")
    copied, failed = map(json.loads, path.read_text().splitlines())
    assert tuple(copied) == FIELDS
    assert (copied["size"], copied["seconds"], copied["assumed"]) == (3, 0.25, False)
    assert (failed["key"], failed["checksum"]) == ("c", None)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_odd_keys_come_back_whole(tmp_path: Path, suffix: str) -> None:
    """Commas, quotes, newlines and letters of all kinds survive; half characters are escaped."""
    path = tmp_path / f"r.{suffix}"
    odd = 'a,"b"\n\r;ü😀\x01'
    write(path, odd, "\udc80")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file)) if suffix == "csv" else list(map(json.loads, file))
    assert rows[0]["key"] == odd
    assert rows[1]["key"] in ("\\udc80", "\udc80")


def test_a_new_run_replaces_the_report_once_it_starts(tmp_path: Path) -> None:
    """An earlier report is kept as long as nothing has begun, and then written anew."""
    path = tmp_path / "r.jsonl"
    write(path, "old")
    Report(path).close()
    assert "old" in path.read_text()
    write(path, "new")
    assert "old" not in path.read_text()


@pytest.mark.parametrize("name", ["r.txt", "missing/r.csv"])
def test_an_impossible_report_is_refused_at_once(tmp_path: Path, name: str) -> None:
    """A wrong suffix or a folder that is not there is found before the run begins."""
    with pytest.raises(Misconfigured, match="The report"):
        Report(tmp_path / name)


async def test_a_report_that_lacks_rows_is_an_error(tmp_path: Path) -> None:
    """When the disk is full the run goes on, and in the end the missing rows are told."""
    path = tmp_path / "r.csv"
    path.symlink_to("/dev/full")
    reached = False
    with pytest.raises(TransferError, match="is not complete: No space left"):  # noqa: PT012 - the end raises
        async with reporting(path, ignore) as listener:
            listener(Finished(COPIED))
            reached = True
    assert reached


async def test_another_error_is_not_hidden_by_the_reports(tmp_path: Path) -> None:
    """What ended the run is raised, even if the report failed too."""
    path = tmp_path / "r.csv"
    path.symlink_to("/dev/full")
    with pytest.raises(asyncio.CancelledError):  # noqa: PT012 - so does this one
        async with reporting(path, ignore) as listener:
            listener(Finished(COPIED))
            raise asyncio.CancelledError


async def test_without_a_path_nothing_is_written() -> None:
    """Reporting to nowhere is the listener itself."""
    async with reporting(None, ignore) as listener:
        assert listener is ignore


def test_a_drain_holds_a_bounded_number_of_items() -> None:
    """When the writing stands still, whoever puts waits, and nothing piles up."""
    gate = threading.Event()
    written: list[int] = []

    def slowly(items: Sequence[int]) -> None:
        gate.wait()
        written.extend(items)

    drain = Drain(slowly, limit=10, interval=0.001)
    done = threading.Event()
    put = 0

    def produce() -> None:
        nonlocal put
        for put in range(1000):
            drain.put(put)
        done.set()

    thread = threading.Thread(target=produce)
    thread.start()
    assert not done.wait(0.2)
    assert put < 30
    gate.set()
    thread.join()
    drain.close()
    drain.close()
    assert written == list(range(1000))


def test_a_drain_tells_a_failure_once_and_drops_the_rest() -> None:
    """After the pipe broke, items are dropped without another try."""
    failures: list[OSError] = []
    tries = 0

    def broken(items: Sequence[int]) -> None:
        nonlocal tries
        tries += 1
        raise BrokenPipeError

    drain = Drain(broken, on_failure=failures.append, limit=1)
    for number in range(5):
        drain.put(number)
    drain.close()
    assert (tries, len(failures)) == (1, 1)
    assert drain.failure is failures[0]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_plan_made_anew_voids_skips_and_failures(tmp_path: Path, suffix: str) -> None:
    """Of what was told before a new plan, the report keeps just the objects that were done."""
    path = tmp_path / f"report{suffix}"
    report = Report(path)
    report(STARTED)
    report(Finished(replace(COPIED, key="odd,\n1")))
    report(Finished(replace(COPIED, key="void 1", verdict=Verdict.SKIPPED)))
    report(Finished(FAILED))
    report(Replanned("source"))
    report(Finished(replace(COPIED, key="later", verdict=Verdict.SKIPPED)))
    report.close()
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file)) if suffix == ".csv" else [json.loads(line) for line in file]
    assert [row["key"] for row in rows] == ["odd,\n1", "later"]
    assert str(rows[0]["size"]) == str(COPIED.size)
