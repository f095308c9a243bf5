"""The command line in this process, and a stand-in for the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from click.testing import CliRunner, Result

import transfer
from tests.cli.samples import result_of
from transfer.cli.app import app
from transfer.event import Event, Listener, ignore
from transfer.event import Result as Outcome
from transfer.options import Options

Cli = Callable[..., Result]


@pytest.fixture
def cli() -> Cli:
    """``cli("sync", "a", "b")`` runs a command; ``stdin`` is what it reads."""

    def run(*arguments: object, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)

    return run


@dataclass
class Engine:
    """Stands in for the engine: tells ``events``, then returns ``result`` or raises ``error``."""

    events: list[Event] = field(default_factory=list)
    result: Outcome = field(default_factory=result_of)
    error: BaseException | None = None
    options: Options = field(default_factory=Options)
    """What the last call was given."""
    meanwhile: Callable[[], None] = lambda: None

    async def sync(
        self, source: str, target: str, options: Options, *, listener: Listener = ignore, **_: Any
    ) -> Outcome:
        self.options = options
        for event in self.events:
            listener(event)
        self.meanwhile()
        if self.error is not None:
            raise self.error
        return self.result


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine's stand-in, in place of ``sync``, ``copy`` and ``verify``."""
    engine = Engine()
    for verb in ("sync", "copy", "verify"):
        monkeypatch.setattr(transfer, verb, engine.sync, raising=False)
    return engine
