"""The worker: the command line in a process of its own, which can be killed at a named point."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from transfer.demo.stage import Stage

KILLED = -signal.SIGKILL
_SHOW_CURSOR = "\x1b[?25h\n"


def run(stage: Stage, arguments: Sequence[str], *, kill_at: str | None = None) -> tuple[int, str]:
    """Run ``transfer`` with ``arguments``; returns its exit status and what it wrote to stdout.

    What it shows on stderr goes where ours goes. It never outlives this call.
    """
    # What a killed process leaves among temporary files goes away with the stage.
    environment = {**os.environ, "TMPDIR": str(stage.folder), "TRANSFER_KILL_AT": kill_at or ""}
    told = stage.folder / "told"
    with told.open("wb") as stdout:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "transfer", *arguments],
            cwd=stage.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            start_new_session=True,  # Ctrl-C is for us
        )
    try:
        status = process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.returncode == KILLED and sys.stderr.isatty():
            sys.stderr.write(_SHOW_CURSOR)
    return status, told.read_text(errors="replace")
