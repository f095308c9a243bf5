"""What the emulated vault server writes is read as it was meant, in both forms."""

from __future__ import annotations

import pytest

from tests.emulators.glacier_inventory import written
from tests.emulators.glacier_state import Archive
from tests.glacier.inventories import ARN
from transfer_glacier.inventory.listed import Head, Listed
from transfer_glacier.inventory.reading import Reader, archives

DESCRIPTIONS = ("", "plain", 'say "hi", twice', "C:\\dir\\", "one, two\\")
CREATED, TAKEN = 1_700_000_000.25, 1_700_000_100.0


@pytest.mark.parametrize(("form", "head"), [("JSON", Head(ARN, 1_700_000_100)), ("CSV", Head())])
def test_the_emulators_inventories(form: str, head: Head) -> None:
    """Descriptions with its quoting; times with milliseconds."""
    held = [
        Archive(f"id{number}", "vault", description, number, CREATED, f"{number:064x}")
        for number, description in enumerate(DESCRIPTIONS)
    ]
    reader = Reader()
    document = (piece.encode() for piece in written(ARN, TAKEN, held, form))
    assert list(archives(document, reader)) == [
        Listed(f"id{number}", description, int(CREATED), number, number.to_bytes(32))
        for number, description in enumerate(DESCRIPTIONS)
    ]
    assert reader.head == head
