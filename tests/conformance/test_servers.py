"""Server processes start where nothing else listens, keep secrets, and end when their owner does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from transfer.errors import TransferError
from transfer.testing.processes import NotStarted, free_ports, program, running
from transfer.testing.servers import Server, off_loop, rclone_s3

_OWNER = """
import sys, time
from transfer.testing.servers import rclone_s3
with rclone_s3() as server:
    print(server.port, flush=True)
    time.sleep(60)
"""


def test_server_ends_with_its_owner() -> None:
    """When the owner is killed, its server is gone soon after."""
    with subprocess.Popen([sys.executable, "-c", _OWNER], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        server = Server(int(owner.stdout.readline()))
        socket.create_connection(("127.0.0.1", server.port)).close()
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", server.port)).close()
        except OSError:
            return
        time.sleep(0.02)
    raise AssertionError("the server outlived its owner")


def test_secret_is_in_no_command_line() -> None:
    """Who lists the processes does not see the secret key, nor who prints the server."""
    with rclone_s3(secret_access_key="very-secret-indeed") as server:
        lines = [_command_line(pid) for pid in os.listdir("/proc") if pid.isdigit()]
        assert any(f":{server.port}".encode() in line for line in lines)
        assert not any(b"very-secret-indeed" in line for line in lines)
        assert "very-secret-indeed" not in repr(server)


def _command_line(pid: str) -> bytes:
    try:
        return Path("/proc", pid, "cmdline").read_bytes()
    except OSError:
        return b""


def test_wrong_credentials_are_told() -> None:
    """A bucket that could not be made is an error."""
    with rclone_s3() as server, pytest.raises(TransferError, match="could not be made"):
        Server(server.port, "somebody", "else").create_bucket("mine")


def test_start_is_tried_again_elsewhere(tmp_path: Path) -> None:
    """A server that does not come up gets other ports; one that never does is an error with its last words."""
    seen: list[int] = []

    def command(ports: list[int]) -> list[str]:
        seen.append(ports[0])
        return [sys.executable, "-c", "print('no such luck'); raise SystemExit(1)"]

    with (
        pytest.raises(NotStarted, match="no such luck"),
        running(command, lambda ports: False, ports=1, folder=tmp_path, env={}),  # type: ignore[arg-type]
    ):
        raise AssertionError("unreachable")
    assert len(set(seen)) == len(seen) > 1


def test_free_ports_are_different() -> None:
    """No port comes twice."""
    assert len(set(free_ports(20))) == 20


def test_missing_program_names_its_package() -> None:
    """What is not installed is an error that says how to install it."""
    with pytest.raises(TransferError, match="pip install some-package"):
        program("no-such-program", "some-package")


async def test_cancelled_start_leaves_nothing() -> None:
    """Cancelled while it starts, a server is stopped again."""
    left = []

    @contextlib.contextmanager
    def slow() -> Iterator[int]:
        time.sleep(0.1)
        yield 1
        left.append(True)

    async def enter() -> None:
        async with off_loop(slow()):
            raise AssertionError("unreachable")

    entering = asyncio.create_task(enter())
    await asyncio.sleep(0.02)
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    assert left
