"""Options that a stream does not heed are refused by name, rather than ignored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import transfer
from transfer.errors import Misconfigured
from transfer.filters import Filter, Rule
from transfer.job.streaming import READING, WRITING
from transfer.options import Options
from transfer.plugin import StoreOptions


async def never() -> AsyncIterator[bytes]:
    """A stream that must not be read."""
    pytest.fail("the stream was read")
    yield b""


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"checkpoint": Path("c.sqlite")}, "--checkpoint has no effect on a stream; leave it out."),
        ({"files_from": ("a",), "existing": True}, "--existing, --files-from have no effect on a stream; leave them"),
        ({"filter": Filter(min_size=1, max_size=2)}, "--min-size has no"),
        ({"filter": Filter((Rule(True, "*"),), newer_ns=1)}, "--include/--exclude/--filter-from, --newer have no"),
        ({"stores": StoreOptions(empty_dirs=True)}, "--empty-dirs has no"),
        ({"metadata": False, "server_copy": False}, "--no-metadata, --no-server-copy have no"),
        ({"source_settings": {"profile": "x"}}, "--source-option has no"),
        ({"delete": True}, "--delete has no"),
        ({"profile": Path("p.json")}, "--profile has no"),
        ({"processes": 2}, "--processes has no"),
    ],
)
async def test_what_a_stream_does_not_heed_is_refused(chosen: dict[str, Any], sentence: str) -> None:
    """Before a byte of it is read."""
    with pytest.raises(Misconfigured) as raised:
        await transfer.copy_stream(never(), "memory://stream-options/k", Options(**chosen))
    assert str(raised.value).startswith(sentence)


def test_what_streams_heed_are_options() -> None:
    """None is misspelt here, so that it would be refused."""
    assert {field.name for kind in (Options, Filter, StoreOptions) for field in fields(kind)} >= WRITING | READING
