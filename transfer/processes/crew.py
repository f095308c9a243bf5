"""All workers of a run: deals steps out to them, and hires others for those that are lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from transfer.controls import Controls
from transfer.decide import Step
from transfer.errors import Misconfigured, TransferError
from transfer.event import Notice, Outcome
from transfer.job.mode import Mode
from transfer.pipeline.outcomes import stopped
from transfer.pipeline.route import Route
from transfer.plugin import Store
from transfer.processes import logs, spawn
from transfer.processes.hand import Hand, HandLost
from transfer.processes.messages import End, Job, Limits
from transfer.processes.share import number_of, part_of, share
from transfer.tasks import Group

_HIRED_ANEW = 3
"""Workers that take the place of others, at most, in one run: what kills them may come again and again."""
_GRACE = 1.2
"""Seconds that workers have to break off and let go of what they hold."""
_LOOK_AT_LIMITS = 0.2
"""Seconds."""


@asynccontextmanager
async def at_work(
    source: str, target: str, route: Route, mode: Mode, controls: Controls, *, trees: bool
) -> AsyncIterator[Crew]:
    """A crew, ready to carry out steps of ``route``, for the length of the block.

    Raises TransferError where a worker can't begin, and what the journal meets in writing for them.
    """
    _refuse_private(route.source, route.target)
    options = route.options
    job = Job(source, target, options, mode, route.rules, trees, _limits(controls, route), logs.level())
    async with Group() as group:
        crew = Crew(job, route, controls, group)
        try:
            await crew.begin()
            telling = group.create_task(crew.tell_limits())
            try:
                yield crew
            finally:
                telling.cancel()
        finally:
            await crew.end()


def _refuse_private(*stores: Store) -> None:
    for store in stores:
        if store.private:
            raise Misconfigured(f"{store.url} is this process's alone; leave --processes out.")


def _limits(controls: Controls, route: Route) -> Limits:
    calls = [controls.calls(store.origin).rate for store in (route.source, route.target)]
    rate = next((rate for rate in calls if rate is not None), None)
    return Limits(controls.up.rate, controls.down.rate, rate, controls.transfers)


class Crew:
    """``job`` is the whole run's; each worker gets its share. ``group`` has tasks for the length of the crew."""

    def __init__(self, job: Job, route: Route, controls: Controls, group: Group) -> None:
        self._job = job
        self._route = route
        self._controls = controls
        self._group = group
        self._folder = spawn.here()
        self._number = number_of(job.options)
        self._hired = 0
        self._coming = 0
        self._hands: list[Hand] = []
        self._serving: dict[asyncio.Task[None], Hand] = {}
        self._changed = asyncio.Event()
        self._over = False

    async def begin(self) -> None:
        """Hire all workers, and wait until they are ready. Raises TransferError if one can't be."""
        hands = [await self._hire() for _ in range(self._number)]
        for hand in hands:
            await hand.ready
            self._hands.append(hand)
        self._resize()

    async def carry_out(self, step: Step) -> Outcome:
        """The outcome of one step; raises nothing. One that is lost with its worker has failed, for now.

        Where nothing is changed by trying, it is tried again right here. Folders are made here: it
        is told apart by the store that deletes which of them are to stay.
        """
        if step.target_key.endswith("/"):
            return await self._job.mode.carry_out(self._route, step)
        try:
            return await self._carry_out(step)
        except HandLost as lost:
            if self._job.mode is Mode.MOVE:
                return replace(stopped(step, lost), sent=lost.sent, attempts=1)
        try:
            return await self._carry_out(step)
        except HandLost as lost:
            return stopped(step, lost)

    async def end(self) -> None:
        """Have all workers end, those that don't in time by force."""
        self._over = True
        for hand in self._serving.values():
            hand.tell(End())
        if self._serving:
            await asyncio.wait(self._serving, timeout=_GRACE)
        for hand in self._serving.values():
            hand.kill()

    async def tell_limits(self) -> None:
        """Tell workers of limits that are changed, again and again."""
        told = self._job.limits
        while True:
            await asyncio.sleep(_LOOK_AT_LIMITS)
            limits = _limits(self._controls, self._route)
            if limits != told:
                told = limits
                self._job = replace(self._job, limits=limits)
                for hand in self._serving.values():
                    hand.tell(self._part(limits, hand.index))

    async def _carry_out(self, step: Step) -> Outcome:
        while not self._hands:
            if not self._coming:
                return _nobody_left(step)
            await self._changed.wait()
        return await min(self._hands, key=lambda hand: hand.load).carry_out(step)

    async def _hire(self) -> Hand:
        index, self._hired = self._hired % self._number, self._hired + 1
        process, channel = await spawn.start(self._folder)
        start = self._group.create_task
        hand = Hand(index, process, channel, self._route, self._controls, start=start, resized=self._resize)
        options, limits = share(self._job.options, self._number, index), self._part(self._job.limits, index)
        job = replace(self._job, options=options, limits=limits)
        task = self._group.create_task(self._serve(hand, job))
        self._serving[task] = hand
        task.add_done_callback(self._serving.pop)
        return hand

    def _part(self, limits: Limits, index: int) -> Limits:
        return replace(limits, transfers=part_of(limits.transfers, self._number, index))

    async def _serve(self, hand: Hand, job: Job) -> None:
        await hand.serve(job)
        if hand in self._hands:
            self._hands.remove(hand)
            self._resize()
            if not self._over:
                await self._replace()

    async def _replace(self) -> None:
        """Hire another worker for one that was lost, unless too many were."""
        if self._hired < self._number + _HIRED_ANEW:
            self._coming += 1
            self._route.listener(Notice("A worker process was lost; what it had in hand is tried again."))
            try:
                hand = await self._hire()
                await hand.ready
                self._hands.append(hand)
            except TransferError as error:
                if not self._over:
                    self._route.listener(Notice(f"No other worker process can begin: {error}"))
            finally:
                self._coming -= 1
        self._resize()
        self._changed.set()
        self._changed.clear()

    def _resize(self) -> None:
        """Have steps under way for all lanes of all workers, and as many again that wait for these there."""
        self._route.lanes.resize(max(1, 2 * sum(hand.lanes for hand in self._hands)))


def _nobody_left(step: Step) -> Outcome:
    error = TransferError("all worker processes were lost; fewer --processes need less memory")
    return replace(stopped(step, error), retryable=False, fatal=True)
