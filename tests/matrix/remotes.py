"""Sides as remotes of the command's configuration."""

from __future__ import annotations

from pathlib import Path

from tests.matrix.sides.base import Side


def configured(folder: Path, **remotes: Side) -> Path:
    """A ``transfer.toml`` in which each side that needs one is a remote of that name."""
    path = folder / "transfer.toml"
    path.touch(0o600)
    tables = []
    for name, side in remotes.items():
        kind = side.url.partition("://")[0]
        settings = "".join(f'{setting} = "{value}"\n' for setting, value in side.settings.items())
        tables.append(f'[remote.{name}]\ntype = "{kind}"\n{settings}' if side.settings else "")
    path.write_text("\n".join(tables))
    return path
