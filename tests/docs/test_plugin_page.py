"""The plugin of the page is built from it, conforms, and is found by the command."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs import pages
from transfer.testing.playground import furnish

_INFO = "Metadata-Version: 2.1\nName: transfer-sqlite\nVersion: 0.1\n"


Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command beside the page's files and what installing them would add; returns what it prints."""
    for block in pages.blocks("plugin.md", "python") + pages.blocks("plugin.md", "toml"):
        name, _, text = block.removeprefix("# ").partition("\n")
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    info = tmp_path / "transfer_sqlite-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(_INFO)
    entry_points = (tmp_path / "pyproject.toml").read_text().partition('entry-points."transfer.plugins"]\n')[2]
    (info / "entry_points.txt").write_text("[transfer.plugins]\n" + entry_points.replace('"', ""))
    environment = {**furnish(tmp_path, {}), "PYTHONPATH": str(tmp_path)}

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_it_conforms(run: Run) -> None:
    """Bare, and through all layers."""
    options = ["-q", "-c", os.devnull, "--rootdir", ".", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto"]
    passed = re.search(r"(\d+) passed", run(sys.executable, "-m", "pytest", *options, "test_sqlite.py"))
    assert passed is not None
    assert int(passed[1]) > 70


def test_it_is_source_and_target(run: Run) -> None:
    """A tree goes there and back, proven."""
    assert "sqlite://  transfer-sqlite" in run("transfer", "plugins")
    assert "7 verified (crc64nvme)" in run("transfer", "sync", "photos", "sqlite://photos.db/a")
    assert "7 verified (crc64nvme)" in run("transfer", "sync", "sqlite://photos.db/a", "back")
    assert "7 proven equal" in run("transfer", "verify", "photos", "back")
