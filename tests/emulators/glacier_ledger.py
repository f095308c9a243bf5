"""Keeps an account's state on disk: one line for each change, the last one of a thing counts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

_FILE = "state.jsonl"


class Ledger:
    """The file. It is written anew when it is opened, and grows until then."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, _FILE)

    def load(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """All that is kept: kind and fields, in the order in which it came."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        if os.path.exists(self._path):
            with open(self._path, encoding="utf-8") as file:
                for line in file:
                    if not line.endswith("\n"):
                        break  # it was killed here
                    kind, name, fields = json.loads(line)
                    if fields is None:
                        found.pop((kind, name), None)
                    else:
                        found[kind, name] = fields
        spare = self._path + ".new"
        with open(spare, "w", encoding="utf-8") as file:
            file.writelines(_line(kind, name, fields) for (kind, name), fields in found.items())
        os.replace(spare, self._path)
        for (kind, _), fields in found.items():
            yield kind, fields

    def put(self, kind: str, name: str, thing: Any) -> None:
        """Keep it."""
        self._append(_line(kind, name, thing if isinstance(thing, dict) else asdict(thing)))

    def drop(self, kind: str, name: str) -> None:
        """It is gone."""
        self._append(_line(kind, name, None))

    def _append(self, line: str) -> None:
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(line)


def _line(kind: str, name: str, fields: dict[str, Any] | None) -> str:
    return json.dumps([kind, name, fields]) + "\n"
