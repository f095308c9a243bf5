"""Which event loop commands run on: uvloop's where it is installed, else asyncio's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from transfer.errors import Misconfigured

if TYPE_CHECKING:
    import asyncio

LOOP = "TRANSFER_LOOP"
"""The environment variable that asks for one of the two."""
ASYNCIO, UVLOOP = "asyncio", "uvloop"


def runner() -> asyncio.Runner:
    """What runs coroutines on a loop of the chosen kind. Raises Misconfigured."""
    import asyncio  # noqa: PLC0415 - `transfer --version` only asks which

    return asyncio.Runner(loop_factory=factory())


def factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes loops of the chosen kind. Raises Misconfigured."""
    make: Callable[[], asyncio.AbstractEventLoop] = import_module(chosen()).new_event_loop
    return make


def chosen() -> str:
    """``uvloop`` or ``asyncio``; nothing is imported for it. Raises Misconfigured for what can't be had."""
    asked = os.environ.get(LOOP)
    if asked not in (None, "", ASYNCIO, UVLOOP):
        raise Misconfigured(f"{LOOP} must be {ASYNCIO} or {UVLOOP}, not '{asked}'.")
    there = find_spec(UVLOOP) is not None
    if asked == UVLOOP and not there:
        raise Misconfigured(
            f"{LOOP} asks for {UVLOOP}, which is not installed; run: pip install 'transfer-engine[fast]'."
        )
    return UVLOOP if there and asked != ASYNCIO else ASYNCIO
