"""All buffers together never exceed the budget, whoever waits, fails or is cancelled."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import mmap
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transfer.budget import Budget
from transfer.errors import TransferError, Unsupported

KIB = 1024
MIB = 1024 * KIB
OVERHEAD = 16 * KIB


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(), total=st.integers(2 * MIB, 8 * MIB), users=st.integers(1, 40))
async def test_never_above_the_total(seed: int, total: int, users: int) -> None:
    """With random sizes, failures and cancellations at random moments; and nothing leaks."""
    dice = random.Random(seed)
    budget = Budget(total)
    live = 0

    async def use(size: int, waits: int, fails: bool) -> None:
        nonlocal live
        async with budget.buffer(size) as view:
            assert len(view) == size
            live += size
            try:
                assert live <= total
                assert live + kept(budget) <= total
                for _ in range(waits):
                    await asyncio.sleep(0)
                if fails:
                    raise ValueError
            finally:
                live -= size

    sizes = [
        dice.choice([0, 1, 100 * KIB, MIB, dice.randrange(budget.largest + 1), budget.largest]) for _ in range(users)
    ]
    tasks = [asyncio.create_task(use(size, dice.randrange(4), dice.random() < 0.2)) for size in sizes]
    for task in tasks:
        if dice.random() < 0.3:
            for _ in range(dice.randrange(4)):
                await asyncio.sleep(0)
            task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        assert result is None or isinstance(result, ValueError | asyncio.CancelledError)
    assert budget.peak <= total
    assert budget.used == 0
    async with asyncio.timeout(5), budget.buffer(budget.largest):
        pass


def kept(budget: Budget) -> int:
    """Bytes that are kept for use. Beside what is in use, since who was just granted memory has not taken it yet."""
    size = sum(size * len(blocks) for size, blocks in budget._pool.items())
    assert size == budget._pooled
    return size


async def test_first_come_first_served() -> None:
    """A large request is not overtaken for ever by small ones that would fit."""
    budget = Budget(3 * MIB)
    order = []

    async def use(name: str, size: int) -> None:
        async with budget.buffer(size):
            order.append(name)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group, budget.buffer(2 * MIB):
        for name, size in (("large", 2 * MIB), ("small", 1), ("small too", 1)):
            group.create_task(use(name, size))
        for _ in range(5):
            await asyncio.sleep(0)
        assert order == []
    assert order == ["large", "small", "small too"]


async def test_who_leaves_the_queue_lets_the_next_one_in() -> None:
    """Though no memory came back meanwhile."""
    budget = Budget(2 * MIB)
    async with budget.buffer(MIB):
        large = asyncio.create_task(take(budget, 2 * MIB - OVERHEAD))
        small = asyncio.create_task(take(budget, 1))
        await asyncio.sleep(0)
        assert not small.done()
        large.cancel()
        await asyncio.wait_for(small, 5)
    with pytest.raises(asyncio.CancelledError):
        await large


async def take(budget: Budget, size: int) -> None:
    async with budget.buffer(size):
        pass


@pytest.mark.parametrize("total", [1, OVERHEAD - 1, OVERHEAD, MIB])
async def test_what_never_fits_is_refused_and_not_waited_for(total: int) -> None:
    """Not even nothing fits into next to nothing."""
    budget = Budget(total)
    assert not budget.fits(budget.largest + 1)
    with pytest.raises(Unsupported, match="--memory"):
        await asyncio.wait_for(take(budget, budget.largest + 1), 5)
    if budget.fits(budget.largest):
        await take(budget, budget.largest)
    else:
        with pytest.raises(Unsupported):
            await asyncio.wait_for(take(budget, 0), 5)


async def test_large_buffers_are_used_again() -> None:
    """Fresh pages cost more than a copy; but not after a failure, when someone may still write into them."""
    budget = Budget(8 * MIB)
    async with budget.buffer(MIB) as view:
        first = view.obj
    async with budget.buffer(MIB) as view:
        assert view.obj is first
    with pytest.raises(ValueError, match="broken"):
        await fail_with(budget)
    async with budget.buffer(MIB) as view:
        assert view.obj is not first


async def fail_with(budget: Budget) -> None:
    async with budget.buffer(MIB):
        raise ValueError("broken")


async def test_large_buffers_begin_at_a_page() -> None:
    """Also those that are used again; disks do not read or write others directly."""
    budget = Budget(8 * MIB)
    for size in (MIB, MIB + 1, 2 * MIB, MIB):
        async with budget.buffer(size) as view:
            assert ctypes.addressof(ctypes.c_char.from_buffer(view)) % mmap.PAGESIZE == 0


async def test_no_memory_is_an_error_that_costs_no_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system refused is not counted as handed out."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr("transfer.budget.mmap", refuse)
    budget = Budget(8 * MIB)
    with pytest.raises(TransferError, match=r"2,097,152 bytes .* --memory"):
        await budget.take(2 * MIB)
    assert budget.used == 0
