"""What servers were found to do, kept in a small file so that each is asked once a week."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import platformdirs

from transfer.restxml.verifier import Verifier

_FILE = "endpoints.json"
_WEEK = 7 * 86_400


def state_dir(chosen: str | None) -> Path:
    """The folder for what is remembered: the setting, ``TRANSFER_STATE_DIR``, or the user's own place."""
    return Path(chosen or os.environ.get("TRANSFER_STATE_DIR") or platformdirs.user_state_dir("transfer"))


def recall(folder: Path, endpoint: str, server: str) -> Verifier | None:
    """What ``endpoint`` did when it last was asked, if it still calls itself ``server``."""
    known = _load(folder).get(endpoint)
    if not isinstance(known, dict) or known.get("server") != server:
        return None
    asked, answer = known.get("asked"), known.get("verifies")
    if not isinstance(asked, int) or not 0 <= time.time() - asked < _WEEK or answer not in list(Verifier):
        return None
    return Verifier(answer)


def remember(folder: Path, endpoint: str, server: str, verifier: Verifier) -> None:
    """Keep an answer. That the folder can't be written is no failure: it will be asked again."""
    known = _load(folder)
    known[endpoint] = {"server": server, "verifies": verifier.value, "asked": int(time.time())}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, prefix=_FILE, delete=False) as file:
            json.dump(known, file, indent=1)
        os.replace(file.name, folder / _FILE)
    except OSError:
        return


def _load(folder: Path) -> dict[str, Any]:
    try:
        known = json.loads((folder / _FILE).read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
