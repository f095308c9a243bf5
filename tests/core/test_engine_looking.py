"""Dry runs and verifications look, and touch nothing."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

import transfer
from tests.core.rig import (
    MIB,
    WRITES,
    Forgetful,
    Heard,
    Watched,
    contents,
    fill,
    memory,
    objects,
    pattern,
    quick,
    raising,
)
from transfer.checkpoint import summary_of
from transfer.errors import Denied
from transfer.event import Action, ObjectStarted, Planned, RunStarted, Verdict
from transfer.model import Metadata
from transfer.options import Compare, Options

T = TypeVar("T")
SAME = {"same": b"s", "large": pattern(2 * MIB)}


async def sides() -> tuple[Watched, Watched]:
    source, target = Watched(memory()), Watched(memory())
    await fill(source, {**SAME, "new": b"n", "differs": b"ours", "longer": b"longer"})
    await fill(target, {**SAME, "gone": b"g", "differs": b"them", "longer": b"long"})
    target.forget()
    return source, target


async def test_a_dry_run_tells_everything_and_touches_nothing() -> None:
    """No call that writes, no byte changed, and each step with its reason."""
    source, target = await sides()
    before, heard = contents(target), Heard()
    result = await transfer.sync(source, target, quick(delete=True, dry_run=True), listener=heard)
    assert (result.ok, result.dry_run) == (True, True)
    assert {event.key: (event.action, event.reason) for event in heard.of(Planned)} == {
        "new": (Action.COPY, "new"),
        "differs": (Action.COPY, "crc64nvme differs"),
        "longer": (Action.COPY, "size differs"),
        "gone": (Action.DELETE, "not at the source any more"),
    }
    assert {outcome.verdict for key, outcome in heard.outcomes.items() if key not in SAME} == {Verdict.PLANNED}
    assert (result.totals.copied, result.totals.deleted, result.totals.skipped_proven) == (3, 1, 2)
    assert heard.of(RunStarted)[0].checkpoint is None
    assert result.totals.sent_bytes == 0
    assert target.count(*WRITES) == 0
    assert contents(target) == before


async def test_a_dry_run_leaves_the_checkpoint_alone(tmp_path: Path) -> None:
    """It makes none, and in one that is there the run before keeps its state and its failures."""
    source, target = await sides()
    path = tmp_path / "checkpoint.sqlite"
    await transfer.sync(source, target, quick(dry_run=True, checkpoint=path))
    assert not path.exists()
    target.before = raising(Denied("no"), "put new")
    await transfer.sync(source, target, quick(checkpoint=path))
    before = await summary_of(path)
    assert (before.state, before.failures) == ("failed", 1)
    await transfer.sync(source, target, quick(dry_run=True, checkpoint=path, delete=True))
    assert await summary_of(path) == before


async def test_a_dry_run_uses_what_the_checkpoint_knows() -> None:
    """So that it plans what the run would do."""
    source, target = await sides()
    await transfer.sync(source, target, quick())
    source.forget()
    target.forget()
    result = await transfer.sync(source, target, quick(dry_run=True))
    assert result.totals.skipped_proven == 5
    assert source.count("stat") == target.count("stat") == 0


async def test_a_dry_run_tells_what_immutable_would_refuse() -> None:
    """As failures."""
    source, target = await sides()
    result = await transfer.sync(source, target, quick(dry_run=True, immutable=True))
    assert sorted(failure.key for failure in result.failures) == ["differs", "longer"]


async def test_verify_tells_every_kind_of_difference() -> None:
    """Other bytes, another size, missing at the target, only there; and nothing is written."""
    source, target = await sides()
    before, heard = contents(target), Heard()
    result = await transfer.verify(source, target, quick(), listener=heard)
    assert result.exit_status == 1
    assert {key: outcome.error for key, outcome in heard.outcomes.items() if key not in SAME} == {
        "new": "missing at the target",
        "differs": "differs: crc64nvme differs",
        "longer": "differs: size differs",
        "gone": "only at the target",
    }
    assert (result.totals.failed, result.totals.skipped_proven) == (4, 2)
    assert target.count(*WRITES) == 0
    assert contents(target) == before
    assert not heard.of(ObjectStarted)


@pytest.mark.parametrize(
    "options",
    [
        Options(compare=Compare.ALWAYS),
        Options(existing=True),
        Options(ignore_existing=True),
        Options(update=True),
        Options(immutable=True, delete=True),
    ],
)
async def test_verify_compares_whatever_else_was_chosen(options: Options) -> None:
    """Options that choose what a sync may touch hide no difference."""
    source, target = await sides()
    assert (await transfer.verify(source, target, options)).totals.failed == 4


async def test_verify_sees_equal_content_where_metadata_differs() -> None:
    """It is about bytes."""
    source, target = memory(), memory()
    await fill(source, SAME, Metadata(cache_control="a"))
    await transfer.copy(source, target, quick())
    await fill(source, {"same": b"s"}, Metadata(cache_control="b"))
    result = await transfer.verify(source, target, quick())
    assert (result.ok, result.totals.skipped_proven) == (True, 2)
    assert objects(target)["same"].metadata.cache_control == "a"


async def test_verify_reads_both_sides_where_nothing_else_tells() -> None:
    """With the same ETag for nothing, and no checksum kept."""
    source, target = Watched(Forgetful(memory())), Watched(Forgetful(memory()))
    await fill(source, {"same": b"12", "differs": b"12"})
    await fill(target, {"same": b"12", "differs": b"13"})
    result = await transfer.verify(source, target, quick())
    assert [failure.key for failure in result.failures] == ["differs"]
    assert result.totals.skipped_proven == 1
    assert source.count("read") == target.count("read") == 2


async def test_the_event_loop_waits_for_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkpoint for the moment is made, and removed, on threads."""
    source, target = await sides()
    threads: dict[str, threading.Thread] = {}

    def noted(name: str, function: Callable[..., T]) -> Callable[..., T]:
        def call(*arguments: object, **more: object) -> T:
            threads[name] = threading.current_thread()
            return function(*arguments, **more)

        return call

    for place in ("transfer.engine.path_of", "tempfile.mkdtemp", "shutil.rmtree"):
        module, _, name = place.rpartition(".")
        monkeypatch.setattr(place, noted(name, getattr(sys.modules[module], name)))
    await transfer.verify(source, target, quick())
    assert threads.keys() == {"path_of", "mkdtemp", "rmtree"}
    assert threading.main_thread() not in threads.values()
