"""Pages whose sessions run against the emulators of the tests, which the page itself says how to start."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Emulators that run, and where they do so instead of where the page says."""

    ports: Mapping[str, str]

    def at(self, text: str) -> str:
        """With the ports that were free."""
        for said, real in self.ports.items():
            text = text.replace(said, real)
        return text


@contextmanager
def rehearsing(shell: str) -> Iterator[Rehearsal]:
    """Started by the page's own commands, but for the ports."""
    ports: dict[str, str] = {}
    with ExitStack() as stack:
        for line in re.findall(r"^python -m (tests\.emulators\..*)$", shell, re.MULTILINE):
            said = re.search(r"--port (\d+)", line)
            assert said is not None
            words = shlex.split(line.replace(said[0], "--port 0"))
            command = [sys.executable, "-m", *words]
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT))
            stack.callback(process.terminate)
            assert process.stdout is not None
            ports[said[1]] = process.stdout.readline().strip().rpartition(":")[2]
        yield Rehearsal(ports)
