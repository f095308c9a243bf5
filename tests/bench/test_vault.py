"""The figures of vaults are printed, whatever they are."""

from __future__ import annotations

import pytest

from bench import vault


def test_figures(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(vault, "ARCHIVES", 2000)
    monkeypatch.setattr(vault, "PART", 1024**2 + 1)
    for what in ("hashes", "journal"):
        monkeypatch.setattr("sys.argv", ["vault", what])
        vault.main()
    told = [line[:20].strip() for line in capsys.readouterr().out.splitlines()]
    assert told[:3] == ["one SHA-256", "both", "in two threads"]
    assert told[3:] == ["read first", "opened again", "a name found", "listed", "memory"]
