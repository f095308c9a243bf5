"""The bench from end to end: small, with real servers and contestants."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))  # the bench is not installed; what is comes first

from bench import command, emulators, programs
from bench.command import main
from bench.rows import KIB, MIB, Load, Move, Row, rows
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


def tiny() -> tuple[Row, ...]:
    """The rows of other clouds, with next to nothing to carry."""
    loads = {True: Load("large", 2, 2 * MIB), False: Load("few", 20, 4 * KIB)}
    return tuple(
        replace(row, work=Move(row.work.way, loads[row.work.load.large]))
        for row in rows()
        if row.ground.emulated and isinstance(row.work, Move)
    )


def test_rows_of_other_clouds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each is run beside S3 → S3 on the same emulators, checked, and its cost told for a GiB or an object."""
    monkeypatch.setattr(command, "rows", lambda **_: tiny())
    page = tmp_path / "page.md"
    kept = ["--results", str(tmp_path / "results"), "--output", str(page)]
    assert main(["--rows", "13", "14", "--pairs", "1", *kept]) == 0
    text = page.read_text()
    assert re.findall(r"^## 1[34]\. (.*)$", text, re.MULTILINE) == [
        "OSS → S3, 2 x 2.0 MiB, on the emulators",
        "OSS → S3, 20 x 4.0 KiB, on the emulators",
        "S3 → COS, 2 x 2.0 MiB, on the emulators",
        "S3 → COS, 20 x 4.0 KiB, on the emulators",
    ]
    assert text.count("\n| transfer, S3 → S3 | ") == 4
    assert text.count("- CPU <= 1.15 of transfer, S3 → S3: ") == 4
    assert "not measured" not in text
    assert len(re.findall(r"CPU of the client: [\d.e+]+ s a GiB, [\d.e+]+ s a GiB with transfer", text)) == 2
    assert len(re.findall(r"CPU of the client: [\d.e+]+ ms an object, ", text)) == 2
    assert "\ntransfer sync aliyun://source-large new://target-1 --no-server-copy\n" in text
    assert "\ntransfer sync old://source-few tencent://target-1-1250000000 --no-server-copy\n" in text
    assert "server the tests' emulators" in text


def test_what_did_not_arrive_is_found(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A run after which an emulator holds something else is no figure."""
    monkeypatch.setattr(command, "rows", lambda **_: tiny()[1:2])
    real = emulators.held
    monkeypatch.setattr(emulators, "held", lambda *place: {**real(*place), "00/000007.bin": "0" * 32})
    assert main(["--quick", "--rows", "13"]) == 1
    assert "1 of 20 objects are missing or differ, '00/000007.bin' among them" in capsys.readouterr().out


def test_a_bench_without_its_tests_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Where the emulators are not beside it, the rows say so, and that is no failure."""
    monkeypatch.setattr(emulators, "_ROOT", tmp_path)
    assert main(["--quick", "--rows", "13", "14"]) == 0
    told = capsys.readouterr().out
    assert told.count("not run: the emulators are not beside the bench") == 4
