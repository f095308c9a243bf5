"""Structured concurrency: errors come out by kind, cancellation always, and nothing runs on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from transfer.errors import NotFound, Transient
from transfer.tasks import Ahead, Group, closing, for_each


async def test_all_items_are_worked_on_so_many_at_once() -> None:
    """Never are there more than ``width`` under way."""
    busy, busiest, seen = 0, 0, []

    async def work(item: int) -> None:
        nonlocal busy, busiest
        busy += 1
        busiest = max(busiest, busy)
        await asyncio.sleep(0)
        seen.append(item)
        busy -= 1

    await for_each(range(20), work, width=3)
    assert sorted(seen) == list(range(20))
    assert busiest == 3


async def test_the_first_error_ends_all_others() -> None:
    """It comes out by itself, and no further item is begun."""
    begun = []

    async def work(item: int) -> None:
        begun.append(item)
        if item == 1:
            raise NotFound("gone")
        await asyncio.sleep(60)

    with pytest.raises(NotFound):
        await for_each(range(100), work, width=4)
    assert begun == [0, 1, 2, 3]


async def fail_when_cancelled() -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        raise Transient("cleaning up failed") from None


async def cancelled_from_outside() -> list[str]:
    """What a task sees that is cancelled while its group waits for a child that then fails."""
    seen = []
    try:
        async with Group() as group:
            group.create_task(fail_when_cancelled())
    except asyncio.CancelledError:
        seen.append("cancelled")
        await asyncio.sleep(0)
        seen.append("cleaned up")
    return seen


async def test_cancellation_is_not_lost_to_an_error_that_it_causes() -> None:
    """It comes out instead of the error, and once only, so that cleaning up can await."""
    task = asyncio.create_task(cancelled_from_outside())
    await asyncio.sleep(0.01)
    task.cancel()
    assert await task == ["cancelled", "cleaned up"]


@pytest.mark.parametrize("body_waits", [True, False])
async def test_a_failing_child_does_not_look_like_a_cancellation(body_waits: bool) -> None:
    """Whether the group's body is still under way or not, the error comes out, and the task is not marked."""
    with pytest.raises(NotFound):
        await group_with_one_that_fails(body_waits)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def group_with_one_that_fails(body_waits: bool) -> None:
    async with Group() as group:
        group.create_task(gone())
        if body_waits:
            await asyncio.sleep(60)


async def gone() -> None:
    await asyncio.sleep(0)
    raise NotFound("gone")


async def test_a_child_that_nobody_cancelled_has_not_just_ended() -> None:
    """A cancellation that leaks out of a library would else look like work that is done."""

    async def work(item: int) -> None:
        if item == 2:
            raise asyncio.CancelledError

    with pytest.raises(Transient, match="broken off"):
        await for_each([1, 2, 3], work, width=1)


async def test_an_error_in_a_nested_group_is_found() -> None:
    """Groups within groups come down to one error."""
    with pytest.raises(NotFound):
        await for_each([1], lambda _: group_with_one_that_fails(body_waits=True), width=2)


async def numbers(ended: list[bool], error: Exception | None = None) -> AsyncIterator[int]:
    try:
        for number in range(5):
            yield number
            await asyncio.sleep(0)
        if error is not None:
            raise error
    finally:
        ended.append(True)


async def test_running_ahead_gives_everything_and_then_the_error() -> None:
    """The error comes after what came before it, each time that one asks."""
    async with Group() as group:
        ahead = Ahead(numbers([], NotFound("gone")), group, depth=2)
        assert [await anext(ahead) for _ in range(5)] == [0, 1, 2, 3, 4]
        for _ in range(3):
            with pytest.raises(NotFound):
                await anext(ahead)


async def test_a_listing_that_breaks_off_from_within_is_an_error() -> None:
    """Its reader does not wait for ever."""

    async def broken() -> AsyncIterator[int]:
        yield 1
        raise asyncio.CancelledError

    async def read() -> None:
        async with Group() as group:
            async for _ in Ahead(broken(), group, depth=1):
                pass

    with pytest.raises(Transient, match="broken off"):
        await asyncio.wait_for(read(), 5)


async def test_running_ahead_is_bounded_and_can_be_stopped() -> None:
    """At most ``depth`` items wait; stopping ends the iterator at once."""
    ended: list[bool] = []
    async with Group() as group:
        ahead = Ahead(numbers(ended), group, depth=2)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not ended
        ahead.cancel()
    assert ended == [True]


async def test_a_generator_is_ended_where_its_block_ends() -> None:
    """Not later, in a task of its own."""
    ended: list[bool] = []
    async with closing(numbers(ended)) as items:
        assert await anext(items) == 0
    assert ended == [True]
