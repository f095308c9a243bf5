"""The emulators, each started once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.emulators.cos import Cos
from tests.emulators.glacier import Glacier
from tests.emulators.oss import Oss
from tests.emulators.running import Emulator, S, serving
from tests.emulators.s3 import S3


@pytest.fixture(scope="session")
def oss_started() -> Iterator[Emulator[Oss]]:
    with serving(Oss) as emulator:
        yield emulator


@pytest.fixture
def oss_server(oss_started: Emulator[Oss]) -> Iterator[Emulator[Oss]]:
    """OSS, with nothing wrong and nothing counted; limits and clock are as they were, afterwards."""
    yield from _as_it_was(oss_started)


@pytest.fixture(scope="session")
def cos_started() -> Iterator[Emulator[Cos]]:
    with serving(Cos) as emulator:
        yield emulator


@pytest.fixture
def cos_server(cos_started: Emulator[Cos]) -> Iterator[Emulator[Cos]]:
    """The same of COS."""
    yield from _as_it_was(cos_started)


@pytest.fixture(scope="session")
def s3_started() -> Iterator[Emulator[S3]]:
    with serving(S3) as emulator:
        yield emulator


@pytest.fixture
def s3_server(s3_started: Emulator[S3]) -> Iterator[Emulator[S3]]:
    """The same of S3."""
    yield from _as_it_was(s3_started)


@pytest.fixture
def glacier_server() -> Iterator[Emulator[Glacier]]:
    """Glacier, afresh: its time can't be turned back when there is something in it."""
    with serving(Glacier) as emulator:
        yield emulator


def _as_it_was(emulator: Emulator[S]) -> Iterator[Emulator[S]]:
    emulator.controls.reset()
    limits, turned = replace(emulator.service.limits), emulator.service.clock.turned
    yield emulator
    emulator.service.limits, emulator.service.clock.turned = limits, turned
    emulator.service.domains.clear()
