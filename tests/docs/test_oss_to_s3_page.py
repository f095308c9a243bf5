"""The guide from OSS to S3: its sessions, with the emulators, the configuration and the program that it gives."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.rehearsals import Rehearsal, rehearsing
from transfer.config import load_config
from transfer.plugin import StoreOptions
from transfer.registry import open_store
from transfer.testing.playground import furnish

pytestmark = pytest.mark.xdist_group("docs")

PAGE = "from-oss-to-s3.md"
REAL, REHEARSED = pages.blocks(PAGE, "toml")
SHELL = "\n".join(pages.blocks(PAGE, "sh"))
_FIRST = "--report first.csv"
"""Of the run that asks for a thaw."""


@pytest.fixture
def rehearsal() -> Iterator[Rehearsal]:
    """Started by the page's own commands, but for the ports."""
    with rehearsing(SHELL) as started:
        assert len(started.ports) == 2
        yield started


def without_margin(text: str) -> str:
    """The page with the sessions of its lists as the others are."""
    block = re.compile(r"^ +```console\n.*?^ +```$", re.MULTILINE | re.DOTALL)
    return block.sub(lambda found: textwrap.dedent(found[0]), text)


def turn_the_clock(rehearsal: Rehearsal) -> None:
    """As the page's last command does."""
    said = re.search(r"curl --json '(.*)' (\S+)", SHELL)
    assert said is not None
    assert json.loads(said[1]) == {"minutes": 2}
    request = urllib.request.Request(rehearsal.at(said[2]), said[1].encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=10).close()


def test_its_sessions_print_what_it_says(tmp_path: Path, rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first look to the report; the thaw takes no minute here."""
    text = without_margin((pages.DOCS / PAGE).read_text(encoding="utf-8"))
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / PAGE).write_text(text, encoding="utf-8")
    monkeypatch.setattr(pages, "DOCS", tmp_path / "pages")
    environment = furnish(tmp_path, {})
    (tmp_path / "transfer.toml").write_text(rehearsal.at(REHEARSED))
    (tmp_path / "notes-of-today.txt").write_text("39 bytes that were not there yesterday\n")
    given = pages.commands(PAGE)
    assert len(given) == text.count("\n$ ")
    setting = [pages.Command(command, "…") for command in re.findall(r"`(transfer \w+ photos\S* .*?)`", text)]
    assert len(setting) == 2
    thawed = [_FIRST in command.text for command in given].index(True) + 1
    for some in ([*setting, *given[:thawed]], given[thawed:]):
        if wrong := pages.differences(some, pages.run_all(some, tmp_path, environment)):
            pytest.fail("\n\n".join(wrong), pytrace=False)
        turn_the_clock(rehearsal)


async def test_the_remotes_can_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those for the clouds themselves, with keys from the environment."""
    for name in ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    (tmp_path / "transfer.toml").write_text(REAL)
    config = load_config(tmp_path / "transfer.toml")
    assert list(config.remotes) == list(tomllib.loads(REHEARSED)["remote"]) == ["old", "new"]
    for name in config.remotes:
        store = await open_store(f"{name}://shop", StoreOptions(), config=config)
        assert store.url == f"{name}://shop/"
        await store.aclose()
