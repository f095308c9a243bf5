"""Cold storage as a stage of a run: what can't be read is parked, asked for, and moved once it can be read.

Nothing that waits holds a lane, memory or a connection: it is a row of the checkpoint. A run that need not stay ends
once all is asked for; the next one finds what is readable by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from transfer.checkpoint import NOTHING_WAITS, Asked, Checkpoint, Parked, Waiting
from transfer.decide import Do, Step
from transfer.errors import TransferError
from transfer.event import Action, Notice, Outcome, Thawing, Verdict
from transfer.event import Parked as Told
from transfer.job.allowed import Allowed
from transfer.job.asking import Answer, Asker
from transfer.job.coldness import Coldness, State
from transfer.model import Cold
from transfer.pipeline.cold import COLD, REASON, parks
from transfer.pipeline.inspect import THAWED
from transfer.pipeline.route import Route
from transfer.tally import Tally
from transfer.tasks import closing
from transfer.thaw.polls import next_poll

_BATCH = 100
"""Requests that are written down together, ahead of being made."""
_SECOND_NS = 1_000_000_000
_LONGEST_NS = 3600 * _SECOND_NS
"""Between two looks, where nothing tells when there might be something to see."""
_REMEMBERED_NS = 14 * 24 * 3600 * _SECOND_NS
"""For how long requests of which nothing can be read any more are kept."""

_SILENT = "the source does not tell what was asked for"

Record = Callable[[Outcome], None]


class ColdStorage:
    """``record`` is told the outcomes of objects that can't be thawed; ``stopped`` says that nothing may be begun."""

    def __init__(
        self, route: Route, checkpoint: Checkpoint, tally: Tally, record: Record, stopped: Callable[[], bool]
    ) -> None:
        self._route = route
        self._checkpoint = checkpoint
        self._tally = tally
        self._record = record
        self._stopped = stopped
        self._any = False
        self._moving: set[str] = set()
        """Keys of objects that were parked and are being moved now."""
        self._readable = 0
        self._changed = asyncio.Event()

    # As the run goes on

    def takes(self, step: Step) -> bool:
        """Park an object of which its listing tells that it can't be read yet, without a try; whether that was done."""
        entry = step.source
        if step.do is not Do.COPY or entry is None or entry.cold not in COLD or not parks(self._route):
            return False
        if self._route.options.immutable and step.target is not None:  # a failure, whatever the source is like
            return False
        self.park(step, entry.size, entry.cold)
        return True

    def park(self, step: Step, size: int | None, cold: Cold | None = None) -> None:
        """Have the object wait. ``cold`` is None where nothing is known but that it can't be read."""
        self._any = True
        self._moving.discard(step.key)
        storage_class = step.source.storage_class if step.source is not None else None
        self._checkpoint.park(Parked(step.key, size, step.to, storage_class, cold))
        self._route.listener(Told(step.key, size))
        self._changed.set()

    def settled(self, key: str) -> None:
        """An object that had been parked came to its end."""
        self._moving.discard(key)
        self._checkpoint.unpark(key)
        self._changed.set()

    def restart(self) -> None:
        """The plan is made anew."""
        self._checkpoint.clear_parked()

    def wake(self) -> None:
        """Nothing may be begun any more, so there is nothing to wait for."""
        self._changed.set()

    # At its end

    async def steps(self) -> AsyncIterator[Step]:
        """Asks for what is parked, and gives what can be read; with ``--wait`` until nothing is parked any more."""
        if not self._any:
            return
        self._checkpoint.forget_asked(self._route.now_ns() - _REMEMBERED_NS)
        coldness, asker = Coldness(self._route.source), Asker(self._route, self._checkpoint)
        while not self._stopped():
            asker.begin()
            look_ns = self._route.now_ns() + _LONGEST_NS
            try:
                await coldness.refresh()
                allowed = await self._allowed()
            except TransferError as error:
                if not (error.retryable and self._route.options.wait):
                    self._record(Outcome("", Action.FAIL, Verdict.FAILED, _SILENT, error=str(error)))
                    return
                self._route.listener(Notice(f"{_SILENT}, and is asked again: {error}"))
                await self._pause(look_ns)
                continue
            async with closing(self._checkpoint.parked()) as pages:
                async for page in pages:
                    done = await self._looked_after(page, coldness, asker, allowed)
                    look_ns = min(look_ns, done.look_ns)
                    for parked in done.ready:
                        yield self._taken_up(parked)
            if await self._tell() == 0 or not self._route.options.wait:
                return
            await self._pause(look_ns)

    async def pending(self) -> AsyncIterator[Outcome]:
        """What still waits at the end of the run."""
        async with closing(self._checkpoint.parked()) as pages:
            async for page in pages:
                for parked in page:
                    how = "being thawed" if parked.cold is Cold.THAWING else "not asked for yet"
                    reason = f"{REASON}, {how}"
                    yield Outcome(parked.key, Action.THAW, Verdict.PENDING, reason, size=parked.size)

    async def waiting(self) -> Waiting:
        """The same in figures."""
        return await self._checkpoint.waiting() if self._any else NOTHING_WAITS

    async def _allowed(self) -> Allowed:
        """What may be asked for in this round."""
        route = self._route
        return await Allowed.now(route.options, route.source, self._checkpoint, route.now_ns())

    async def _looked_after(self, page: Sequence[Parked], coldness: Coldness, asker: Asker, allowed: Allowed) -> _Done:
        """See what of a page can be read by now, and ask for what nobody has asked for."""
        idle = {parked.key: parked for parked in page if parked.key not in self._moving}
        done = _Done(self._route.now_ns())
        asked = {each.key: each for each in await self._checkpoint.asked_of(list(idle))}
        untouched = {key for key, parked in idle.items() if parked.cold is Cold.FROZEN and key not in asked}
        states = await coldness.of(list(idle.values()), untouched)
        frozen: list[State] = []
        for key, state in states.items():
            if state.cold is Cold.FROZEN:
                frozen.append(state)
            elif state.cold is Cold.THAWING:
                self._goes_on(idle[key], state.ready_ns, asked.get(key), done)
            elif state.cold is Cold.THAWED:
                done.ready.append(idle[key])
            elif state.error is not None and not state.error.retryable:
                self._refused(idle[key], state.error)
        for start in range(0, len(frozen), _BATCH):
            for answer in await asker.ask(frozen[start : start + _BATCH], allowed):
                self._answered(idle[answer.state.entry.key], answer, done)
        return done

    def _goes_on(self, parked: Parked, ready_ns: int | None, asked: Asked | None, done: _Done) -> None:
        """It is being thawed, whoever has ``asked``."""
        if asked is not None and ready_ns is None:
            ready_ns = asked.ready_ns
        self._checkpoint.park(replace(parked, cold=Cold.THAWING, ready_ns=ready_ns))
        done.looks_at(done.now_ns if asked is None else asked.since_ns, ready_ns)

    def _answered(self, parked: Parked, answer: Answer, done: _Done) -> None:
        thaw = answer.thaw
        if thaw is None:
            if answer.refused is not None:
                self._refused(parked, answer.refused)
            else:
                self._checkpoint.park(replace(parked, cold=Cold.FROZEN))
                done.looks_from(answer.again_ns)
        elif thaw.state is Cold.THAWED:
            done.ready.append(parked)
        else:
            self._tally.thaw(parked.size or 0)
            self._goes_on(parked, thaw.ready_ns, None, done)

    def _refused(self, parked: Parked, error: TransferError) -> None:
        self.settled(parked.key)
        told = f"it can't be thawed: {error}"
        self._record(Outcome(parked.key, Action.THAW, Verdict.FAILED, REASON, size=parked.size, error=told))

    def _taken_up(self, parked: Parked) -> Step:
        self._moving.add(parked.key)
        self._readable += 1
        return Step(Do.LOOK_UP, parked.key, THAWED, to=parked.to)

    async def _tell(self) -> int:
        """Let the figures be known; returns how many objects are parked."""
        waiting = await self._checkpoint.waiting()
        objects = waiting.objects - len(self._moving)
        self._route.listener(Thawing(objects, waiting.bytes, self._readable, waiting.asked, waiting.ready_ns))
        return waiting.objects

    async def _pause(self, until_ns: int) -> None:
        """Until it is time to look again, or all that was parked has come to its end."""
        seconds = max(1.0, (until_ns - self._route.now_ns()) / _SECOND_NS)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._stopped() and (self._moving or (await self._checkpoint.waiting()).objects):
                    self._changed.clear()
                    await self._changed.wait()


class _Done:
    """What came of looking after a page: what can be read, and when to look again at the earliest."""

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self.look_ns = now_ns + _LONGEST_NS
        self.ready: list[Parked] = []

    def looks_at(self, asked_ns: int, ready_ns: int | None) -> None:
        """It was asked for at ``asked_ns`` and should be ready at ``ready_ns``, if that is known."""
        self.looks_from(next_poll(self.now_ns, asked_ns, ready_ns))

    def looks_from(self, moment_ns: int | None) -> None:
        """There may be something to do then."""
        if moment_ns is not None:
            self.look_ns = min(self.look_ns, moment_ns)
