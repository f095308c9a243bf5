"""Plans and moves: one run between two open sides, up to its result."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace

from transfer.checkpoint import NOTHING_WAITS, Checkpoint, Failure, Waiting
from transfer.decide import Do, Step
from transfer.errors import TransferError
from transfer.event import (
    PENDING,
    Action,
    Costs,
    CountsSkips,
    Finished,
    Outcome,
    Planned,
    Result,
    Retrying,
    RunFinished,
    Verdict,
)
from transfer.job import deleting
from transfer.job.cold import ColdStorage
from transfer.job.costs import Expected, excess, sentences, spent
from transfer.job.doubting import doubting
from transfer.job.mode import Mode
from transfer.job.named import named_steps
from transfer.job.planning import Planning
from transfer.job.unused import unused_uploads
from transfer.pipeline.inspect import SECOND_TRY, THAWED
from transfer.pipeline.outcomes import told
from transfer.pipeline.record import keep_skips
from transfer.pipeline.route import Route
from transfer.scheduler import Scheduler
from transfer.tally import Tally
from transfer.tasks import closing

_LOOKS_AT_ONCE = 64
"""Objects of which the listings don't tell enough."""
_STATES = {0: "complete", PENDING: "waiting"}
"""How a checkpoint calls the end of a run, by the exit status."""

_NOT_ASKED = (
    "{:,} of the objects that wait are not asked for yet: no more is than is allowed, there is room for, "
    "and can be copied while it is readable; later runs ask for them."
)

CarryOut = Callable[[Step], Awaitable[Outcome]]


@dataclass(slots=True)
class Run:
    """One run. ``mode`` says what becomes of a step: moved, only compared, or only told."""

    route: Route
    checkpoint: Checkpoint
    mode: Mode
    carry_out: CarryOut
    """The outcome of one step; raises nothing."""
    own: frozenset[str] = frozenset()
    """Keys of the run's own files, which are left out on both sides."""
    expected: Expected | None = None
    """What it would cost; of a run that is only told."""
    tally: Tally = field(default_factory=Tally)
    listing_failed: TransferError | None = field(default=None, init=False)
    """Why the plan is not whole."""
    _started: float = field(default_factory=time.monotonic)
    _fatal: str | None = None
    _names: dict[str, str] = field(default_factory=dict)
    """The target's keys of failed objects, where they are others."""
    _waiting: Waiting = NOTHING_WAITS
    """What is left to cold storage."""
    _costs: Costs = ()
    _cold: ColdStorage = field(init=False)
    _planning: Planning = field(init=False)

    def __post_init__(self) -> None:
        self._cold = ColdStorage(self.route, self.checkpoint, self.tally, self._record, lambda: self._fatal is not None)
        self._planning = Planning(self.route, self.checkpoint, self.own, self._carry, self._restart)

    async def execute(
        self,
        steps: AsyncIterator[Sequence[Step]] | None = None,
        *,
        ahead: Callable[[], Awaitable[str | None]] | None = None,
    ) -> Result:
        """Do everything that the options ask for; ``steps`` stand in for the plan, where nothing is listed.

        ``ahead`` is awaited first, and says why nothing of it may be done.
        """
        state = "interrupted"
        try:
            if ahead is not None:
                self.tally.refused = await ahead()
            if self.tally.refused is None:
                await self._everything(steps)
            state = _STATES.get(self._result().exit_status, "failed")
        finally:
            if state == "interrupted":
                self.route.listener(RunFinished(replace(self._result(), interrupted=True)))
            await asyncio.shield(self._end(state))
        result = self._result()
        self.route.listener(RunFinished(result))
        return result

    async def _everything(self, steps: AsyncIterator[Sequence[Step]] | None) -> None:
        async with self._asking():
            whole = await self._all_steps(steps)
            await self._second_tries()
        await self._cold_storage()
        await self._deletes(whole)
        await self._note_unused_uploads(whole)
        await self._note_costs()

    async def _end(self, state: str) -> None:
        try:
            self.checkpoint.clear_doomed()
            if self.mode is Mode.MOVE:
                await self.checkpoint.end_run(state, json.dumps(asdict(self.tally.totals)))
        except TransferError:
            if state != "interrupted":
                raise

    def _result(self) -> Result:
        return Result(
            totals=self.tally.totals,
            seconds=time.monotonic() - self._started,
            failures=tuple(self.tally.failures),
            refused=self.tally.refused,
            dry_run=self.route.options.dry_run,
            notes=tuple(self.tally.notes),
            proofs=tuple(sorted(self.tally.proofs.items())),
            ready_ns=self._waiting.ready_ns,
            costs=self._costs,
        )

    # Planning

    async def _all_steps(self, steps: AsyncIterator[Sequence[Step]] | None) -> bool:
        """Run the whole plan; whether both listings ended without an error."""
        if steps is None and self.route.options.files_from is not None:
            steps = named_steps(self.route.options)
        if steps is not None:
            await self._carry(steps)
            return False
        try:
            await self._planning.run()
        except TransferError as error:
            self._note_listing_failed(error)
            return False
        self._note_emptiness()
        return True

    def _restart(self) -> None:
        """Forget what was found, for the plan is made anew."""
        self.checkpoint.clear_doomed()
        if self.mode is Mode.MOVE:
            self.checkpoint.clear_failures()
            self._cold.restart()
        self.tally.restart()

    def _note_listing_failed(self, error: TransferError) -> None:
        self.listing_failed = error
        self.tally.notes.append("A listing failed, so not everything was looked at and nothing is deleted.")
        self._record(Outcome("", Action.FAIL, Verdict.FAILED, "listing failed", error=str(error)))

    def _note_emptiness(self) -> None:
        """An object store can't tell a folder that is empty from one that is misspelt: a person can."""
        options = self.route.options
        if self._planning.listed_at_source == 0 and options.filter.is_empty and not options.delete:
            self.tally.notes.append(f"There is no object at the source, {self.route.source.url}.")

    # Steps

    async def _carry(self, runs: AsyncIterator[Sequence[Step]]) -> None:
        await self._scheduler().run(self._work_only(runs))

    def _scheduler(self) -> Scheduler:
        return Scheduler(
            self.carry_out,
            self._settle,
            lanes=self.route.lanes,
            large=self.route.options.multipart_threshold,
            looks=self.route.options.transfers or _LOOKS_AT_ONCE,
            stopped=lambda: self._fatal is not None,
        )

    async def _work_only(self, runs: AsyncIterator[Sequence[Step]]) -> AsyncIterator[Step]:
        """Settles the steps that ask for no work, and passes on those that do."""
        async with closing(doubting(runs, self.checkpoint, self.route.rules)) as doubted:
            async for run in doubted:
                skips = [step for step in run if step.do is Do.SKIP]
                self._skip(skips)
                if len(skips) < len(run):
                    for step in run:
                        if self._is_work(step):
                            yield step
                await self.checkpoint.room()

    def _skip(self, steps: Sequence[Step]) -> None:
        """All at once: where there is nothing to do, this is what a run does."""
        keep_skips(self.route, [step for step in steps if step.new])
        listener = self.route.listener
        if isinstance(listener, CountsSkips):
            proven = [step.proven for step in steps].count(True)
            self.tally.skip(proven=proven, assumed=len(steps) - proven)
            listener.count_skips(len(steps))
        else:
            for step in steps:
                self._record(told(step))

    def _is_work(self, step: Step) -> bool:
        """Whether there is something to do for it; what a step asks of the checkpoint only is done here."""
        match step.do:
            case Do.SKIP:
                return False
            case Do.LEAVE | Do.FAIL:
                self._record(told(step))
                return False
            case Do.FORGET:
                self._forget(step.key)
                return False
            case Do.DELETE:
                self._doom(step)
                return False
            case _:
                self._tell_planned(step)
                return not (self.mode is Mode.MOVE and self._cold.takes(step))

    def _forget(self, key: str) -> None:
        if self.mode is Mode.MOVE:
            self.checkpoint.forget([key])

    def _doom(self, step: Step) -> None:
        assert step.target is not None
        self.checkpoint.doom(step.target)
        self.route.listener(Planned(step.key, Action.DELETE, step.reason, step.target.size))

    def _tell_planned(self, step: Step) -> None:
        if step.do in (Do.COPY, Do.UPDATE) and self.mode is Mode.MOVE:
            action = Action.COPY if step.do is Do.COPY else Action.UPDATE
            self.route.listener(Planned(step.key, action, step.reason, step.source.size if step.source else None))

    async def _settle(self, step: Step, outcome: Outcome) -> None:
        if outcome.fatal:
            self._stop(outcome.error or "")
        if self.expected is not None:
            await self.expected.add(step, outcome)
        again = outcome.verdict is Verdict.FAILED and outcome.retryable and step.reason != SECOND_TRY
        if outcome.verdict is Verdict.PENDING:
            self.tally.count_sent(outcome)
            self._cold.park(step, outcome.size)
        elif again and self.mode is Mode.MOVE:
            self._postpone(step, outcome)
        else:
            self._record(outcome)
        if step.reason == THAWED and outcome.verdict is not Verdict.PENDING:
            self._cold.settled(step.key)
        if step.reason == SECOND_TRY and outcome.verdict is not Verdict.FAILED:
            self.checkpoint.recovered(step.key)
        await self.checkpoint.room()

    def _postpone(self, step: Step, outcome: Outcome) -> None:
        """A failure that another try at the end may mend."""
        if step.to is not None:
            self._names[step.key] = step.to
        self.tally.postpone(outcome)
        self.checkpoint.failed(Failure(outcome.key, outcome.error or "", True, outcome.action))
        self.route.listener(Retrying(outcome.key, outcome.attempts, 0.0, f"{outcome.error}; again at the end"))
        self._count_errors()

    def _record(self, outcome: Outcome) -> None:
        if outcome.verdict is Verdict.FAILED and self.mode is Mode.MOVE:
            self.checkpoint.failed(Failure(outcome.key, outcome.error or "", False, outcome.action))
        self.tally.add(outcome)
        self.route.listener(Finished(outcome))
        self._count_errors()

    def _count_errors(self) -> None:
        most = self.route.options.max_errors
        if most is not None and self.tally.errors > most:
            self._stop(f"More than {most} objects failed (--max-errors).")

    def _stop(self, why: str) -> None:
        if self._fatal is None:
            self._fatal = why
            self.tally.notes.append(f"Stopped early: {why}")
            self._cold.wake()

    # The end

    async def _second_tries(self) -> None:
        """Try again what failed; what there is no other try for has failed."""
        if not self.tally.postponed:
            return
        if self._fatal is None:
            await self._scheduler().run(self._failed_before())
        if self._fatal is not None:
            await self._give_up()
        self.tally.postponed = 0

    async def _failed_before(self) -> AsyncIterator[Step]:
        async with closing(self._retryable()) as failures:
            async for failure in failures:
                self.tally.postponed -= 1
                yield Step(Do.LOOK_UP, failure.key, SECOND_TRY, to=self._names.get(failure.key))

    async def _give_up(self) -> None:
        async for failure in self._retryable():
            reason = "not tried again"
            self._record(Outcome(failure.key, Action(failure.action), Verdict.FAILED, reason, error=failure.error))

    async def _retryable(self) -> AsyncIterator[Failure]:
        async with closing(self.checkpoint.failures()) as pages_:
            async for page in pages_:
                for failure in page:
                    if failure.retryable:
                        yield failure

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        """For the length of the block, what is parked is asked for from time to time."""
        if self.mode is not Mode.MOVE:
            yield
            return
        task = asyncio.create_task(self._cold.ask_meanwhile())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    async def _cold_storage(self) -> None:
        """Have thawed what can't be read, and move what can be; what is left is for another run."""
        if self.mode is not Mode.MOVE:
            return
        await self._scheduler().run(self._cold.steps())
        await self._cold.end()
        await self._second_tries()
        async with closing(self._cold.pending()) as pending:
            async for outcome in pending:
                self._record(outcome)
        self._waiting = await self._cold.waiting()
        if unasked := self._waiting.objects - self._waiting.asked:
            self.tally.notes.append(_NOT_ASKED.format(unasked))

    async def _deletes(self, whole: bool) -> None:
        options = self.route.options
        if not (whole and options.delete and self.mode.deletes):
            return
        if self.tally.totals.failed or self._fatal is not None:
            self.tally.notes.append("Nothing was deleted, since not everything went well.")
            return
        if self.tally.totals.pending:
            # What was renamed at the source may be at the target by its old name alone.
            self.tally.notes.append("Nothing is deleted yet, since some objects still wait for cold storage.")
            return
        doomed = await self.checkpoint.doomed_count()
        self.tally.refused = deleting.refusal(doomed, source_empty=self._planning.source_empty, route=self.route)
        if self.tally.refused is None:
            await self._price_deletes()
            async for outcome in self.mode.delete(self.route, self.checkpoint):
                self._record(outcome)

    async def _note_unused_uploads(self, whole: bool) -> None:
        """Only a run that has looked at everything knows what it has no use for."""
        if whole and self._fatal is None and self.mode is Mode.MOVE:
            note = await unused_uploads(self.checkpoint, self.route.unfinished)
            self.tally.notes.extend([note] if note else [])

    async def _price_deletes(self) -> None:
        if self.expected is not None:
            async for page in self.checkpoint.doomed():
                await self.expected.deletes(page)

    async def _note_costs(self) -> None:
        if self.mode is Mode.COMPARE:
            return
        if self.expected is None:
            await self._note_spent()
            return
        self._costs = self.expected.all()
        self.tally.notes.extend(sentences(self._costs))
        if self.tally.refused is None:
            self.tally.refused = excess(self._costs, self.route.options.max_cost)

    async def _note_spent(self) -> None:
        try:
            self._costs = await spent(self.route)
        except TransferError as error:  # a price is missing, and all is done
            self.tally.notes.append(f"What this comes to is not known: {error}")
        self.tally.notes.extend(sentences(self._costs))
