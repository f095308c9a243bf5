"""What tests of vaults share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.glacier.vaultplace import VaultPlace, vault_place


@pytest.fixture
def place() -> Iterator[VaultPlace]:
    """A vault with nothing in it, at a server of its own."""
    with vault_place() as made:
        yield made
