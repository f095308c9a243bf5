"""The Python page's code, run block by block in one place."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import transfer
from tests.docs import pages
from transfer.testing.playground import furnish


async def test_the_blocks_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a notebook; those that bring a loop of their own, on a thread."""
    furnish(tmp_path, {})
    monkeypatch.chdir(tmp_path)
    place: dict[str, Any] = {"__name__": "page"}
    for number, block in enumerate(pages.blocks("python.md", "python")):
        code = compile(block, f"python.md, block {number}", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        if code.co_flags & inspect.CO_COROUTINE:
            await eval(code, place)
        else:
            await asyncio.to_thread(exec, code, place)


def test_all_public_names_are_told() -> None:
    """In the table, and no other."""
    table = pages.DOCS.joinpath("python.md").read_text(encoding="utf-8").partition("| | |\n")[2].partition("\n\n")[0]
    names = {name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.split(" | ")[0])}
    assert names == set(transfer._HOME_OF)
