"""``transfer glacier …`` in this process, with a remote ``vaults`` at a vault server of each test's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.glacier.vaultplace import VaultPlace, vault_place
from transfer.cli.app import app
from transfer_glacier.descriptions import describe


@dataclass
class Desk:
    """Where commands are given: the vault, and the folder that they run in."""

    place: VaultPlace
    folder: Path
    said: str = field(default="")
    """What the last command printed, on stdout and stderr."""

    def run(self, *arguments: object) -> int:
        """The exit status of ``transfer ARGUMENTS``."""
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
        self.said = done.output
        return done.exit_code

    def glacier(self, *arguments: object) -> int:
        """The exit status of ``transfer glacier ARGUMENTS``."""
        return self.run("glacier", *arguments)

    def keep(self, name: str, data: bytes, mtime: int = 1_700_000_000) -> str:
        """Put an archive into the vault, as another tool would; its id."""
        return self.place.keep(data, describe(name, mtime)).id

    @property
    def journal(self) -> Path:
        """Of the vault."""
        return self.folder / "vault.journal"

    @property
    def lines(self) -> list[list[str]]:
        """The journal's records."""
        return [line.split("\t") for line in self.journal.read_text().splitlines()]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """With a vault that is empty, and a remote ``vaults`` for it, whose journal is in the folder."""
    with vault_place() as place:
        config = tmp_path / "transfer.toml"
        config.touch(mode=0o600)
        settings = {**place.settings, "journal": str(tmp_path / "vault.journal")}
        config.write_text(
            '[remote.vaults]\ntype = "glacier"\n' + "".join(f'{key} = "{value}"\n' for key, value in settings.items())
        )
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("TRANSFER_STATE_DIR", str(tmp_path / "state"))
        yield Desk(place, tmp_path)


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """With three archives of two names, an inventory that has them, and the journal of it."""
    desk.keep("a/old.txt", b"first", 1_600_000_000)
    desk.keep("a/old.txt", b"second", 1_600_000_100)
    desk.keep("b.bin", b"b" * 3_000_000)
    desk.place.turn(hours=2)
    desk.place.take_inventory()
    assert desk.glacier("journal", "vaults://vault") == 75
    desk.place.turn(hours=6)
    assert desk.glacier("journal", "vaults://vault") == 0, desk.said
    return desk
