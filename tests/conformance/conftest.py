"""A place of its own for each test of a store, in a bucket that they share: making buckets is slow."""

from __future__ import annotations

import uuid

import pytest

from transfer.plugin import Store, StoreOptions
from transfer.testing.conformance import MakeStore
from transfer.testing.servers import Server
from transfer_s3 import plugin

_TAGS = StoreOptions(tags=True)


@pytest.fixture
def seaweed_place(seaweed_server: Server, seaweed_shared: str) -> MakeStore:
    return _place(seaweed_server, seaweed_shared)


@pytest.fixture
def moto_place(moto_server: Server, moto_shared: str) -> MakeStore:
    return _place(moto_server, moto_shared)


@pytest.fixture
def rclone_place(rclone_server: Server, rclone_shared: str) -> MakeStore:
    # It takes a request for an object's tags for one for the object.
    return _place(rclone_server, rclone_shared, StoreOptions())


@pytest.fixture(scope="session")
def seaweed_shared(seaweed_server: Server) -> str:
    return _bucket(seaweed_server)


@pytest.fixture(scope="session")
def moto_shared(moto_server: Server) -> str:
    return _bucket(moto_server)


@pytest.fixture(scope="session")
def rclone_shared(rclone_server: Server) -> str:
    return _bucket(rclone_server)


def _bucket(server: Server) -> str:
    name = f"shared-{uuid.uuid4().hex[:12]}"
    server.create_bucket(name)
    return name


def _place(server: Server, bucket: str, options: StoreOptions = _TAGS) -> MakeStore:
    place = uuid.uuid4().hex

    async def make(folder: str = "") -> Store:
        prefix = f"{place}/{folder}" if folder else place
        return await plugin.open(server.location(bucket, prefix), options)

    return make
