"""The bench's S3 server does what our own suite asks of a server."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

sys.path.append(str(Path(__file__).parents[2]))  # the bench is not installed; what is comes first

from bench.server.launch import light
from transfer.plugin import Store, StoreOptions
from transfer.testing.conformance import MakeStore, StoreConformance
from transfer.testing.servers import Server
from transfer_s3 import plugin


@pytest.fixture(scope="session", params=["checksums", "md5 only"])
def light_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with light(md5_only=request.param == "md5 only") as port:
        yield Server(port)


class TestLight(StoreConformance):
    """What the light server can do: all but tags."""

    known_defects: ClassVar[Mapping[str, str]] = {
        "tags": "it has none",
        "signed_url_is_of_one_object": "it looks at no signature",
    }

    @pytest.fixture
    def make_store(self, light_server: Server) -> MakeStore:
        bucket = f"bucket-{uuid.uuid4().hex[:12]}"
        light_server.create_bucket(bucket)

        async def make(folder: str = "") -> Store:
            return await plugin.open(light_server.location(bucket, folder), StoreOptions())

        return make
