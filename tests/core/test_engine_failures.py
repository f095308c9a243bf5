"""A run goes on past what fails, tries it once more at its end, and says what is missing."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace

import pytest

import transfer
from tests.core.rig import MIB, Heard, Watched, contents, fill, memory, pattern, quick, raising
from transfer.checkpoint import summary_of
from transfer.errors import Denied, Misconfigured, NoSpace, Throttled, Transient, Unsupported
from transfer.event import Retrying, RunFinished
from transfer.testing.faults import Fault, Faulty, script

MANY = {f"k{number:02}": b"data" for number in range(30)}


async def rig() -> tuple[Watched, Watched]:
    source, target = Watched(memory()), Watched(memory())
    await fill(source, MANY)
    return source, target


async def test_one_bad_object_does_not_keep_the_others() -> None:
    """It is tried twice, and told with its cause."""
    source, target = await rig()
    target.before = raising(Denied("not this one"), "put k07")
    result = await transfer.sync(source, target, quick())
    assert result.exit_status == 1
    assert [(failure.key, failure.error) for failure in result.failures] == [("k07", "not this one")]
    assert set(contents(target)) == set(MANY) - {"k07"}
    assert target.count("put k07") == 2


async def test_the_second_try_at_the_end_may_succeed() -> None:
    """Then nothing is wrong any more, in the result and in the checkpoint."""
    source, target = await rig()
    target.before = raising(Transient("the network is down"), "put k07", times=1)
    heard = Heard()
    result = await transfer.sync(source, target, quick(), listener=heard)
    assert result.ok
    assert contents(target) == MANY
    assert [call for call in target.calls if call.startswith("put")][-1] == "put k07"
    assert any("again at the end" in event.error for event in heard.of(Retrying))
    assert (await summary_of(heard.checkpoint)).failures == 0


async def test_what_can_not_be_held_is_not_tried_again() -> None:
    """Another try can't help."""
    source, target = await rig()
    target.before = raising(Unsupported("no such names here"), "put k07")
    assert (await transfer.sync(source, target, quick())).totals.failed == 1
    assert target.count("put k07") == 1


async def test_an_object_that_vanishes_is_no_failure() -> None:
    """It is simply not at the source any more."""
    source, target = await rig()

    async def vanish(what: str) -> None:
        if what == "read k07":
            await source.delete(["k07"])

    source.before = vanish
    heard = Heard()
    result = await transfer.sync(source, target, quick(), listener=heard)
    assert result.ok
    assert set(contents(target)) == set(MANY) - {"k07"}
    assert heard.outcomes["k07"].reason == "gone from the source since it was listed"
    assert (await summary_of(heard.checkpoint)).failures == 0


async def test_a_source_that_changes_while_it_is_read_is_read_again() -> None:
    """The target gets the new state, whole."""
    source, target = await rig()

    async def change(what: str) -> None:
        if what == "read k07" and source.count("read k07") == 1:
            await fill(source, {"k07": b"other data"})

    source.before = change
    heard = Heard()
    result = await transfer.sync(source, target, quick(), listener=heard)
    assert result.ok
    assert contents(target)["k07"] == b"other data"
    assert heard.outcomes["k07"].attempts == 2
    assert (await transfer.sync(source, target, quick())).totals.skipped_proven == len(MANY)


async def test_a_source_that_never_rests_is_a_failure() -> None:
    """After a few tries."""
    source, target = await rig()

    async def change(what: str) -> None:
        if what == "read k07":
            await fill(source, {"k07": str(len(source.calls)).encode()})

    source.before = change
    result = await transfer.sync(source, target, quick())
    assert [failure.key for failure in result.failures] == ["k07"]
    assert "changed" in (result.failures[0].error or "")


async def test_a_body_that_breaks_is_read_again() -> None:
    """Where the layers can't help: they have handed it over already."""
    source, target = memory(), memory()
    await fill(source, {"k": b"data"})
    broken = Faulty(source, script({"read k": [Fault.SHORT, Fault.RESET]}))
    assert (await transfer.sync(broken, target, quick())).ok
    assert contents(target) == {"k": b"data"}
    assert len(broken.injected) == 2


async def test_a_body_that_always_breaks_is_a_failure() -> None:
    """After a few tries."""
    source, target = memory(), memory()
    await fill(source, {"k": b"data"})
    broken = Faulty(source, lambda what: Fault.RESET if what == "read k" else None)
    result = await transfer.sync(broken, target, quick())
    assert "ended after 2 of 4 bytes" in (result.failures[0].error or "")
    assert len(broken.injected) == 10


async def test_too_many_errors_stop_the_run() -> None:
    """What was not reached is not counted as failed, and the note says why."""
    source, target = await rig()
    target.before = raising(Denied("no"), "put")
    result = await transfer.sync(source, target, quick(max_errors=3, transfers=1))
    assert result.totals.failed == 4
    assert any("--max-errors" in note for note in result.notes)
    assert target.count("put") < 10


async def test_a_full_disk_stops_the_run_and_it_can_go_on() -> None:
    """With one clear sentence, and without hammering what is full."""
    source, target = await rig()

    async def full(what: str) -> None:
        if what.startswith("put") and len(contents(target)) >= 10:
            raise NoSpace("the disk is full; make room and run the command again")

    target.before = full
    result = await transfer.sync(source, target, quick(transfers=2))
    assert result.exit_status == 1
    assert result.notes[0] == "Stopped early: the disk is full; make room and run the command again"
    assert target.count("put") <= 12
    target.before = None
    again = await transfer.sync(source, target, quick())
    assert (again.ok, again.totals.skipped_proven) == (True, 10)


async def test_what_waits_for_a_second_try_has_failed_when_the_run_stops() -> None:
    """Nothing that is missing goes uncounted."""
    source, target = await rig()

    async def trouble(what: str) -> None:
        if what in ("put k03", "put k05"):
            raise Denied("no")
        if what == "put k20":
            raise NoSpace("full")

    target.before = trouble
    result = await transfer.sync(source, target, quick(transfers=1))
    assert {failure.key for failure in result.failures} == {"k03", "k05", "k20"}
    assert result.totals.failed == 3


async def test_a_disk_that_fills_up_in_the_second_tries_leaves_none_uncounted() -> None:
    """Those that were to come are failures."""
    source, target = await rig()

    async def trouble(what: str) -> None:
        if what in ("put k03", "put k05", "put k07"):
            raise Denied("no") if len(contents(target)) < 27 else NoSpace("full")

    target.before = trouble
    result = await transfer.sync(source, target, quick(transfers=1))
    assert result.totals.failed == 3
    assert {failure.key for failure in result.failures} == {"k03", "k05", "k07"}


async def test_a_defect_in_one_object_is_that_objects_failure(caplog: pytest.LogCaptureFixture) -> None:
    """Its text, which may hold anything, is not told; the log has where it happened."""
    source, target = await rig()
    target.before = raising(ValueError("a secret"), "put k07")
    with caplog.at_level(logging.DEBUG, "transfer"):
        result = await transfer.sync(source, target, quick())
    assert set(contents(target)) == set(MANY) - {"k07"}
    error = result.failures[0].error or ""
    assert "ValueError" in error
    assert "secret" not in error
    assert any("k07" in record.message and record.exc_info for record in caplog.records)


async def test_a_call_that_breaks_off_from_within_is_that_objects_failure() -> None:
    """A cancellation that nobody asked for neither ends the run nor passes for success."""
    source, target = await rig()

    async def leak(what: str) -> None:
        if what == "put k07":
            raise asyncio.CancelledError

    target.before = leak
    result = await transfer.sync(source, target, quick())
    assert [failure.key for failure in result.failures] == ["k07"]
    assert set(contents(target)) == set(MANY) - {"k07"}


async def test_passing_trouble_is_waited_over_by_the_layers() -> None:
    """A throttled call is made again, and the object has one attempt."""
    source, target = await rig()
    target.before = raising(Throttled("slow down", retry_after=0.01), "put k07", times=1)
    heard = Heard()
    result = await transfer.sync(source, target, quick(retries=2), listener=heard)
    assert result.ok
    assert heard.outcomes["k07"].attempts == 1
    assert [event.what for event in heard.of(Retrying)] == ["put k07"]


@pytest.mark.parametrize("moment", ["check", "list", "read k", "put k", "put part", "begin", "finish", "stat"])
async def test_cancelling_is_clean_at_any_moment(moment: str) -> None:
    """It ends at once, leaves no task (a fixture looks), and the same call goes on."""
    source, target = await rig()
    await fill(source, {"large": pattern(3 * MIB)})
    reached = asyncio.Event()

    async def hang(what: str) -> None:
        if what.startswith(moment):
            reached.set()
            await asyncio.Event().wait()

    source.before = target.before = hang
    heard = Heard()
    task = asyncio.create_task(transfer.sync(source, target, quick(), listener=heard))
    await reached.wait()
    await asyncio.sleep(0.01)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 2
    if moment != "check":
        assert isinstance(heard[-1], RunFinished)
        assert heard[-1].result.exit_status == 130
        assert (await summary_of(heard.checkpoint)).state == "interrupted"
    source.before = target.before = None
    assert (await transfer.sync(source, target, quick())).ok
    assert contents(target) == contents(source)


@pytest.mark.parametrize("seed", range(12))
async def test_cancelling_at_any_turn_of_the_loop_is_clean(seed: int) -> None:
    """However many turns it has made, and however often it is cancelled."""
    source, target = await rig()
    await fill(source, {"large": pattern(3 * MIB)})
    await fill(target, {"gone": b"g"})
    options = quick(delete=True)
    task = asyncio.create_task(transfer.sync(source, target, options))
    for _ in range(seed * 25):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=5)
    assert task.done()
    await asyncio.sleep(0.05)  # a second cancellation leaves the checkpoint to close by itself
    while (again := await go_on(source, target, options)) is None:
        await asyncio.sleep(0.02)
    assert again.ok
    assert contents(target) == contents(source)


async def go_on(source: Watched, target: Watched, options: transfer.Options) -> transfer.Result | None:
    try:
        return await transfer.sync(source, target, options)
    except Misconfigured:  # the run before still lets go of its checkpoint
        return None


async def test_what_was_sent_in_vain_is_counted() -> None:
    """Bytes are sent whether or not their try succeeds; none is counted twice."""
    source, target = memory(), Watched(memory())
    await fill(source, {"large": pattern(3 * MIB), "small": b"data"})
    target.before = raising(Denied("no"), "finish", times=1)
    heard = Heard()
    result = await transfer.sync(source, target, quick(), listener=heard)
    assert result.ok
    assert result.totals.sent_bytes == 3 * MIB + 4
    assert result.totals.resumed_bytes == 3 * MIB
    assert (heard.outcomes["large"].sent, heard.outcomes["large"].resumed) == (0, 3 * MIB)


async def test_a_name_that_the_target_does_not_take() -> None:
    """Too long, begun or written with what may not be: it is told without reading a byte, and others arrive."""
    source, target = Watched(memory()), memory()
    await fill(source, {"/a": b"1", "b\x18": b"2", "c" * 9: b"3", "fine": b"4"})
    target.limits = replace(target.limits, max_key=8, no_start="/", refused=frozenset("\x18"))
    result = await transfer.sync(source, target, quick())
    assert contents(target) == {"fine": b"4"}
    assert {failure.key: failure.error for failure in result.failures} == {
        "/a": "the name starts with '/', which the target does not take",
        "b\x18": r"the name has '\x18' in it, which the target does not take",
        "c" * 9: "the name has 9 bytes, and the target takes 8",
    }
    assert source.count("read") == 1
