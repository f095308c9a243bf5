"""Words to a running job, beside its checkpoint."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from transfer.checkpoint.lock import Holder
from transfer.checkpoint.mailbox import clear, leave, take, taken

MINE = Holder(1, "here", "2026-01-01T00:00:00+00:00")
LATER = Holder(1, "here", "2026-01-02T00:00:00+00:00")


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "job.sqlite"
    path.touch()
    return path


def files(checkpoint: Path) -> list[str]:
    """What is beside the checkpoint."""
    return sorted(path.name for path in checkpoint.parent.iterdir() if path != checkpoint)


def test_words_are_taken_once(checkpoint: Path) -> None:
    """And leave nothing behind."""
    assert taken(checkpoint)
    leave(checkpoint, MINE, {"tps": "5"})
    assert not taken(checkpoint)
    assert take(checkpoint, MINE) == {"tps": "5"}
    assert (take(checkpoint, MINE), files(checkpoint)) == (None, [])


def test_words_add_up_until_they_are_taken(checkpoint: Path) -> None:
    """The later ones count."""
    leave(checkpoint, MINE, {"tps": "5", "bwlimit": "1M"})
    leave(checkpoint, MINE, {"tps": "6"})
    assert take(checkpoint, MINE) == {"tps": "6", "bwlimit": "1M"}


def test_only_its_owner_may_read_it(checkpoint: Path) -> None:
    """Whatever the umask."""
    before = os.umask(0)
    try:
        leave(checkpoint, MINE, {"tps": "5"})
    finally:
        os.umask(before)
    (name,) = files(checkpoint)
    assert (checkpoint.parent / name).stat().st_mode & 0o777 == 0o600


def test_a_later_run_hears_nothing_of_it(checkpoint: Path) -> None:
    """Words that nobody took are gone with the run that they were for."""
    leave(checkpoint, MINE, {"tps": "5"})
    assert take(checkpoint, LATER) is None
    assert files(checkpoint) == []
    leave(checkpoint, MINE, {"tps": "5"})
    leave(checkpoint, LATER, {"bwlimit": "1M"})
    assert take(checkpoint, LATER) == {"bwlimit": "1M"}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", '{"to": 1, "words": {}}', json.dumps({"words": {"tps": "5"}}), "x" * 100_000, "\xff"],
)
def test_what_can_not_be_read_is_thrown_away(checkpoint: Path, text: str) -> None:
    """A file of somebody else's is no word."""
    leave(checkpoint, MINE, {"tps": "5"})
    (name,) = files(checkpoint)
    (checkpoint.parent / name).write_text(text, encoding="latin-1")
    assert take(checkpoint, MINE) is None
    assert files(checkpoint) == []


def test_words_must_be_texts(checkpoint: Path) -> None:
    """Numbers and lists are not."""
    leave(checkpoint, MINE, {"tps": 5})  # type: ignore[dict-item]
    assert take(checkpoint, MINE) is None


def test_a_link_is_not_followed(checkpoint: Path, tmp_path: Path) -> None:
    """It may lead anywhere."""
    leave(checkpoint, MINE, {"tps": "5"})
    (name,) = files(checkpoint)
    box, elsewhere = checkpoint.parent / name, tmp_path / "elsewhere"
    box.rename(elsewhere)
    box.symlink_to(elsewhere)
    assert take(checkpoint, MINE) is None
    assert elsewhere.exists()


def test_clearing(checkpoint: Path) -> None:
    """For when the checkpoint is forgotten."""
    leave(checkpoint, MINE, {"tps": "5"})
    clear(checkpoint)
    clear(checkpoint)
    assert files(checkpoint) == []
