"""Where the indexes of journals are."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import platformdirs

from transfer.errors import Misconfigured

_STATE_DIR = "TRANSFER_STATE_DIR"


def index_of(journal: Path, encoding: str) -> Path:
    """The same journal, read in the same way, has one index for all processes; its folder is made."""
    named = os.environ.get(_STATE_DIR)
    folder = (Path(named) if named else Path(platformdirs.user_cache_dir("transfer"))) / "journals"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(
            f"The folder {folder} can't be made ({error.strerror}); name another place with {_STATE_DIR}"
        ) from error
    name = json.dumps([os.path.realpath(journal), encoding])
    return folder / f"{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:32]}.sqlite"


def turns_of(journal: Path) -> Path:
    """The file whose lock is held by who asks for retrievals; its folder is made."""
    return index_of(journal, "utf-8").with_suffix(".asking")
