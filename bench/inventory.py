"""How fast a vault's inventory is read, and compared with a journal, and in how much memory.

``python -m bench.inventory json --archives 1000000`` (or ``csv``, ``compare``) prints archives a second and the most
memory that the process had. What it costs to make up the inventory is measured too, and taken off.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from transfer_glacier.archive import Archive
from transfer_glacier.inventory.compare import Comparison
from transfer_glacier.inventory.listed import Listed
from transfer_glacier.inventory.ordered import ordering
from transfer_glacier.inventory.reading import archives
from transfer_glacier.journal import Created, Journal

_FORMS = ("json", "csv", "compare")
_CHUNK = 64 * 1024
_DESCRIPTION = "mt2 eyJmaWxlbmFtZSI6ImZpbGUvYS9iL2MvZCIsIm10aW1lIjoiMjAxMjExMDVUMTQwMjU4WiJ9"
_CREATED, _TAKEN = 1_337_101_390, 1_700_000_000


def main() -> int:
    parser = argparse.ArgumentParser("python -m bench.inventory", description="Measure how inventories are read.")
    parser.add_argument("form", choices=_FORMS)
    parser.add_argument("--archives", type=int, default=1_000_000, metavar="N")
    chosen = parser.parse_args()
    seconds = _compared(chosen.archives) if chosen.form == "compare" else _read(chosen.form, chosen.archives)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{chosen.form}: {chosen.archives / seconds:,.0f} archives/s, {memory:.0f} MiB\n")
    return 0


def _read(form: str, count: int) -> float:
    """Seconds that reading takes."""
    making, _ = _timed(_inventory(form, count))
    whole, found = _timed(archives(_inventory(form, count)))
    assert found == count
    return max(whole - making, 1e-9)


def _compared(count: int) -> float:
    """Seconds that it takes to put the inventory into order and to compare it with a journal."""
    making, _ = _timed(_listed(count))
    with tempfile.TemporaryDirectory() as folder, ordering() as ordered:
        journal = Journal(Path(folder, "journal"), index=Path(folder, "index"))
        journal.append(map(_created, _listed(count)))
        begin = time.perf_counter()
        ordered.add(_listed(count))
        comparison = Comparison(ordered.by_id(), journal.by_id(), _TAKEN)
        assert not list(comparison)
        whole = time.perf_counter() - begin
        journal.close()
    assert comparison.alike == count
    return max(whole - making, 1e-9)


def _timed(items: Iterable[object]) -> tuple[float, int]:
    begin = time.perf_counter()
    count = sum(1 for _ in items)
    return time.perf_counter() - begin, count


def _inventory(form: str, count: int) -> Iterator[bytes]:
    begin, between, end = ('{"ArchiveList":[', ",", "]}") if form == "json" else (_header(), "\r\n", "")
    spell = _as_json if form == "json" else _as_csv
    text = begin
    for number, listed in enumerate(_listed(count)):
        text += (between if number else "") + spell(listed)
        if len(text) > _CHUNK:
            yield text.encode()
            text = ""
    yield (text + end).encode()


def _listed(count: int) -> Iterator[Listed]:
    """In no order, with ids as long as real ones."""
    for number in range(count):
        digest = hashlib.sha512(str(number).encode())
        yield Listed(digest.hexdigest() + "_" * 10, _DESCRIPTION, _CREATED, number, digest.digest()[:32])


def _created(listed: Listed) -> Created:
    return Created(Archive(listed.archive_id, "file/a/b/c/d", listed.size, _CREATED, listed.tree_hash, _CREATED))


def _fields(listed: Listed) -> dict[str, str | int]:
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(listed.created))
    values = (listed.archive_id, listed.description, created, listed.size, listed.tree_hash.hex())
    return dict(zip(_header().strip().split(","), values, strict=True))


def _header() -> str:
    return "ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\r\n"


def _as_json(listed: Listed) -> str:
    return json.dumps(_fields(listed))


def _as_csv(listed: Listed) -> str:
    return ",".join(map(str, _fields(listed).values()))


if __name__ == "__main__":
    sys.exit(main())
