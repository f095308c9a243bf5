"""Steps are run so many at once, to the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from transfer.budget import Budget
from transfer.decide import Do, Step
from transfer.errors import Denied
from transfer.event import Action, Outcome, Verdict
from transfer.lanes import Lanes
from transfer.model import Proof, Proven
from transfer.scheduler import Scheduler

LARGE = 1000
DONE = Outcome("k", Action.COPY, Verdict.DONE, "new", size=5, proof=Proof(Proven.VERIFIED, "md5"), sent=3, resumed=2)


async def steps_to(count: int, error: Exception | None = None) -> AsyncIterator[Step]:
    for number in range(count):
        yield Step(Do.COPY, str(number), "new")
    if error is not None:
        raise error


def scheduler(
    carry_out: Callable[[Step], Awaitable[Outcome]],
    settle: Callable[[Step, Outcome], Awaitable[None]],
    stopped: Callable[[], bool],
    width: int = 3,
) -> Scheduler:
    """With ``width`` lanes."""
    lanes = Lanes(Budget(1), width)
    return Scheduler(carry_out, settle, lanes=lanes, large=LARGE, looks=2, stopped=stopped)


class Ledger:
    """Carries out steps by noting them."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.busy = self.busiest = 0
        self.stop_at: str | None = None

    async def carry_out(self, step: Step) -> Outcome:
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        await asyncio.sleep(0)
        self.busy -= 1
        return replace(DONE, key=step.key)

    async def settle(self, step: Step, outcome: Outcome) -> None:
        assert step.key == outcome.key
        self.done.append(outcome.key)

    async def run(self, steps: AsyncIterator[Step], width: int = 3) -> None:
        await scheduler(self.carry_out, self.settle, lambda: self.stop_at in self.done, width).run(steps)


async def test_all_steps_are_run_so_many_at_once() -> None:
    """Never more than the width."""
    ledger = Ledger()
    await ledger.run(steps_to(50))
    assert sorted(ledger.done, key=int) == [str(number) for number in range(50)]
    assert ledger.busiest == 3


async def test_steps_before_an_error_in_the_plan_are_run_to_their_end() -> None:
    """Then it comes out."""
    ledger = Ledger()
    with pytest.raises(Denied):
        await ledger.run(steps_to(10, Denied("no more")))
    assert len(ledger.done) == 10


async def test_what_is_queued_when_the_run_stops_is_let_go() -> None:
    """And the plan is ended."""
    ledger = Ledger()
    ledger.stop_at = "5"
    await ledger.run(steps_to(1000))
    assert len(ledger.done) < 10


async def test_a_defect_while_settling_ends_the_run() -> None:
    """It is not an object's failure."""

    async def settle(step: Step, outcome: Outcome) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await scheduler(Ledger().carry_out, settle, lambda: False).run(steps_to(1000))
