"""The S3 plugin with moto."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pytest

from transfer.testing.conformance import MakeStore, StoreConformance


class TestS3(StoreConformance):
    """What moto can do."""

    known_defects: ClassVar[Mapping[str, str]] = {
        "abort": "it answers 500 to a part of an upload that is gone",
        "signed_url_is_of_one_object": "it looks at no signature",
    }

    def holds(self, keys: Sequence[str]) -> Sequence[str]:
        """Its router does not see behind a line's end."""
        return [key for key in keys if "\n" not in key]

    @pytest.fixture
    def make_store(self, moto_place: MakeStore) -> MakeStore:
        return moto_place
