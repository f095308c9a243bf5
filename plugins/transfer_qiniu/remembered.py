"""Where Qiniu said that buckets are, kept in small files for as long as it said, so that each run need not ask.

A file has the addresses of public servers, and nothing of the account: its name is a hash of what was asked.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import platformdirs

_KEPT = ("region", "ttl", "up", "rs", "rsf", "api", "io_src", "s3")
_STATE_DIR = "TRANSFER_STATE_DIR"


def recall(question: str) -> Mapping[str, object] | None:
    """What was answered, if that still holds; its ``ttl`` is what is left of it. Nothing where the file is no such."""
    try:
        told = json.loads(_file(question).read_text())
        answer, age = dict(told["answer"]), time.time() - float(told["asked"])
        left = float(answer["ttl"]) - age
    except (OSError, ValueError, TypeError, LookupError):
        return None
    return {**answer, "ttl": left} if age >= 0 and left > 0 else None


def remember(question: str, answer: Mapping[str, object]) -> None:
    """Keep an answer. That it can't be written is no failure: it will be asked again."""
    kept = {name: answer[name] for name in _KEPT if name in answer}
    file = _file(question)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=file.name, delete=False) as made:
            json.dump({"asked": time.time(), "answer": kept}, made)
        os.replace(made.name, file)
    except OSError:
        return


def forget(question: str) -> None:
    """Let it be asked again."""
    with suppress(OSError):
        _file(question).unlink()


def _file(question: str) -> Path:
    named = os.environ.get(_STATE_DIR)
    folder = Path(named) if named else Path(platformdirs.user_cache_dir("transfer"))
    return folder / "kodo" / f"{hashlib.sha256(question.encode()).hexdigest()[:32]}.json"
