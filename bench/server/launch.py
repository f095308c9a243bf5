"""Starts the server as a process of its own."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.server.__main__ import READY
from transfer.testing.processes import HOST, running

_ROOT = Path(__file__).parents[2]
# The allocator keeps what it got, also in large pieces: or each run would pay for fresh pages again.
_ENV = {"PYTHONPATH": str(_ROOT), "MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(8 << 30)}


@contextlib.contextmanager
def light(
    *, host: str = HOST, certificate: Path | None = None, md5_only: bool = False, before: Sequence[str] = ()
) -> Iterator[int]:
    """A server at ``host``; yields its port. ``before`` goes ahead of its command line.

    Raises NotStarted.
    """
    with tempfile.TemporaryDirectory(prefix="transfer-light-", ignore_cleanup_errors=True) as name:
        folder = Path(name)

        def command(ports: Sequence[int]) -> Sequence[str]:
            options = [f"--host={host}", f"--port={ports[0]}"]
            options += [f"--certificate={certificate}"] if certificate else []
            options += ["--md5-only"] if md5_only else []
            return [*before, sys.executable, "-m", "bench.server", *options]

        def ready(ports: Sequence[int]) -> bool:
            return READY in (folder / "log").read_text(errors="replace")

        with running(command, ready, ports=1, folder=folder, env=_ENV) as ports:
            yield ports[0]
