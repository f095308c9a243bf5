"""Clouds to go between, and the command as people run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.e2e.command import Command
from tests.emulators.conftest import oss_server, oss_started

__all__ = ["oss_server", "oss_started"]


@pytest.fixture
def command(tmp_path: Path, own_surroundings: Path) -> Callable[[Mapping[str, Mapping[str, str]]], Command]:
    """``command({"name": {"type": …, …}})`` is the command with these remotes in its ``transfer.toml``."""

    def make(remotes: Mapping[str, Mapping[str, str]]) -> Command:
        config = tmp_path / "transfer.toml"
        config.touch(0o600)
        tables = (
            f"[remote.{name}]\n" + "".join(f'{setting} = "{value}"\n' for setting, value in settings.items())
            for name, settings in remotes.items()
        )
        config.write_text("\n".join(tables))
        return Command(config, own_surroundings)

    return make
