"""The bench of inventories runs, in each of its forms."""

from __future__ import annotations

import re
import sys

import pytest

from bench import inventory


@pytest.mark.parametrize("form", ["json", "csv", "compare"])
def test_each_form_gives_a_figure(
    form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line with archives a second and memory."""
    monkeypatch.setattr(sys, "argv", ["bench.inventory", form, "--archives", "500"])
    assert inventory.main() == 0
    assert re.fullmatch(rf"{form}: [\d,]+ archives/s, \d+ MiB\n", capsys.readouterr().out)
