"""Cold storage as a stage of a run: what can't be read is parked, asked for, and moved once it can be read.

Nothing that waits holds a lane, memory or a connection: it is a row of the checkpoint. A run that need not stay ends
once all is asked for; the next one finds what is readable by then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace

from transfer.checkpoint import NOTHING_WAITS, Checkpoint, Parked, Waiting
from transfer.decide import Do, Step
from transfer.errors import TransferError
from transfer.event import Action, Notice, Outcome, Thawing, Verdict
from transfer.event import Parked as Told
from transfer.job.allowed import Allowed
from transfer.job.asking import Asker
from transfer.job.coldness import Coldness
from transfer.job.hearing import Hearing, sleep
from transfer.job.measured import Measured
from transfer.job.round import Round
from transfer.model import Cold
from transfer.pipeline.cold import COLD, REASON, parks
from transfer.pipeline.inspect import THAWED
from transfer.pipeline.route import Route
from transfer.tally import Tally
from transfer.tasks import closing
from transfer.thaw.waves import Held

_SECOND_NS = 1_000_000_000
_LONGEST_NS = 3600 * _SECOND_NS
"""Between two looks, where nothing tells when there might be something to see."""
_REMEMBERED_NS = 14 * 24 * 3600 * _SECOND_NS
"""For how long requests of which nothing can be read any more are kept."""
_MEANWHILE = 600.0
"""Seconds between requests for what is parked, as long as other objects are being moved."""
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
        self._measured = Measured()
        self._began = 0.0
        self._copied = 0
        """Bytes that were copied when it was measured last, since when some of these objects were moving."""
        self._any = False
        self._since_ns = 0
        """When it began to wait."""
        self._moving: dict[str, Parked] = {}
        """Objects that were parked and are being moved now, by key."""
        self._readable = 0
        self._changed = asyncio.Event()
        self._hearing = Hearing(route.source, route.listener)

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
        """Have the object wait. ``cold`` is None where nothing is known but that it can't be read, or not wholly."""
        self._any = True
        before = self._moved(step.key)
        if before is None:
            storage_class = step.source.storage_class if step.source is not None else None
            parked = Parked(step.key, size, step.to, storage_class, cold)
        else:  # other pieces of it may still be thawing
            parked = replace(before, cold=None if before.ready_ns is None else Cold.THAWING)
        self._checkpoint.park(parked)
        self._route.listener(Told(step.key, size))

    def settled(self, key: str) -> None:
        """An object that had been parked came to its end."""
        self._moved(key)
        self._checkpoint.unpark(key)

    def restart(self) -> None:
        """The plan is made anew."""
        self._checkpoint.clear_parked()

    def wake(self) -> None:
        """Nothing may be begun any more, so there is nothing to wait for."""
        self._changed.set()

    async def ask_meanwhile(self) -> None:
        """Ask for what is parked while other objects are still being moved, which may take days, until cancelled."""
        coldness, asker = Coldness(self._route.source), Asker(self._route, self._checkpoint)
        while True:
            await asyncio.sleep(_MEANWHILE)
            if not self._any:
                continue
            await self._begin()
            with suppress(TransferError):  # which the end of the run will meet too
                await coldness.refresh()
                await self._round(coldness, asker)

    # At its end

    async def steps(self) -> AsyncIterator[Step]:
        """Asks for what is parked, and gives what can be read; with ``--wait`` until nothing is parked any more."""
        if not self._any:
            return
        await self._begin()
        coldness, asker = Coldness(self._route.source), Asker(self._route, self._checkpoint)
        while not self._stopped() and await self._refreshed(coldness):
            round_ = await self._round(coldness, asker)
            given = self._readable
            async with closing(self._given(round_.look_ns)) as ready:
                async for parked in ready:
                    yield self._taken_up(parked)
            if not await self._goes_on(round_, moved=self._readable > given):
                return

    async def end(self) -> None:
        """All steps were carried out: keep what that has shown for later runs."""
        await self._measured.remember(self._checkpoint)

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

    async def _begin(self) -> None:
        if not self._since_ns:
            self._since_ns = self._route.now_ns()
            self._measured = await Measured.recalled(self._checkpoint)
            self._checkpoint.forget_asked(self._since_ns - _REMEMBERED_NS)

    async def _refreshed(self, coldness: Coldness) -> bool:
        """Whether the source has told what was asked of it; a run that stays asks it again and again."""
        while not self._stopped():
            try:
                await coldness.refresh()
            except TransferError as error:
                if not (error.retryable and self._route.options.wait):
                    self._record(Outcome("", Action.FAIL, Verdict.FAILED, _SILENT, error=f"{_SILENT}: {error}"))
                    return False
                self._route.listener(Notice(f"{_SILENT}, and is asked again: {error}"))
                await self._pause(self._route.now_ns() + _LONGEST_NS)
            else:
                return True
        return False

    async def _round(self, coldness: Coldness, asker: Asker) -> Round:
        """Look after all that is parked."""
        asker.begin()
        look_ns = self._route.now_ns() + _LONGEST_NS
        allowed = await self._allowed(coldness, asker)
        round_ = Round(
            self._route,
            self._checkpoint,
            coldness,
            asker,
            allowed,
            self._measured,
            self._tally.thaw,
            self._since_ns,
            look_ns,
        )
        async with closing(self._checkpoint.parked()) as pages:
            async for page in pages:
                await round_.look([parked for parked in page if parked.key not in self._moving])
        self._settle(round_)
        return round_

    async def _allowed(self, coldness: Coldness, asker: Asker) -> Allowed:
        """What may be asked for in this round."""
        options, now_ns = self._route.options, self._route.now_ns()
        return await Allowed.now(options, self._checkpoint, coldness.thaws, self._measured, asker.days, now_ns)

    def _settle(self, round_: Round) -> None:
        for parked, error in {parked.key: (parked, error) for parked, error in round_.refused}.values():
            self.settled(parked.key)
            told = f"it can't be thawed: {error}"
            self._record(Outcome(parked.key, Action.THAW, Verdict.FAILED, REASON, size=parked.size, error=told))

    async def _given(self, until_ns: int) -> AsyncIterator[Parked]:
        """What can be read; where a run stays, until it is time to look again: the rest comes after that."""
        async with closing(self._checkpoint.parked()) as pages:
            async for page in pages:
                for parked in page:
                    if parked.cold is Cold.THAWED and parked.key not in self._moving:
                        yield parked
                if self._route.options.wait and self._route.now_ns() >= until_ns:
                    return

    def _taken_up(self, parked: Parked) -> Step:
        if not self._moving:
            self._began, self._copied = time.monotonic(), self._tally.totals.copied_bytes
        self._moving[parked.key] = parked
        self._readable += 1
        return Step(Do.LOOK_UP, parked.key, THAWED, to=parked.to)

    async def _goes_on(self, round_: Round, *, moved: bool) -> bool:
        """Wait for another round, if there is to be one."""
        waiting = await self._checkpoint.waiting()
        objects = waiting.objects - len(self._moving)
        self._route.listener(Thawing(objects, waiting.bytes, self._readable, waiting.asked, waiting.ready_ns))
        if not waiting.objects:
            return False
        if not self._route.options.wait and not (moved and round_.held is Held.COPYING):
            return False
        # More may be asked for once all that was thawed is copied.
        await self._pause(round_.look_ns, moving=round_.held is Held.COPYING and bool(self._moving))
        return not self._stopped() and bool((await self._checkpoint.waiting()).objects)

    async def _pause(self, until_ns: int, *, moving: bool = False) -> None:
        """Until it is time to look again, or all that was parked has come to its end; ``moving``: or nothing moves.

        Or until the source sends word that something has thawed.
        """
        async with self._hearing.listening(self._changed.set) as word:
            with suppress(TimeoutError):
                while not self._stopped() and not word.is_set():
                    self._changed.clear()  # ahead of the look, or what changes meanwhile would be missed
                    if not await self._is_unchanged(moving=moving):
                        break
                    await sleep(self._changed, max(1.0, (until_ns - self._route.now_ns()) / _SECOND_NS))
        if self._moving:
            self._measure()

    async def _is_unchanged(self, *, moving: bool) -> bool:
        if moving or self._moving:
            return bool(self._moving)
        return bool((await self._checkpoint.waiting()).objects)

    def _moved(self, key: str) -> Parked | None:
        """The object as it was when it was taken up, if it is one that was."""
        parked = self._moving.pop(key, None)
        if parked is not None and not self._moving:
            self._measure()
        self._changed.set()
        return parked

    def _measure(self) -> None:
        """Take note of how fast objects were copied, if any are done since that was done last."""
        copied = self._tally.totals.copied_bytes
        now = time.monotonic()
        self._measured.add(copied - self._copied, now - self._began)
        self._copied, self._began = copied, now
