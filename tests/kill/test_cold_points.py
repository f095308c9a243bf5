"""SIGKILL between any two steps of asking for what is in cold storage; nothing is asked for twice, and all arrives."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.emulators.conftest import s3_server, s3_started
from tests.emulators.running import KEY, Emulator
from tests.emulators.s3 import S3
from tests.kill.harness import Ran, Worker
from transfer import run
from transfer.model import Body, Metadata
from transfer.plugin import Location, StoreOptions
from transfer.testing.servers import Server
from transfer_s3 import plugin

__all__ = ["s3_server", "s3_started"]

OBJECTS = {f"k{number}": f"object {number}".encode() for number in range(5)}


@dataclass(slots=True)
class Cold:
    """A bucket in cold storage, and the command that brings it to a folder."""

    server: Emulator[S3]
    worker: Worker
    bucket: str
    folder: Path

    async def fill(self) -> None:
        settings = {"endpoint": self.server.endpoint, "region": "us-east-1"}
        settings |= {"access_key_id": KEY.id, "secret_access_key": KEY.secret}
        store = await plugin.open(Location(f"s3://{self.bucket}/", "s3", self.bucket, "", settings), StoreOptions())
        for key, data in OBJECTS.items():
            await store.put(key, Body(data), Metadata(storage_class="GLACIER"))
        await store.aclose()

    def sync(self, *options: str, **more: str) -> Ran:
        return self.worker.run("sync", f"s3://{self.bucket}", str(self.folder), *options, **more)

    def thaws(self) -> list[int]:
        """What was answered to requests to thaw, so far."""
        return [seen.status for seen in self.server.controls.seen if seen.verb == "restore"]


@pytest.fixture
def cold(s3_server: Emulator[S3], own_surroundings: Path, tmp_path: Path) -> Cold:
    s3_server.controls.switches.clock_skew_checked = False
    s3_server.controls.seen.clear()
    server = Server(s3_server.port, access_key_id=KEY.id, secret_access_key=KEY.secret)
    worker = Worker(own_surroundings, s3_server.endpoint, server)
    made = Cold(s3_server, worker, s3_server.fresh_bucket().name, tmp_path / "out")
    run(made.fill())
    return made


@pytest.mark.parametrize("point", ["ask:1", "thaw:1", "thaw:3", "asked:1", "asked:4"])
def test_nothing_is_asked_for_twice(cold: Cold, point: str) -> None:
    """Killed ahead of a request, behind it, and behind its writing down."""
    assert cold.sync(TRANSFER_KILL_AT=point).status == -signal.SIGKILL
    again = cold.sync("--tier", "expedited")  # a faster one would be paid for, too
    assert again.status == 75, again.err
    assert "5 objects, 40 B, wait for cold storage" in again.out
    assert cold.thaws() == [202] * 5
    cold.server.service.clock.turn(hours=6)
    done = cold.sync()
    assert done.status == 0, done.err
    assert cold.thaws() == [202] * 5
    assert {path.name: path.read_bytes() for path in cold.folder.iterdir()} == OBJECTS


def test_workers_park_too(cold: Cold) -> None:
    """What processes of their own find to be frozen is asked for by the one that leads them."""
    assert cold.sync("--processes", "2").status == 75
    assert cold.thaws() == [202] * 5
    cold.server.service.clock.turn(hours=6)
    done = cold.sync("--processes", "2")
    assert done.status == 0, done.err
    assert {path.name: path.read_bytes() for path in cold.folder.iterdir()} == OBJECTS


def test_what_is_told_of_a_job_that_waits(cold: Cold) -> None:
    """By its own last words, by its events, by the list of jobs, and by a dry run."""
    ran = cold.sync()
    assert ran.status == 75
    assert "  thaws asked for    5  40 B\n  waiting            5  40 B in cold storage\n" in ran.out
    assert "Run the same command again then, or with --wait to stay till it is done." in ran.out
    listed = cold.worker.run("jobs").out
    assert listed.startswith("waiting ")
    assert "5 objects, 40 B, wait for cold storage and should be readable by 20" in listed
    (job,) = [json.loads(line) for line in cold.worker.run("jobs", "--json").out.splitlines()]
    assert (job["state"], job["waiting"]["objects"], job["totals"]["pending"]) == ("waiting", 5, 5)
    events = [json.loads(line) for line in cold.sync("--json").out.splitlines()]
    assert sum(event["event"] == "parked" for event in events) == 5
    assert {event["verdict"] for event in events if event["event"] == "finished"} == {"pending"}
    (thawing,) = [event for event in events if event["event"] == "thawing"]
    assert (thawing["objects"], thawing["readable"], thawing["asked"]) == (5, 0, 5)
    assert (events[-1]["exit_status"], events[-1]["pending"], events[-1]["thaws"]) == (75, 5, 0)
    assert events[-1]["ready_ns"] == thawing["ready_ns"] == job["waiting"]["ready_ns"]
    planned = cold.sync("--dry-run")
    assert planned.status == 0
    assert planned.out.count("once it is thawed") == 5


def test_one_object(cold: Cold) -> None:
    """``copy`` waits for it as for a tree; ``cat`` says what to do."""
    target = str(cold.folder) + "-one"
    copied = cold.worker.run("copy", f"s3://{cold.bucket}/k1", target)
    assert (copied.status, cold.thaws()) == (75, [202])
    assert "1 object, 8 B, waits for cold storage" in copied.out
    shown = cold.worker.run("cat", f"s3://{cold.bucket}/k1")
    assert shown.status == 1
    assert "k1' is in cold storage, where it is being thawed by now; add --wait to have it thawed, wait" in shown.err
    cold.server.service.clock.turn(hours=6)
    assert cold.worker.run("copy", f"s3://{cold.bucket}/k1", target).status == 0
    assert Path(target).read_bytes() == OBJECTS["k1"]
    assert cold.worker.run("cat", f"s3://{cold.bucket}/k1", "--wait").out == "object 1"


def test_bad_wishes(cold: Cold) -> None:
    """They are refused before anything is done."""
    for options, sentence in (
        (("--tier", "soon"), "--tier 'soon' is not one that"),
        (("--thaw-days", "40000"), "--thaw-days can be 36,500 at most at the source"),
        (("--no-thaw", "--wait"), "--no-thaw asks for nothing, so --wait has no effect; leave one of them out."),
        (("--retrieval-rate", "fast"), "'fast' is not a size in that time; write for example 10GiB/h."),
    ):
        ran = cold.sync(*options)
        assert ran.status == 2
        assert sentence in ran.err
    other = cold.worker.run("sync", str(cold.folder.parent), f"s3://{cold.bucket}", "--tier", "bulk")
    assert other.status == 2
    assert "--tier would have no effect, for nothing is in cold storage at the source" in other.err
    assert cold.thaws() == []
