"""A disk of a few MiB in a mount namespace of its own, and processes that permissions hold back like anyone else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRANSFER = (sys.executable, "-P", "-m", "transfer")
_WAYS = (
    (("unshare", "--map-root-user", "--mount"), ("nsenter", "--user", "--preserve-credentials", "--mount")),
    (("unshare", "--mount"), ("nsenter", "--mount")),
)
_HELD_BACK = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """Those of a run with ``--json``."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def result(self) -> dict[str, Any]:
        """The last event."""
        return self.events[-1]

    @property
    def failed(self) -> dict[str, str]:
        """The errors of the objects that failed, by key."""
        return {event["key"]: event["error"] for event in self.events if event.get("verdict") == "failed"}


def run(*command: str, **environment: str) -> Ran:
    """Run a command to its end."""
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, timeout=120, check=False)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def transfer(*arguments: str, **environment: str) -> Ran:
    """Run ``transfer`` with ``--json``."""
    return run(*TRANSFER, *arguments, "--json", **environment)


def held_back(*command: str) -> Sequence[str]:
    """The command, bound by permissions also when we are root. Raises NotPossible."""
    if os.getuid() != 0:
        return command
    if shutil.which(_HELD_BACK[0]) is None or run(*_HELD_BACK, "true").status != 0:
        raise NotPossible("a root without its privileges can't be had here: there is no setpriv")
    return (*_HELD_BACK, *command)


class NotPossible(Exception):
    """This machine does not let us do that; the message says why."""


class SmallDisk:
    """A tmpfs at ``folder`` that only commands run here see."""

    def __init__(self, holder: subprocess.Popen[bytes], enter: Sequence[str], folder: Path) -> None:
        self._enter = (*enter, "--target", str(holder.pid), "--")
        self.folder = folder
        self.seen = Path(f"/proc/{holder.pid}/root{folder}")
        """Where this process sees what is on the disk."""

    def run(self, *command: str, **environment: str) -> Ran:
        return run(*self._enter, *command, **environment)

    def transfer(self, *arguments: str, **environment: str) -> Ran:
        return self.run(*TRANSFER, *arguments, "--json", **environment)

    def remount(self, options: str) -> None:
        """``size=64m`` makes room, ``ro`` forbids writing."""
        done = self.run("mount", "-o", f"remount,{options}", str(self.folder))
        assert done.status == 0, done.err


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[SmallDisk]:
    """Have a disk of ``size`` (``8m``) at ``folder``, which is there already. Raises NotPossible."""
    script = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && echo ready && exec cat'
    for unshare, enter in _WAYS:
        if shutil.which(unshare[0]) is None or shutil.which(enter[0]) is None:
            break
        command = [*unshare, "sh", "-c", script, "sh", size, str(folder)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as holder:
            assert holder.stdout is not None
            if holder.stdout.readline() == b"ready\n":
                yield SmallDisk(holder, enter, folder)
                return
    raise NotPossible("no file system can be mounted here, not even in a namespace of one's own")
