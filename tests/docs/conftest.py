"""The servers that the pages speak of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from transfer.testing.playground import BUCKET
from transfer.testing.servers import Server, seaweed


@pytest.fixture(scope="session")
def servers() -> Iterator[Mapping[str, Server]]:
    """``here`` and ``there``, each with a bucket."""
    with ExitStack() as stack:
        here = stack.enter_context(seaweed())
        there = stack.enter_context(seaweed(access_key_id="OTHERACCESSKEY", secret_access_key="other-secret"))
        for server in (here, there):
            server.create_bucket(BUCKET)
        yield {"here": here, "there": there}
