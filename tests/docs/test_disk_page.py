"""What the page on disks says of keys that can't be paths."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import transfer
from tests.docs.pages import DOCS
from transfer.model import Body, Metadata
from transfer.plugin import Location, StoreOptions
from transfer_memory import plugin

TABLE = re.findall(r"^\| (.*) \| (.*) \|$", (DOCS / "disk.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("../x", "../x"),
        ("/x", "`/x`"),
        ("a//b", "a//b"),
        ("folder/", "`folder/`"),
        ("a\0b", "with a NUL"),
        ("x" * 256, "over 255"),
        (".transfer-0123abcd.tmp", ".transfer-0123abcd.tmp"),
    ],
)
async def test_keys_that_are_no_paths_are_told_in_the_words_of_the_page(key: str, named: str, tmp_path: Path) -> None:
    """Beside others, which arrive."""
    source = await plugin.open(Location(f"memory://{tmp_path}", "memory", str(tmp_path), ""), StoreOptions())
    for name in (key, "fine"):
        await source.put(name, Body(b"data"), Metadata())
    result = await transfer.sync(source, str(tmp_path / "target"))
    assert (result.totals.copied, result.totals.failed) == (1, 1)
    sentence = next(text for name, text in TABLE if named in f"{name} {text}")
    assert re.fullmatch(re.escape(sentence).replace("'…'", ".*"), result.failures[0].error or "")
