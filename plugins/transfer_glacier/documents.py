"""The JSON documents of AWS, read with care: what is not of the form that its reference tells is Corrupt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from transfer.errors import Corrupt
from transfer.wire.times import iso_ns


class Document:
    """One JSON object of a reply; ``what`` it is, for a sentence."""

    def __init__(self, fields: object, what: str) -> None:
        if not isinstance(fields, dict):
            raise Corrupt(f"The reply to {what} is not what its reference tells")
        self._fields: dict[str, Any] = fields
        self._what = what

    def text(self, name: str) -> str:
        """A text; empty where it is null or missing."""
        return self._of(name, str) or ""

    def whole(self, name: str) -> int | None:
        """A whole number; None where it is null or missing."""
        value: int | None = self._of(name, int)
        return value

    def flag(self, name: str) -> bool:
        return bool(self._of(name, bool))

    def moment(self, name: str) -> int | None:
        """A time in nanoseconds; None where it is null or missing."""
        return iso_ns(self.text(name))

    def digest(self, name: str) -> bytes | None:
        """A hash, told in hex; None where it is null or missing."""
        try:
            return bytes.fromhex(self.text(name)) or None
        except ValueError:
            raise self._wrong(name) from None

    def inner(self, name: str) -> Document | None:
        """An object within; None where it is null or missing."""
        value = self._fields.get(name)
        return None if value is None else Document(value, self._what)

    def rows(self, name: str) -> Sequence[Document]:
        """The objects of a list; none where it is null or missing."""
        return [Document(value, self._what) for value in self._of(name, list) or ()]

    def _of(self, name: str, kind: type) -> Any:
        value = self._fields.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self._wrong(name)
        return value

    def _wrong(self, name: str) -> Corrupt:
        return Corrupt(f"The reply to {self._what} has a '{name}' that is none")


def parse(body: bytes, what: str) -> Document:
    """A reply's document. Raises Corrupt."""
    try:
        return Document(json.loads(body), what)
    except ValueError:
        raise Corrupt(f"The reply to {what} is no JSON") from None
