"""The place that the pages tell readers to open."""

from __future__ import annotations

import pytest

from transfer.testing import playground
from transfer.testing.servers import moto


def test_a_command_finds_two_servers_and_a_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs in a folder of its own, and its exit status is given back."""
    monkeypatch.setattr(playground, "seaweed", lambda **_: moto())
    command = "transfer copy photos/notes.txt here://bucket/ && transfer sync here://bucket there://bucket && exit 7"
    assert playground.main(["sh", "-c", command]) == 7
