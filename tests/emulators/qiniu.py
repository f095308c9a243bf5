"""Kodo by hand: ``python -m tests.emulators.qiniu --help``. What it does is in ``kodo.py`` beside it."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading

from tests.emulators.kodo import Kodo


def main() -> None:
    """Serve until it is interrupted."""
    parser = argparse.ArgumentParser(description="Qiniu Kodo, emulated on loopback, all of it in memory.")
    parser.add_argument("--port", type=int, default=0, help="where to listen; any free port by default")
    parser.add_argument("--data", help="taken as the other emulators take it, and not used: nothing is on disk")
    parser.add_argument("--key", action="append", default=[], metavar="ID:SECRET", help="a key; may be repeated")
    parser.add_argument("--bucket", action="append", default=[], metavar="NAME", help="a bucket; may be repeated")
    given = parser.parse_args()
    keys = dict(pair.split(":", 1) for pair in given.key) or None
    stop = threading.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda *_: stop.set())
    with Kodo(keys).running(given.port) as server:
        made = [server.create_bucket(name) for name in given.bucket]
        _tell(f"Listening at {server.endpoint}")
        for bucket in made:
            _tell(f"kodo://{bucket.name} downloads at http://{bucket.domain}")
        stop.wait()


def _tell(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
