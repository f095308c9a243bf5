"""The bench from end to end: small, with real servers and contestants."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))  # the bench is not installed; what is comes first

from bench import programs
from bench.command import main
from transfer.errors import Misconfigured


@pytest.fixture
def s5cmd() -> str:
    """Makes and drops the buckets, whoever races."""
    try:
        return programs.s5cmd()
    except Misconfigured as missing:
        pytest.skip(str(missing))


def test_a_row_from_end_to_end(s5cmd: str, tmp_path: Path) -> None:
    """A row is run, checked, kept and written up with its target and the commands that were run."""
    page = tmp_path / "page.md"
    kept = ["--results", str(tmp_path / "results"), "--output", str(page)]
    assert main(["--rows", "start-one", "--pairs", "1", "--peers", "s5cmd*", "--remark", "A busy machine.", *kept]) == 0
    text = page.read_text()
    assert "wall <= 0.45 s: " in text
    assert "\nA busy machine.\n" in text
    assert "\ntransfer sync tree-one new://target-1\n" in text
    assert "\n| s5cmd, tuned | " in text
    page.unlink()
    assert main(["--render", *kept]) == 0
    assert page.read_text() == text


def test_what_a_machine_lacks_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A row that can't be run here says why, and is no failure."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["--quick", "--rows", "wan-200ms-up-large"]) == 0
    told = capsys.readouterr().out
    assert "not run: network namespaces need root |" in told
    assert ">= 85% of the link | not measured |" in told


def test_rows_are_chosen_by_number_and_name(capsys: pytest.CaptureFixture[str]) -> None:
    """Every row is in the list, under the number that it has in the table of targets."""
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("wan-200ms-cubic-up ") and " 9b. " in line for line in lines)
    assert any(line.startswith("same-10m ") and line.endswith("(if asked for)") for line in lines)
