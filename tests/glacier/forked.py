"""Runs in processes of their own, by a clock of theirs, which may be killed at a point."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from click.testing import CliRunner

import transfer
from transfer import engine, killpoint
from transfer.cli.app import app
from transfer.options import Options
from transfer.pipeline.route import Route
from transfer_glacier import store
from transfer_glacier.vault import Vault

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.glacier.forked"])
_WAIT = 60


@dataclass(slots=True)
class Forked:
    """``hours`` is how far the clock of its processes is turned."""

    environment: Mapping[str, str]
    hours: float = 0

    def sync(self, source: str, target: str, options: Options, point: str = "") -> int:
        """The exit status; negative if it was killed, at ``point`` or ``point:count``."""
        return self._run(_sync, (source, target, options), point)

    def command(self, *arguments: str) -> int:
        """The same of a command."""
        return self._run(_command, (arguments,), "")

    def _run(self, work: Callable[..., int], given: Sequence[object], point: str) -> int:
        process = _context.Process(target=_child, args=(self.environment, self.hours, point, work, given))
        process.start()
        process.join(_WAIT)
        status = process.exitcode
        assert status is not None, "it does not end"
        return status


def _child(
    environment: Mapping[str, str], hours: float, point: str, work: Callable[..., int], given: Sequence[object]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    killpoint._point, _, killpoint._count = point.partition(":")
    killpoint._times = itertools.count(1)
    _turn(hours)
    status = 70
    try:
        status = work(*given)
    finally:
        os._exit(status)


def _turn(hours: float) -> None:
    now, now_ns, by = time.time, time.time_ns, round(hours * 3600)
    time.time = lambda: now() + by
    time.time_ns = lambda: now_ns() + by * 10**9
    # What has kept the clock as it was when it was imported.
    vars(engine)["Route"] = partial(Route, now_ns=time.time_ns)
    vars(store)["Vault"] = partial(Vault, now_ns=time.time_ns)


def _sync(source: str, target: str, options: Options) -> int:
    try:
        return asyncio.run(transfer.sync(source, target, options)).exit_status
    except transfer.TransferError:
        return 1


def _command(arguments: Sequence[str]) -> int:
    return CliRunner().invoke(app, list(arguments)).exit_code
