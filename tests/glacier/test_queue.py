"""Runs that wait for a vault whose jobs a queue tells of: SNS and SQS are moto's, and Glacier is the emulator."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

import transfer
from tests.glacier.topics import Topic, ask, subscribed
from tests.glacier.vaultplace import VaultPlace
from tests.plugins.scripted import scripted
from transfer.event import Event, Notice, Result, Thawing
from transfer.job import cold, hearing
from transfer.model import Cold
from transfer.options import Options
from transfer.plugin import Location, StoreOptions
from transfer.testing.servers import Server
from transfer_glacier import plugin
from transfer_glacier.notices import notices, queue

OTHER = "arn:aws:glacier:us-east-1:012345678901:vaults/other"


@dataclass(slots=True)
class Waiting:
    """A run from the vault that stays until all has arrived."""

    place: VaultPlace
    out: Path
    heard: list[Event] = field(default_factory=list)

    async def run(self, queue_url: str) -> Result:
        options = Options(source_settings={**self.place.settings, "queue": queue_url}, wait=True, retries=0)
        return await transfer.sync("glacier://vault", str(self.out), options, listener=self.heard.append)

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.heard if isinstance(event, Notice)]


@pytest.fixture
async def waiting(place: VaultPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    """Of two archives. Who waits listens at once, and hardly ever rests."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("a", "b"):
        (tree / name).write_bytes(name.encode())
    assert (await transfer.sync(str(tree), "glacier://vault", Options(target_settings=place.settings))).ok
    monkeypatch.setattr(hearing, "LEAST", 0.0)
    monkeypatch.setattr(notices, "PAUSE", 0.05)
    place.controls.reset()
    return Waiting(place, tmp_path / "out")


@pytest.fixture
def receipts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages each look into the queue brought; the last is -1 while it goes on."""
    found: list[int] = []
    receive = queue.Queue.receive

    async def counted(self: queue.Queue, seconds: int) -> object:
        found.append(-1)
        messages = await receive(self, seconds)
        found[-1] = len(messages)
        return messages

    monkeypatch.setattr(queue.Queue, "receive", counted)
    return found


def left(topic: Topic) -> int:
    """How many messages the queue has, hidden or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = topic.sqs.get_queue_attributes(QueueUrl=topic.queue, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in found.values())


def arrived(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir()}


@pytest.mark.parametrize("raw", [False, True], ids=["envelope", "raw"])
async def test_it_is_woken(raw: bool, waiting: Waiting, moto_server: Server) -> None:
    """Hours ahead of the time at which it would look; messages of the vault are gone then, nothing is billed twice."""
    waiting.place.rules.job_seconds = 0.5
    with subscribed(waiting.place, moto_server, raw=raw) as topic:
        ask(waiting.place, topic)
        begun = time.monotonic()
        result = await asyncio.wait_for(waiting.run(topic.queue), 20)
        assert time.monotonic() - begun < 10
        assert left(topic) == 0
    assert (result.exit_status, result.totals.copied, result.totals.thaws) == (0, 2, 2)
    assert arrived(waiting.out) == {"a": b"a", "b": b"b"}
    assert waiting.notices == []
    assert waiting.place.billing.billed_twice() == []


async def test_messages_of_others_stay_and_keep_nobody_busy(
    waiting: Waiting, moto_server: Server, receipts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the queue gives them again at once."""
    monkeypatch.setattr(notices, "PAUSE", 0.2)
    monkeypatch.setattr(queue, "HIDDEN", 0)
    waiting.place.rules.job_seconds = 1
    with subscribed(waiting.place, moto_server) as topic:
        ask(waiting.place, topic)
        for body in (json.dumps({"Completed": True, "VaultARN": OTHER}), "hello"):
            topic.sqs.send_message(QueueUrl=topic.queue, MessageBody=body)
        begun = time.monotonic()
        result = await asyncio.wait_for(waiting.run(topic.queue), 20)
        assert left(topic) == 2
    assert (result.exit_status, result.totals.copied) == (0, 2)
    assert 2 <= len(receipts) <= (time.monotonic() - begun) / 0.2 + 10
    assert len([event for event in waiting.heard if isinstance(event, Thawing)]) <= 4


async def test_old_messages_are_a_hint_only(waiting: Waiting, moto_server: Server) -> None:
    """What is told to be done and is not, is neither read nor asked for again; the run goes on waiting."""
    with subscribed(waiting.place, moto_server) as topic:
        told = {"Completed": True, "VaultARN": waiting.place.service.account.arn("vault"), "JobId": "of-yesterday"}
        topic.sqs.send_message(QueueUrl=topic.queue, MessageBody=json.dumps(told))
        running = asyncio.create_task(waiting.run(topic.queue))
        while waiting.place.calls.get("list_jobs", 0) < 3:
            await asyncio.sleep(0.02)
        assert not running.done()
        assert left(topic) == 0
        assert "job_output" not in waiting.place.calls
        ask(waiting.place, topic)
        waiting.place.turn(hours=5)
        assert (await asyncio.wait_for(running, 20)).totals.copied == 2
    assert waiting.place.calls["begin_job"] == 2


async def test_after_word_the_list_of_jobs_is_looked_at_anew(waiting: Waiting, moto_server: Server) -> None:
    """Which else is believed for a while: who waits for one object reads it, and asks for no list."""
    place = waiting.place
    with subscribed(place, moto_server) as topic:
        ask(place, topic)
        settings = {**place.settings, "queue": topic.queue}
        store = await plugin.open(Location("glacier://vault/", "glacier", "vault", "", settings), StoreOptions())
        async with contextlib.aclosing(store):
            await store.check(write=False)
            await store.thaw(await store.stat("a"), 1, "")
            assert (await store.stat("a")).cold is Cold.THAWING
            place.turn(hours=5)
            await store.thawed()
            assert (await store.stat("a")).cold is Cold.THAWED


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("dead", "127.0.0.1"),
        ("missing", "is not there: check the setting 'queue'"),
        ("denied", "allow sqs:ReceiveMessage and sqs:DeleteMessage"),
    ],
)
async def test_a_queue_that_fails_stops_nothing(
    fault: str, words: str, waiting: Waiting, moto_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told once, and the vault is asked from time to time."""
    naps = 0

    async def sleep(event: asyncio.Event, seconds: float) -> None:
        nonlocal naps
        naps += 1
        await asyncio.sleep(0.3)
        waiting.place.turn(hours=2)
        raise TimeoutError

    monkeypatch.setattr(cold, "sleep", sleep)
    monkeypatch.setattr(hearing, "AGAIN", 0.05)
    denied = web.json_response({"__type": "com.amazon.coral.service#AccessDeniedException"}, status=400)
    async with scripted(lambda asked: denied) as server:
        name = "/123456789012/no-such-queue"
        hosts = {"dead": "http://127.0.0.1:1", "missing": moto_server.endpoint, "denied": server.endpoint}
        result = await asyncio.wait_for(waiting.run(hosts[fault] + name), 20)
    assert (result.exit_status, result.totals.copied) == (0, 2)
    assert naps >= 3
    (told,) = waiting.notices
    assert told.startswith("The source can't send word of what has thawed, so it is asked from time to time: ")
    assert words in told


async def test_a_run_is_cancelled_while_it_listens(waiting: Waiting, moto_server: Server, receipts: list[int]) -> None:
    """At once, with nothing left behind."""
    before = asyncio.all_tasks()
    with subscribed(waiting.place, moto_server) as topic:
        running = asyncio.create_task(waiting.run(topic.queue))
        while -1 not in receipts:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(running, 10)
        assert time.monotonic() - begun < 2
    assert receipts == [-1]
    assert asyncio.all_tasks() == before
