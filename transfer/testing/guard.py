"""Runs a command and ends it by SIGKILL as soon as standard input closes.

Standard input is a pipe from the process that wanted the command, so the command can't
outlive that process, however it ends. Run as a script, by an interpreter without site packages.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading


def main(command: list[str]) -> int:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603
    threading.Thread(target=_kill_at_end_of_input, args=(child,), daemon=True).start()
    return child.wait()


def _kill_at_end_of_input(child: subprocess.Popen[bytes]) -> None:
    # Not by way of sys.stdin, whose lock would be held when the interpreter ends.
    while os.read(0, 1024):
        pass
    child.kill()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
