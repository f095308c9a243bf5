"""The command in a process of its own, with remotes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Ran:
    """How it ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """The last event of a run with ``--json``."""
        last: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return last


@dataclass(frozen=True, slots=True)
class Command:
    """``transfer``, with a configuration and a folder for its state."""

    config: Path
    state: Path

    def run(self, *arguments: str, **more: str) -> Ran:
        """Run it to its end, whichever that is."""
        with self.start(*arguments, **more) as process:
            out, err = process.communicate(timeout=300)
        return Ran(process.returncode, out.decode(), err.decode())

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        """Start it."""
        environment = {**os.environ, "TRANSFER_CONFIG": str(self.config), "TRANSFER_STATE_DIR": str(self.state), **more}
        words = [sys.executable, "-P", "-m", "transfer", *arguments]
        return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def succeed(self, *arguments: str) -> dict[str, Any]:
        """Run it with ``--json``; its result, which must be a success."""
        ran = self.run(*arguments, "--json")
        assert ran.status == 0, ran.err + ran.out
        return ran.result
