"""Killed in the middle of an object of several parts, the same command sends those that are missing, and no others."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.command import Command
from tests.matrix.remotes import configured
from tests.matrix.ring import RING
from tests.matrix.sides.base import Side
from tests.matrix.things import Thing
from tests.processes.surroundings import two_at_work, until
from transfer import sync
from transfer.options import Options
from transfer.testing.checks.harness import noise

_MIB = 1024 * 1024
_PARTS = 6


@pytest.mark.parametrize(("point", "least"), [("receipt:3", 2), ("finish:1", _PARTS)])
@pytest.mark.parametrize(("source", "target"), RING)
async def test_a_kill(
    make_side: Callable[[str], Side],
    own_surroundings: Path,
    tmp_path: Path,
    source: str,
    target: str,
    point: str,
    least: int,
) -> None:
    """By SIGKILL between two parts, and when all of them are there and nobody knows yet that the object is.

    ``least`` parts are known to have arrived then; a later one may have been too late to be written down.
    """
    here, there = make_side(source), make_side(target)
    part = max(there.part, _MIB)
    data = noise((_PARTS - 1) * part + 17)
    here.write("large.bin", Thing(data))
    run = Command(configured(tmp_path, source=here, target=there), own_surroundings)
    sizes = ("--part-size", f"{part}", "--multipart-threshold", f"{part}")
    slowly = ("--bwlimit", f"{8 * part}") if least < _PARTS else ()
    killed = run.run("sync", here.named("source"), there.named("target"), *sizes, *slowly, TRANSFER_KILL_AT=point)
    assert killed.status == -signal.SIGKILL, killed.err
    there.asked()
    options = Options(
        source_settings=here.settings, target_settings=there.settings, part_size=part, multipart_threshold=part
    )
    result = await sync(here.url, there.url, options)
    assert result.ok, result.failures
    resumed = result.totals.resumed_bytes
    assert min(least * part, len(data)) <= resumed <= len(data)
    assert result.totals.sent_bytes + resumed == len(data)
    sent = [each for each in there.asked() if each.method == "PUT"]
    assert len(sent) <= _PARTS - least
    assert there.read("large.bin").data == data
    assert there.open_uploads() == 0


@pytest.mark.parametrize(("source", "target"), [("oss", "cos"), ("cos", "kodo"), ("kodo", "oss")])
def test_a_killed_worker(
    make_side: Callable[[str], Side], own_surroundings: Path, tmp_path: Path, source: str, target: str
) -> None:
    """What one of two processes had in hand when it was killed is brought by others: all arrives in the same run."""
    here, there = make_side(source), make_side(target)
    tree = {f"large-{number}": Thing(noise(2 * there.part, seed=number)) for number in range(6)}
    here.fill(tree)
    command = Command(configured(tmp_path, source=here, target=there), own_surroundings)
    sizes = ("--part-size", f"{there.part}", "--multipart-threshold", f"{there.part}", "--bwlimit", f"{8 * there.part}")
    process = command.start("sync", here.named("source"), there.named("target"), *sizes, "--processes", "2", "--json")
    workers = two_at_work(process)
    until(lambda: any(each.startswith("PUT") for each in there.asked_of_tree()))
    os.kill(workers[0], signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert b"was killed (SIGKILL)" in out
    assert {key: there.read(key).data for key in tree} == {key: thing.data for key, thing in tree.items()}
    assert there.open_uploads() == 0
