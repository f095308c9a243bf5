"""One worker of a crew, as the crew's process sees it: what it has in hand, and what it says."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

from transfer.bucket import Bucket
from transfer.checkpoint import Row
from transfer.controls import Controls
from transfer.decide import Step
from transfer.errors import TransferError, Transient
from transfer.event import BytesMoved, Event, Outcome
from transfer.goodput import FIRST, REQUEST
from transfer.pipeline.route import Route
from transfer.plugin import Origin
from transfer.processes.channel import Channel
from transfer.processes.logs import log_again
from transfer.processes.messages import (
    UP,
    Answer,
    Broken,
    Call,
    Done,
    End,
    Job,
    Limits,
    Logged,
    Message,
    Ready,
    Room,
    Spend,
    Work,
)
from transfer.processes.remote_journal import ANSWERED, TOLD
from transfer.processes.spawn import reap

Start = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]


class HandLost(Transient):
    """A worker's process ended with a step in hand, of which so many bytes were ``sent``."""

    def __init__(self, how: str, sent: int) -> None:
        super().__init__(f"the worker process that moved it {how}")
        self.sent = sent


@dataclass(slots=True)
class _InHand:
    """A step that is being carried out. ``sent`` are the bytes that arrived at the target so far."""

    weight: int
    outcome: asyncio.Future[Outcome]
    sent: int = 0


class Hand:
    """Worker number ``index``'s process. ``start`` begins tasks in the crew's group; ``resized`` is
    called when the number of lanes changes."""

    def __init__(
        self,
        index: int,
        process: subprocess.Popen[bytes],
        channel: Channel,
        route: Route,
        controls: Controls,
        *,
        start: Start,
        resized: Callable[[], None],
    ) -> None:
        self.index = index
        self.lanes = FIRST
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Set once steps may come; or raises why none ever can."""
        self._process = process
        self._channel = channel
        self._route = route
        self._controls = controls
        self._start = start
        self._resized = resized
        self._numbers = count()
        self._in_hand: dict[int, _InHand] = {}
        self._by_key: dict[str, _InHand] = {}
        self._weight = 0
        self._answering: set[asyncio.Task[None]] = set()
        self._hearers: Mapping[type, Callable[[Any], None]] = {
            Done: self._done,
            Call: self._call,
            BytesMoved: self._moved,
            Spend: self._spend,
            Room: self._room,
            Ready: self._is_ready,
            Broken: self._broken,
            Logged: log_again,
        }

    @property
    def load(self) -> float:
        """How much it has in hand for each of its lanes."""
        return self._weight / self.lanes

    async def carry_out(self, step: Step) -> Outcome:
        """Have the worker do ``step``. Raises HandLost."""
        number, route = next(self._numbers), self._route
        weight = REQUEST + ((step.source.size or 0) if step.source is not None else 0)
        mine = _InHand(weight, asyncio.get_running_loop().create_future())
        self._in_hand[number] = self._by_key[step.key] = mine
        self._weight += weight
        self._channel.send(Work(number, step, step.key in route.unfinished))
        try:
            return await mine.outcome
        finally:
            del self._in_hand[number]
            self._by_key.pop(step.key, None)
            self._weight -= weight

    async def serve(self, job: Job) -> None:
        """Hear the worker until its process has ended. Raises what the journal meets in writing for it."""
        self._channel.send_now(job)
        try:
            async for messages in self._channel.messages():
                for message in messages:
                    self._hear(message)
                await self._route.journal.room()
        finally:
            self._channel.close()
            self._lost(await reap(self._process))

    def tell(self, message: Limits | End) -> None:
        self._channel.send_now(message)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self._process.kill()

    def _hear(self, message: Message) -> None:
        hearer = self._hearers.get(type(message))
        if hearer is None:
            self._route.listener(cast("Event", message))  # what is left
        else:
            hearer(message)

    def _lost(self, how: str) -> None:
        """The process has ended: nothing that it had in hand comes to its end here."""
        if not self.ready.done():
            self.ready.set_exception(TransferError(f"A worker process {how} before it could begin."))
            self.ready.exception()  # somebody may have heard of it, or not
        for mine in self._in_hand.values():
            if not mine.outcome.done():
                mine.outcome.set_exception(HandLost(how, mine.sent))
        for task in self._answering:
            task.cancel()

    # What it says

    def _done(self, done: Done) -> None:
        mine = self._in_hand.get(done.number)
        if mine is not None and not mine.outcome.done():
            mine.outcome.set_result(done.outcome)

    def _moved(self, moved: BytesMoved) -> None:
        mine = self._by_key.get(moved.key)
        if mine is not None and not (moved.resumed or moved.by_provider):
            mine.sent += moved.size
        self._route.listener(moved)

    def _call(self, call: Call) -> None:
        method = getattr(self._route.journal, call.name)
        if call.number is None:
            assert call.name in TOLD
            method(*call.arguments)
            self._follow(call.name, call.arguments[0])
        else:
            assert call.name in ANSWERED
            self._follow(call.name, call.arguments[0] if call.arguments else "")
            self._answer(call.number, method(*call.arguments))

    def _follow(self, name: str, about: str | Row) -> None:
        """Know of open uploads as a run does that moves by itself."""
        if name == "intend" and isinstance(about, str):
            self._route.unfinished.add(about)
        elif name in ("dropped", "done"):
            self._route.unfinished.discard(about.key if isinstance(about, Row) else about)

    def _spend(self, spend: Spend) -> None:
        self._answer(spend.number, self._bucket(spend.what).spend(spend.units))

    def _bucket(self, what: str | Origin) -> Bucket:
        if isinstance(what, Origin):
            return self._controls.calls(what)
        return self._controls.up if what == UP else self._controls.down

    def _answer(self, number: int, asked: Coroutine[Any, Any, Any]) -> None:
        task = self._start(self._send_answer(number, asked))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _send_answer(self, number: int, asked: Coroutine[Any, Any, Any]) -> None:
        try:
            answer = Answer(number, await asked)
        except TransferError as error:
            answer = Answer(number, error=error)
        self._channel.send_now(answer)

    def _room(self, room: Room) -> None:
        self.lanes = room.lanes
        self._resized()

    def _is_ready(self, _: Ready) -> None:
        if not self.ready.done():
            self.ready.set_result(None)

    def _broken(self, broken: Broken) -> None:
        if not self.ready.done():
            self.ready.set_exception(broken.error)
            self.ready.exception()
