"""The tests' emulators of S3, OSS and COS, each a process of its own, on one common base: so they cost alike.

They are strict rather than fast, which the client's CPU time hardly tells.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from bench.excuses import Unavailable
from transfer.testing.processes import HOST, running

_ROOT = Path(__file__).parents[1]
_PACKAGES = ("aiohttp", "anycrc")
"""What the emulators and the plugins beside S3's import."""
_SECONDS = 60


def look_for_them() -> None:
    """Raises Unavailable where they are not there, or can't be used."""
    if not (_ROOT / "tests" / "emulators" / "s3.py").exists():
        raise Unavailable(
            "the emulators are not beside the bench: run it in a clone of the repository, with its tests/"
        )
    missing = [package for package in _PACKAGES if find_spec(package) is None]
    if missing:
        raise Unavailable(f"the emulators need what is not installed: pip install {' '.join(missing)}")


@contextlib.contextmanager
def emulator(vendor: str, key_id: str, secret: str, folder: Path) -> Iterator[int]:
    """The emulator of ``vendor`` with one key; large bodies go below ``folder``. Yields its port. Raises NotStarted."""
    with tempfile.TemporaryDirectory(prefix=f"{vendor}-", dir=folder, ignore_cleanup_errors=True) as name:
        place = Path(name)

        def command(ports: Sequence[int]) -> Sequence[str]:
            options = [f"--port={ports[0]}", f"--data={place}", f"--key={key_id}:{secret}"]
            return [sys.executable, "-m", f"tests.emulators.{vendor}", *options]

        def ready(ports: Sequence[int]) -> bool:
            return "Listening at" in (place / "log").read_text(errors="replace")

        with running(command, ready, ports=1, folder=place, env={"PYTHONPATH": str(_ROOT)}) as ports:
            yield ports[0]


def make_bucket(endpoint: str, name: str) -> None:
    """Make it, empty."""
    _post(endpoint, "buckets", {"name": name})


def drop_bucket(endpoint: str, name: str) -> None:
    """Drop it with all that is in it."""
    _post(endpoint, "drop", {"name": name})


def held(endpoint: str, name: str) -> Mapping[str, str]:
    """The MD5 of each object in a bucket, in hex, as the emulator computed it of the bytes that it got."""
    with urllib.request.urlopen(f"{endpoint}/.emulator/objects/{name}", timeout=_SECONDS) as reply:
        found: dict[str, str] = json.load(reply)
        return found


def address(port: int) -> str:
    return f"http://{HOST}:{port}"


def _post(endpoint: str, what: str, wanted: Mapping[str, str]) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{endpoint}/.emulator/{what}", json.dumps(wanted).encode(), headers)
    urllib.request.urlopen(request, timeout=_SECONDS).close()
