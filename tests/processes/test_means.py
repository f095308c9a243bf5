"""What each worker gets of a run's means, what is refused, and what passes between processes."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import socket
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import transfer
from transfer.decide import Do, Rules, Step
from transfer.errors import Misconfigured, NoSpace
from transfer.event import Action, BytesMoved, Outcome, Verdict
from transfer.job.mode import Mode
from transfer.model import Algorithm, Body, Entry, Metadata, Posix, Proof, Proven
from transfer.options import Options
from transfer.pipeline.route import Journal
from transfer.plugin import Origin, StoreOptions
from transfer.processes import logs
from transfer.processes.channel import Channel
from transfer.processes.codec import decode, encode
from transfer.processes.correspondence import Correspondence
from transfer.processes.messages import Answer, Done, Job, Limits, Logged, Message, Spend, Work
from transfer.processes.remote_journal import ANSWERED, TOLD, RemoteJournal
from transfer.processes.remote_limits import RemoteControls
from transfer.processes.share import among, number_of, part_of, share
from transfer_local.store import LocalStore

MIB = 1024 * 1024
ENTRY = Entry(
    "a/ü\udce9",
    5,
    mtime_ns=7,
    checksums={Algorithm.MD5: b"0123456789abcdef"},
    metadata=Metadata(user=MappingProxyType({"a": "b"}), posix=Posix(mode=0o644)),
)
OUTCOME = Outcome("a", Action.COPY, Verdict.DONE, "new", proof=Proof(Proven.VERIFIED, "md5"), lost=("tags",))
HTTP = Origin("http://h", "k", "b", "")


def test_means_are_divided() -> None:
    """Memory, transfers and connections of all workers together are the run's; the crew keeps limits on rates."""
    whole = Options(processes=3, memory=96 * MIB, transfers=8, bwlimit=5, tps=2.0, report=Path("r.csv"))
    whole = replace(whole, files_from=Path("names"), files_from_nul=True)
    parts = [share(whole, 3, index) for index in range(3)]
    assert sum(part.memory for part in parts) == whole.memory
    assert [part.transfers for part in parts] == [3, 3, 2]
    assert sum(part.stores.connections for part in parts) <= whole.stores.connections
    assert {(part.bwlimit, part.tps, part.report, part.processes) for part in parts} == {(None, None, None, 1)}
    assert [part_of(None, 3, 0), part_of(1, 3, 2)] == [None, 1]


def test_no_more_processes_than_transfers() -> None:
    """--transfers 1 stays one transfer at a time."""
    assert number_of(Options(processes=4, transfers=1)) == 1
    assert [among(Options(processes=number)).stores.shared for number in (1, 2)] == [False, True]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(processes=2, memory=MIB), "for each of 2"),
        (Options(processes=2, memory=8 * MIB, part_size=4 * MIB), "does not fit"),
        (Options(processes=2), "alone"),
    ],
)
async def test_what_can_not_work_is_refused(options: Options, words: str) -> None:
    """In a sentence, before anything begins; stores in memory too, for no other process can see them."""
    with pytest.raises(Misconfigured, match=words):
        await transfer.sync("memory://processes-a", "memory://processes-b", options)


async def test_open_stores_stay_here(tmp_path: Path) -> None:
    """An open store can't be handed to another process."""
    store = LocalStore(os.fsencode(tmp_path), StoreOptions())
    with pytest.raises(Misconfigured, match="needs URLs"):
        await transfer.sync(store, str(tmp_path / "x"), Options(processes=2))
    await store.aclose()


def test_values_arrive_as_they_were() -> None:
    """Messages come out of the other end equal, read-only mappings, odd names and errors included."""
    step = Step(Do.COPY, ENTRY.key, "new", ENTRY)
    error = NoSpace("full", key="k", code="ENOSPC")
    messages: list[Message] = [Work(1, step, unfinished=True), Done(1, OUTCOME), BytesMoved("a", 5)]
    messages += [Spend(2, HTTP, 1.0), Job("a", "b", Options(), Mode.MOVE, Rules(), True, Limits(1.0), 10)]
    assert decode(encode(messages)) == messages
    (answer,) = decode(encode([Answer(3, error=error)]))
    assert isinstance(answer, Answer)
    assert isinstance(answer.error, NoSpace)
    assert (str(answer.error), answer.error.key) == (str(error), "k")


def test_a_workers_journal_passes_on_all_that_a_journal_takes() -> None:
    """But for waiting until there is room, which is the channel's."""
    asked = {name for name in vars(Journal) if not name.startswith("_")}
    assert asked - {"room"} == ANSWERED | TOLD
    assert all(
        inspect.iscoroutinefunction(getattr(RemoteJournal, name)) == (name in ANSWERED) for name in ANSWERED | TOLD
    )


async def ends() -> tuple[Channel, Channel]:
    one, other = socket.socketpair()
    return await Channel.over(one), await Channel.over(other)


async def test_what_can_not_be_written_ends_the_channel() -> None:
    """Nobody waits for ever for a message that was lost on its way."""
    ours, theirs = await ends()
    with pytest.raises(Exception, match="pickle"):
        ours.send_now(Answer(1, lambda: None))
    assert [messages async for messages in theirs.messages()] == []
    theirs.close()


async def test_limits_are_asked_for_and_follow_the_runs() -> None:
    """A worker asks for what it sends while there is a limit, and not at all while there is none."""
    ours, theirs = await ends()
    correspondence = Correspondence(ours)
    controls = RemoteControls(correspondence, Limits(calls=5.0))
    await controls.up.spend(10)
    controls.told(Limits(up=100.0, transfers=3))
    assert (controls.up.rate, controls.calls(HTTP).rate, controls.transfers) == (100.0, None, 3)
    spending = asyncio.create_task(controls.up.spend(10))
    (asked,) = await anext(theirs.messages())
    assert asked == Spend(0, "up", 10)
    assert not spending.done()
    correspondence.answered(Answer(0))
    await spending
    ours.close()
    theirs.close()


async def test_logs_are_forwarded(caplog: pytest.LogCaptureFixture) -> None:
    """What a worker logs, a defect's traceback included, is logged by the process that it works for."""
    told: list[Logged] = []
    with logs.forwarding(logging.DEBUG, told.append):
        try:
            int("odd")
        except ValueError:
            logging.getLogger("transfer.x").debug("'%s' met a defect", "k", exc_info=True)
        await asyncio.sleep(0)
    caplog.clear()
    for logged in told:
        logs.log_again(logged)
    assert "'k' met a defect" in caplog.text
    assert "ValueError: invalid literal" in caplog.text


@pytest.mark.parametrize("shared", [True, False])
async def test_folders_of_others_are_made_to_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    """Where other processes write too, a folder that is met has its name on disk before a file in it counts."""
    (tmp_path / "root" / "a" / "b").mkdir(parents=True)
    synced: list[Any] = []
    fsync = os.fsync

    def seen(fd: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{fd}"))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", seen)
    store = LocalStore(os.fsencode(tmp_path / "root"), replace(StoreOptions(), shared=shared))
    await store.check(write=True)
    for key in ("a/b/c", "a/b/d"):
        await store.put(key, Body(b"x"), Metadata())
    await store.aclose()
    folders = [str(tmp_path), *(str(tmp_path / "root" / name) for name in ("", "a"))]
    above = [folder.rstrip("/") for folder in folders]
    assert [synced.count(folder) for folder in above] == [1 if shared else 0] * 3
    assert synced.count(str(tmp_path / "root" / "a" / "b")) >= 1
