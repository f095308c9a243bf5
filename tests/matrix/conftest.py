"""The places of the matrix, by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.conftest import fresh_bucket
from tests.emulators.conftest import cos_server, cos_started, oss_server, oss_started, s3_server, s3_started
from tests.emulators.kodo import Kodo
from tests.matrix.sides.base import Side
from tests.matrix.sides.cos import CosSide
from tests.matrix.sides.disk import Disk
from tests.matrix.sides.kodo import KodoSide
from tests.matrix.sides.oss import OssSide
from tests.matrix.sides.s3 import S3Side
from tests.matrix.sides.strict_s3 import StrictS3
from transfer.testing.faultproxy import fault_proxy
from transfer.testing.servers import Server

__all__ = ["cos_server", "cos_started", "oss_server", "oss_started", "s3_server", "s3_started"]


@pytest.fixture
def kodo_as_it_was(kodo_server: Kodo) -> Iterator[Kodo]:
    """Kodo, with nothing wrong; what may be turned is as it was, afterwards."""
    rules = kodo_server.rules
    smallest, turned = rules.min_part, kodo_server.clock.turned
    yield kodo_server
    rules.min_part, kodo_server.clock.turned = smallest, turned
    kodo_server.controls.reset()


@pytest.fixture
def make_side(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Side]]:
    """``make_side("oss")``: a fresh place of that kind. Servers are started when one is first asked for."""
    made: list[Side] = []

    def make(kind: str) -> Side:
        made.append(_made(request, kind, tmp_path / f"disk-{len(made)}"))
        return made[-1]

    yield make
    for side in made:
        side.close()


def _made(request: pytest.FixtureRequest, kind: str, folder: Path) -> Side:
    match kind:
        case "disk":
            folder.mkdir()
            return Disk(folder)
        case "s3":
            server: Server = request.getfixturevalue("seaweed_server")
            return S3Side(server, fresh_bucket(server))
        case "strict s3":
            return StrictS3(request.getfixturevalue("s3_server"))
        case "oss":
            return OssSide(request.getfixturevalue("oss_server"))
        case "cos":
            return CosSide(request.getfixturevalue("cos_server"))
        case _:
            kodo: Kodo = request.getfixturevalue("kodo_as_it_was")
            return KodoSide(kodo)


@pytest.fixture
async def counted(
    request: pytest.FixtureRequest, make_side: Callable[[str], Side]
) -> AsyncIterator[Callable[[str], Awaitable[Side]]]:
    """``await counted("s3")``: the same, but that S3, whose server does not count, has something ahead that does."""
    async with AsyncExitStack() as stack:
        made: list[S3Side] = []

        async def make(kind: str) -> Side:
            if kind != "s3":
                return make_side(kind)
            server: Server = request.getfixturevalue("seaweed_server")
            seen: list[str] = []
            proxy = await stack.enter_async_context(fault_proxy(server.port, seen.append))
            made.append(S3Side(server, fresh_bucket(server), proxy.endpoint, seen))
            return made[-1]

        yield make
        for side in made:
            side.close()
