"""The way from a vault to S3: filled, lost, restored, moved, proven and purged, as the page has it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.rehearsals import rehearsing
from transfer.config import load_config
from transfer.plugin import StoreOptions
from transfer.registry import open_store
from transfer.testing.playground import furnish

pytestmark = pytest.mark.xdist_group("docs")

PAGE = "glacier-to-s3.md"
REAL, REHEARSED = pages.blocks(PAGE, "toml")
SHELL = "\n".join(pages.blocks(PAGE, "sh"))


def test_its_sessions_print_what_it_says(tmp_path: Path) -> None:
    """All of them, in one go."""
    with rehearsing(SHELL) as rehearsal:
        assert len(rehearsal.ports) == 2
        environment = furnish(tmp_path, {})
        (tmp_path / "transfer.toml").write_text(rehearsal.at(REHEARSED))
        given = pages.commands(PAGE)
        said = [pages.Command(command.text, rehearsal.at(command.printed)) for command in given]
        wrong = pages.differences(said, pages.run_all(said, tmp_path, environment))
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)


async def test_the_remotes_can_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those for AWS itself, with keys from the environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    (tmp_path / "transfer.toml").write_text(REAL)
    config = load_config(tmp_path / "transfer.toml")
    assert list(config.remotes) == list(tomllib.loads(REHEARSED)["remote"]) == ["vault", "new"]
    for name in config.remotes:
        store = await open_store(f"{name}://photos", StoreOptions(), config=config)
        assert store.url == f"{name}://photos/"
        await store.aclose()
