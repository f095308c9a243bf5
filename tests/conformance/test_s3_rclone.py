"""The S3 plugin with rclone's S3 server, bare and through all layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pytest

from transfer.testing.conformance import MakeStore, StoreConformance
from transfer.testing.faults import LOUD_READ_FAULTS, Plan, chance
from transfer.testing.names import paths


class TestS3(StoreConformance):
    """What rclone's S3 server can do."""

    known_defects: ClassVar[Mapping[str, str]] = {
        "copy_part": "it copies no parts",
        "expires": "it does not keep Expires",
        "tags": "it has no tags, and takes a request for them for one for the object",
        **dict.fromkeys(
            ("part_sent_again", "parts_tell_replaced", "finish_checks_parts"), "it takes every part only once"
        ),
    }

    def holds(self, keys: Sequence[str]) -> Sequence[str]:
        """Keys are paths on disk."""
        return paths(keys)

    @pytest.fixture
    def make_store(self, rclone_place: MakeStore) -> MakeStore:
        return rclone_place


class TestS3ThroughLayers(TestS3):
    """Faults that pass are not noticed above the layers."""

    many = 200

    def faults(self) -> Plan:
        # It keeps no checksum of what was written in parts that would tell wrong bytes from right ones.
        return chance(3, reads=LOUD_READ_FAULTS)
