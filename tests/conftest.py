"""Real servers, fresh buckets on them, and stores that are closed in the end."""

from __future__ import annotations

import os
import uuid
from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.emulators.kodo import Kodo
from tests.emulators.running import serving
from transfer.loop import chosen, factory
from transfer.plugin import Store, StoreOptions
from transfer.testing.servers import Server, moto, rclone_s3, seaweed
from transfer_s3 import plugin

_THEIRS = ("AWS_", "OSS_", "ALIBABA_CLOUD_", "COS_", "TENCENTCLOUD_", "QINIU_")
"""How the variables of clouds' tools begin."""


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """The loop that commands would run on here, so that ``TRANSFER_LOOP`` chooses for all tests."""
    return {chosen(): factory()}


@pytest.fixture(autouse=True)
def own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees this machine's credentials and settings, or leaves state behind. Returns the state's folder."""
    for name in [name for name in os.environ if name.startswith(_THEIRS)]:
        monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-aws-credentials"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    state = tmp_path / "state"
    monkeypatch.setenv("TRANSFER_STATE_DIR", str(state))
    return state


@pytest.fixture(scope="session")
def seaweed_server() -> Iterator[Server]:
    with seaweed() as server:
        yield server


@pytest.fixture(scope="session")
def moto_server() -> Iterator[Server]:
    with moto() as server:
        yield server


@pytest.fixture(scope="session")
def rclone_server() -> Iterator[Server]:
    with rclone_s3() as server:
        yield server


@pytest.fixture(scope="session")
def kodo_server() -> Iterator[Kodo]:
    with serving(Kodo) as emulator:
        yield emulator.service


@pytest.fixture
def seaweed_bucket(seaweed_server: Server) -> str:
    """The name of a fresh bucket."""
    return fresh_bucket(seaweed_server)


@pytest.fixture
def moto_bucket(moto_server: Server) -> str:
    """The name of a fresh bucket."""
    return fresh_bucket(moto_server)


@pytest.fixture
def rclone_bucket(rclone_server: Server) -> str:
    """The name of a fresh bucket."""
    return fresh_bucket(rclone_server)


def fresh_bucket(server: Server) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    server.create_bucket(name)
    return name


@pytest.fixture
async def s3_store() -> AsyncIterator[Callable[..., Awaitable[Store]]]:
    """``await s3_store(server, bucket, prefix="", options=StoreOptions(), **settings)``; closed in the end."""
    opened: list[Store] = []

    async def open_store(
        server: Server, bucket: str, prefix: str = "", options: StoreOptions | None = None, **settings: str
    ) -> Store:
        store = await plugin.open(server.location(bucket, prefix, **settings), options or StoreOptions())
        opened.append(store)
        return store

    yield open_store
    for store in opened:
        await store.aclose()
