"""The main program of a worker: carries out the steps that its crew deals it, with means of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from typing import Any

from transfer import loop
from transfer.budget import Budget
from transfer.errors import TransferError
from transfer.goodput import FIRST
from transfer.job.climbing import climbing
from transfer.job.mode import Mode
from transfer.job.sides import Sides, open_sides
from transfer.lanes import Lanes
from transfer.pipeline.route import Reminder, Route
from transfer.processes.channel import Channel
from transfer.processes.correspondence import Correspondence
from transfer.processes.logs import forwarding
from transfer.processes.messages import Answer, Broken, Done, End, Job, Limits, Message, Ready, Room, Work
from transfer.processes.remote_journal import RemoteJournal
from transfer.processes.remote_limits import RemoteControls
from transfer.tasks import Group

_ORPHANED = 1
_THE_CREWS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that the crew's process answers, by an :class:`End` to us."""


def main(descriptor: int) -> None:
    """Work for the crew at the other end of the socket ``descriptor``, until it says End, or is gone."""
    for number in _THE_CREWS:
        signal.signal(number, signal.SIG_IGN)
    with loop.runner() as runner:
        runner.run(_serve(socket.socket(fileno=descriptor)))


async def _serve(end: socket.socket) -> None:
    channel = await Channel.over(end)
    worker = Worker(channel)
    reading = asyncio.create_task(worker.read())
    try:
        await worker.work()
    finally:
        reading.cancel()
        await asyncio.wait((reading,))
        channel.close()


class Worker:
    """``read`` hears the crew, ``work`` does as it says."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._crew = Correspondence(channel)
        self._job: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        self._working: asyncio.Task[None] | None = None
        self._controls: RemoteControls | None = None
        self._begin: Callable[[Work], Any] | None = None

    async def read(self) -> None:
        async for messages in self._channel.messages():
            for message in messages:
                self._hear(message)
        # The crew's process is gone. What it was not told is not claimed by anybody: this is as if killed too.
        os._exit(_ORPHANED)

    def _hear(self, message: Message) -> None:
        match message:
            case Work() if self._begin is not None:
                self._begin(message)
            case Answer():
                self._crew.answered(message)
            case Limits() if self._controls is not None:
                self._controls.told(message)
            case Job():
                self._job.set_result(message)
            case End() if self._working is not None:
                self._working.cancel()

    async def work(self) -> None:
        """Until the end, or until the sides can't be opened, which the crew is told."""
        job = await self._job
        self._controls = RemoteControls(self._crew, job.limits)
        with forwarding(job.log_level, self._channel.send):
            self._working = asyncio.create_task(self._work(job, self._controls))
            await asyncio.wait((self._working,))
        if not self._working.cancelled():
            error = self._working.exception()
            if not isinstance(error, TransferError):
                assert error is not None
                raise error
            self._channel.send(Broken(error))
            await self._channel.drain()

    async def _work(self, job: Job, controls: RemoteControls) -> None:
        options, tell = job.options, self._channel.send
        moves = job.mode is Mode.MOVE
        async with open_sides(job.source, job.target, options, tell, controls, write=moves, trees=job.trees) as sides:
            route = self._route(job, sides, controls)
            stores = (route.source, route.target)
            async with climbing(route.lanes, options, controls, stores, sides.governors), Group() as group:
                self._begin = lambda work: group.create_task(self._carry_out(job.mode, route, work))
                tell(Room(route.lanes.limit))
                self._channel.send_now(Ready())
                await asyncio.Event().wait()

    def _route(self, job: Job, sides: Sides, controls: RemoteControls) -> Route:
        """The run's route, by means of our own."""
        tell, journal, budget = self._channel.send, RemoteJournal(self._crew), Budget(job.options.memory)
        return Route(
            source=sides.source,
            target=sides.target,
            options=job.options,
            budget=budget,
            lanes=_ToldLanes(budget, controls.transfers or FIRST, tell),
            journal=journal if job.mode is Mode.MOVE else Reminder(journal),
            listener=tell,
            rules=job.rules,
            backup=sides.backup,
        )

    async def _carry_out(self, mode: Mode, route: Route, work: Work) -> None:
        step = work.step
        (route.unfinished.add if work.unfinished else route.unfinished.discard)(step.key)
        self._channel.send(Done(work.number, await mode.carry_out(route, step)))


class _ToldLanes(Lanes):
    """Lanes whose number the crew is told, so that it has as much at hand for them."""

    def __init__(self, budget: Budget, limit: int, tell: Callable[[Message], None]) -> None:
        super().__init__(budget, limit)
        self._tell = tell

    def resize(self, limit: int) -> None:
        super().resize(limit)
        self._tell(Room(limit))
