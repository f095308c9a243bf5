"""Memory does not grow with the work: not with the size of objects, not with their number."""

from __future__ import annotations

import asyncio

import pytest

import transfer
from tests.core.rig import MIB, Heard, Watched, budgets_kept, contents, fill, memory, pattern, quick
from transfer import engine
from transfer.budget import Budget
from transfer.errors import Unsupported
from transfer.event import Finished


@pytest.fixture
def budgets(monkeypatch: pytest.MonkeyPatch) -> list[Budget]:
    """The budgets of all runs."""
    return budgets_kept(monkeypatch, engine)


async def test_buffers_stay_within_the_budget(budgets: list[Budget]) -> None:
    """With thousands of small objects and large ones among them, that together are many times its size."""
    source, target = memory(), memory()
    await fill(source, {f"{number:05}": b"x" * 100 for number in range(5_000)})
    await fill(source, {f"02500-large-{number}": pattern(10 * MIB, number) for number in range(3)})
    options = quick(memory=4 * MIB, transfers=32)
    result = await transfer.sync(source, target, options)
    assert result.ok
    assert contents(target) == contents(source)
    (budget,) = budgets
    assert 2 * MIB < budget.peak <= 4 * MIB
    assert budget.used == 0


async def test_an_object_larger_than_the_budget_goes_in_parts_that_fit(budgets: list[Budget]) -> None:
    """Whatever the threshold says."""
    source, target = memory(), memory()
    await fill(source, {"k": pattern(5 * MIB)})
    options = quick(memory=2 * MIB, multipart_threshold=100 * MIB, part_size=None)
    assert (await transfer.sync(source, target, options)).ok
    assert budgets[0].peak <= 2 * MIB


async def test_what_never_fits_is_a_failure_that_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is not waited for."""
    source, target = memory(), memory()
    monkeypatch.setattr(type(target), "limits", transfer.plugin.Limits(min_part=5 * MIB))
    await fill(source, {"k": pattern(3 * MIB), "small": b"s"})
    async with asyncio.timeout(10):
        result = await transfer.sync(source, target, quick(memory=2 * MIB))
    assert [failure.key for failure in result.failures] == ["k"]
    assert "--memory 6MiB" in (result.failures[0].error or "")
    assert issubclass(Unsupported, transfer.TransferError)
    assert set(contents(target)) == {"small"}


async def test_listings_do_not_run_ahead_of_the_work() -> None:
    """While all movers are busy, no more than a few pages are read."""
    source, target = Watched(memory()), Watched(memory())
    await fill(source, {f"{number:05}": b"x" for number in range(20_000)})
    source.forget()
    full, heard = asyncio.Event(), Heard()

    async def wait(what: str) -> None:
        if target.count("put") == 4:
            full.set()
        if what.startswith("put"):
            await asyncio.Event().wait()

    target.before = wait
    task = asyncio.create_task(transfer.sync(source, target, quick(), listener=heard))
    await full.wait()
    await asyncio.sleep(0.1)
    assert source.count("list") <= 5
    assert target.count("put") == 4
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not heard.of(Finished)


async def test_skips_do_not_pile_up_either() -> None:
    """Twenty thousand of them, told one by one."""
    source, target = memory(), memory()
    objects = {f"{number:05}": b"x" for number in range(20_000)}
    await fill(source, objects)
    await fill(target, objects)
    told = 0

    def count(event: transfer.event.Event) -> None:
        nonlocal told
        told += isinstance(event, Finished)

    result = await transfer.sync(source, target, quick(), listener=count)
    assert result.totals.skipped_proven == told == 20_000
