"""What was measured, kept as one JSON file a row: so a run can be done in parts, and be written up again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.figures import Duel
from bench.measure import Sample


@dataclass(frozen=True, slots=True)
class Record:
    """All about one row. ``facts`` are the machine's, ``circumstances`` those of this measurement."""

    row: str
    duels: Sequence[Duel]
    commands: Sequence[str]
    facts: Mapping[str, str]
    circumstances: Mapping[str, str]
    versions: Mapping[str, str]
    remarks: Sequence[str] = ()


def save(record: Record, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(record), indent=1, ensure_ascii=False)
    (folder / f"{record.row}.json").write_text(f"{text}\n")


def load(folder: Path) -> dict[str, Record]:
    """All records in the folder, by row."""
    return {path.stem: _record(json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))}


def _record(found: dict[str, Any]) -> Record:
    return Record(**{**found, "duels": [_duel(duel) for duel in found["duels"]]})


def _duel(found: dict[str, Any]) -> Duel:
    sides = {side: [Sample(**sample) for sample in found[side]] for side in ("ours", "theirs")}
    return Duel(**{**found, **sides})
