"""Archives that Hypothesis makes up, and inventories of them as Glacier writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from hypothesis import strategies as st

from transfer.errors import Corrupt
from transfer_glacier.inventory.listed import Listed
from transfer_glacier.inventory.reading import archives as read

COLUMNS = ("ArchiveId", "ArchiveDescription", "CreationDate", "Size", "SHA256TreeHash")
ARN = "arn:aws:glacier:us-east-1:012345678901:vaults/examplevault"
TAKEN = int(datetime(2013, 12, 12, 14, 19, 1, tzinfo=UTC).timestamp())

ids = st.text("abcXYZ019_-", min_size=1, max_size=12)
descriptions = (
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
    | st.text(max_size=10)
    | st.text('\\",{}[]:\r\n ', max_size=8)
)
archives = st.builds(
    Listed,
    archive_id=ids,
    description=descriptions,
    created=st.integers(0, 4_102_444_800),
    size=st.integers(0, 40_000 * 2**30),
    tree_hash=st.binary(min_size=32, max_size=32),
)


def moment(seconds: int, fraction: str = "") -> str:
    """As Glacier writes it, perhaps with ``fraction``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def fields(archive: Listed, fraction: str = "") -> dict[str, str | int]:
    return {
        "ArchiveId": archive.archive_id,
        "ArchiveDescription": archive.description,
        "CreationDate": moment(archive.created, fraction),
        "Size": archive.size,
        "SHA256TreeHash": archive.tree_hash.hex(),
    }


def as_json(
    listed: Sequence[Listed], *, fraction: str = "", indent: int | None = None, ascii_only: bool = True
) -> bytes:
    """A whole inventory."""
    document = {
        "VaultARN": ARN,
        "InventoryDate": moment(TAKEN),
        "ArchiveList": [fields(each, fraction) for each in listed],
    }
    return json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()


def as_csv(
    listed: Sequence[Listed], *, columns: Sequence[str] = COLUMNS, fraction: str = "", end: str = "\r\n"
) -> bytes:
    """A whole inventory, with descriptions quoted as Glacier does it: only quotes have a backslash."""
    lines = [",".join(columns)]
    for archive in listed:
        found = fields(archive, fraction)
        found["ArchiveDescription"] = '"' + archive.description.replace('"', '\\"') + '"'
        lines.append(",".join(str(found.get(name, "?")) for name in columns))
    return "".join(line + end for line in lines).encode()


def until_wrong(data: bytes) -> tuple[list[Listed], bool]:
    """The archives that are read before the end, or before it turns out to be corrupt, and whether it did."""
    found: list[Listed] = []
    try:
        for archive in read([data]):
            found.append(archive)
    except Corrupt:
        return found, True
    return found, False


def chunks(data: bytes, borders: Sequence[int]) -> Iterator[bytes]:
    """Cut anywhere; empty chunks too."""
    at = 0
    for border in sorted(border % (len(data) + 1) for border in borders):
        yield data[at:border]
        at = border
    yield data[at:]
