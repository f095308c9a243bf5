"""Where checkpoints are."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import platformdirs

from transfer.checkpoint import mailbox
from transfer.checkpoint.records import Pair
from transfer.errors import Misconfigured

STATE_DIR = "TRANSFER_STATE_DIR"
"""The environment variable that names another folder for all that runs leave behind."""

_FILES = ("", "-wal", "-shm")


def folder_of(state_dir: Path | None = None) -> Path:
    """The folder of all checkpoints; it need not be there."""
    if state_dir is None:
        named = os.environ.get(STATE_DIR)
        state_dir = Path(named) if named else Path(platformdirs.user_state_dir("transfer"))
    return state_dir / "checkpoints"


def remove(path: Path) -> None:
    """Remove a checkpoint with all that is beside it but the lock, which its holder takes away. Raises OSError."""
    mailbox.clear(path)
    for suffix in _FILES:
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def files_of(path: Path) -> tuple[Path, ...]:
    """A checkpoint and all files that may be beside it while it is worked on."""
    return tuple(Path(f"{path}{suffix}") for suffix in (*_FILES, "-journal", ".lock", ".set"))


def path_of(pair: Pair, state_dir: Path | None = None) -> Path:
    """The pair's file, in a folder that only its owner may read, which is made where it is missing."""
    folder = folder_of(state_dir)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(
            f"The folder {folder} can't be made ({error.strerror}); name another place with {STATE_DIR} or --checkpoint"
        ) from error
    name = hashlib.sha256(json.dumps([pair.source, pair.target]).encode()).hexdigest()[:32]
    return folder / f"{name}.sqlite"
