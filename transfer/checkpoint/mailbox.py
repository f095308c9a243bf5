"""Words to the process that works on a checkpoint: a small file beside it, replaced and taken away as a whole.

Whoever writes says which process is meant, so that nothing is left over for a later run.
What is in it was written by anybody who may write there: readers have to judge it.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from transfer.checkpoint.lock import Holder

_LARGEST = 64 * 1024
"""Bytes."""
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK

Words = Mapping[str, str]


def leave(checkpoint: Path, to: Holder, words: Words) -> None:
    """Leave words for a process, after those that it has not taken yet. Blocking. Raises OSError."""
    box = _beside(checkpoint)
    waiting = _read(box, to) or {}
    draft = box.with_name(f"{box.name}.{secrets.token_hex(4)}")
    text = json.dumps({"to": asdict(to), "words": {**waiting, **words}})
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        # Root may tell everyone, and a job hears only its own user.
        if (owner := os.stat(checkpoint).st_uid) != os.geteuid():
            os.chown(draft, owner, -1)
        os.replace(draft, box)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def taken(checkpoint: Path) -> bool:
    """Whether nothing waits to be taken."""
    return not _beside(checkpoint).exists()


def take(checkpoint: Path, mine: Holder) -> Words | None:
    """What was left for the process ``mine``, which is gone from the box with that. Blocking.

    None where there is nothing, nothing for this process, or nothing that can be read.
    """
    box = _beside(checkpoint)
    hand = box.with_name(f"{box.name}.taken")
    # Taken away before it is read: what is left meanwhile is another file.
    try:
        os.rename(box, hand)
    except OSError:
        return None
    words = _read(hand, mine)
    with suppress(OSError):
        hand.unlink()
    return words


def clear(checkpoint: Path) -> None:
    """Leave nothing behind. Blocking. Raises OSError."""
    box = _beside(checkpoint)
    for path in (box, box.with_name(f"{box.name}.taken")):
        path.unlink(missing_ok=True)


def _beside(checkpoint: Path) -> Path:
    return checkpoint.with_name(f"{checkpoint.name}.set")


def _read(path: Path, to: Holder) -> Words | None:
    """Words to ``to``; only our own are heard."""
    try:
        descriptor = os.open(path, _FLAGS)
        with open(descriptor, "rb") as file:
            if os.fstat(descriptor).st_uid != os.geteuid():
                return None
            found = json.loads(file.read(_LARGEST))
        words = found["words"]
        if found["to"] != asdict(to) or not all(isinstance(text, str) for text in words.values()):
            return None
        return dict(words)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
