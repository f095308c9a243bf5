"""Killed at any moment, a checkpoint holds the first operations, all that were promised among them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from itertools import count, islice
from pathlib import Path

import pytest

from tests.checkpoint import hammer
from transfer.checkpoint import Checkpoint

_MOST_UNPROMISED = 12_000
"""Operations that may be queued, and so be kept or lost, when the process is killed."""


@pytest.mark.parametrize("seed", range(8))
async def test_kills_leave_a_prefix_with_all_that_was_promised(path: Path, seed: int) -> None:
    """Nothing promised is lost, nothing is half there, nothing overtakes; and that twice in a row."""
    chance = random.Random(seed)
    kept = 0
    for _ in range(2):
        promised = _killed(path, seed, kept, after=chance.uniform(0, 0.3))
        kept = await _kept(path, seed, promised)
        assert kept >= promised


@pytest.mark.parametrize(
    ("point", "verb"), [("intent", "intend"), ("begin", "begun"), ("receipt", "receipt"), ("commit", "done")]
)
async def test_a_named_point_lies_behind_the_commit(path: Path, point: str, verb: str) -> None:
    """A process killed at the third time of a point has that operation on the disk."""
    assert _ended(path, 5, at=f"{point}:3") == -signal.SIGKILL
    third = next(islice((n for n, each in zip(count(1), hammer.operations(5)) if each.verb == verb), 2, None))
    assert await _kept(path, 5, third) >= third


def _command(path: Path, seed: int, already: int) -> list[str]:
    return [sys.executable, hammer.__file__, str(path), str(seed), str(already)]


def _ended(path: Path, seed: int, *, at: str) -> int:
    """Hammer with a named point set; returns the process's status."""
    environment = {**os.environ, "TRANSFER_KILL_AT": at}
    command = _command(path, seed, 0)
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, timeout=30, check=False).returncode


def _killed(path: Path, seed: int, already: int, *, after: float) -> int:
    """Hammer, and kill ``after`` seconds after the first promise; returns how many operations were promised."""
    with subprocess.Popen(_command(path, seed, already), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(after)
        process.kill()
        lines = (first + process.stdout.read()).split(b"\n")
    return int(lines[-2])


async def _kept(path: Path, seed: int, promised: int) -> int:
    """After how many operations, the most that fit, the file is as it is; -1 where none fit."""
    checkpoint = await Checkpoint.open(path, hammer.PAIR)
    found = await hammer.read(checkpoint)
    await checkpoint.close()
    model, kept = hammer.Model(), -1
    for number, operation in enumerate(islice(hammer.operations(seed), promised + _MOST_UNPROMISED), 1):
        model.apply(operation)
        if model == found:
            kept = number
    return kept
