"""Which event loop work runs on."""

from __future__ import annotations

import asyncio
import sys
from importlib.util import find_spec

import pytest

import transfer
from transfer import loop
from transfer.errors import Misconfigured

there = pytest.mark.skipif(find_spec("uvloop") is None, reason="needs uvloop")


async def _home_of_the_loop() -> str:
    return type(asyncio.get_running_loop()).__module__


@there
@pytest.mark.parametrize(("asked", "home"), [("uvloop", "uvloop"), ("", "uvloop"), ("asyncio", "asyncio")])
def test_uvloop_where_it_is_installed(monkeypatch: pytest.MonkeyPatch, asked: str, home: str) -> None:
    """It is used by itself, and the variable declines it."""
    monkeypatch.setenv(loop.LOOP, asked)
    assert transfer.run(_home_of_the_loop()).partition(".")[0] == home
    assert loop.chosen() == home


def test_asyncio_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra all works as well, on the stock loop; who insists is told what to install."""
    monkeypatch.delenv(loop.LOOP, raising=False)
    monkeypatch.setattr(loop, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert transfer.run(_home_of_the_loop()).startswith("asyncio")
    monkeypatch.setenv(loop.LOOP, "uvloop")
    with pytest.raises(Misconfigured, match=r"pip install 'transfer-engine\[fast\]'"):
        loop.runner()


def test_what_is_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    """A word that is misspelt is not taken for the usual choice."""
    monkeypatch.setenv(loop.LOOP, "uvlop")
    with pytest.raises(Misconfigured, match="must be asyncio or uvloop, not 'uvlop'"):
        loop.chosen()


def test_the_thread_is_left_without_a_loop() -> None:
    """What ran before and after does not see ours: programs keep their own."""
    own = asyncio.new_event_loop()
    asyncio.set_event_loop(own)
    try:
        transfer.run(_home_of_the_loop())
        assert asyncio.get_event_loop() is own
    finally:
        asyncio.set_event_loop(None)
        own.close()


async def test_tests_run_on_the_loop_that_is_asked_for() -> None:
    """Else a suite on uvloop would show nothing."""
    assert (await _home_of_the_loop()).partition(".")[0] == loop.chosen()
