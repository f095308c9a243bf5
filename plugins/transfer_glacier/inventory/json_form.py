"""An inventory as JSON, understood bit by bit.

    {"VaultARN": "…", "InventoryDate": "…", "ArchiveList": [{"ArchiveId": "…", …}, …]}

Only what is between two archives of the list is scanned here; each archive is decoded at once by the json module. What
waits for more bytes is never longer than an archive can be.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable

from transfer.errors import Corrupt
from transfer_glacier.inventory.listed import Head, Listed, listed, moment

_LONGEST = 64 * 1024
"""Characters that one archive, or one value beside the list, takes at most: descriptions have 1,024."""
_BLANKS = re.compile(r"[ \t\r\n]*")
_FIELDS = ("ArchiveId", "ArchiveDescription", "CreationDate", "Size", "SHA256TreeHash")
_LIST = "ArchiveList"

_State = Callable[[int], "int | None"]
"""Understands one thing at a position; returns where the next one is, or None if more bytes are needed."""


class JsonForm:
    """Takes bytes, gives archives. ``head`` is whole once the input is, and mostly from the first archive on."""

    def __init__(self) -> None:
        self.head = Head()
        self._bytes = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder(strict=False)
        self._text = ""
        self._state: _State = self._begin
        self._found: list[Listed] = []
        self._count = 0
        self._seen_list = False

    def feed(self, data: bytes) -> list[Listed]:
        """The archives that end in ``data``. Raises Corrupt."""
        try:
            self._text += self._bytes.decode(data)
        except UnicodeDecodeError:
            raise self._corrupt("has bytes that are no UTF-8") from None
        at = self._blanks(0)
        while at < len(self._text):
            after = self._state(at)
            if after is None:
                break
            at = self._blanks(after)
        self._text = self._text[at:]
        if len(self._text) > _LONGEST:
            raise self._corrupt("is not the JSON of an inventory")
        found, self._found = self._found, []
        return found

    def end(self) -> list[Listed]:
        """To be called after the last bytes. Raises Corrupt if something is missing."""
        if self._state != self._over or self._text or self._bytes.getstate()[0]:
            raise self._corrupt("ends in the middle")
        if not self._seen_list:
            raise self._corrupt(f"has no {_LIST}")
        return []

    def _begin(self, at: int) -> int:
        at = self._expect("{", at)
        self._state = self._first_key
        return at

    def _first_key(self, at: int) -> int | None:
        return self._close_object(at) if self._text[at] == "}" else self._key(at)

    def _key(self, at: int) -> int | None:
        decoded = self._decoded(at)
        if decoded is None:
            return None
        key, at = decoded
        at = self._blanks(at)
        if at == len(self._text):
            return None
        if not isinstance(key, str):
            raise self._corrupt("is not the JSON of an inventory")
        at = self._expect(":", at)
        self._state = self._open_list if key == _LIST else lambda at: self._value(key, at)
        return at

    def _value(self, key: str, at: int) -> int | None:
        decoded = self._decoded(at)
        # A number goes on until something else follows.
        if decoded is None or decoded[1] == len(self._text):
            return None
        value, at = decoded
        if key == "VaultARN" and isinstance(value, str):
            self.head = Head(value, self.head.taken)
        elif key == "InventoryDate":
            self.head = Head(self.head.vault_arn, moment(value))
        self._state = self._after_value
        return at

    def _after_value(self, at: int) -> int:
        if self._text[at] == "}":
            return self._close_object(at)
        at = self._expect(",", at)
        self._state = self._key
        return at

    def _close_object(self, at: int) -> int:
        self._state = self._over
        return at + 1

    def _open_list(self, at: int) -> int:
        if self._seen_list:
            raise self._corrupt(f"has {_LIST} twice")
        at = self._expect("[", at)
        self._seen_list = True
        self._state = self._first_archive
        return at

    def _first_archive(self, at: int) -> int | None:
        return self._close_list(at) if self._text[at] == "]" else self._archive(at)

    def _archive(self, at: int) -> int | None:
        decoded = self._decoded(at)
        if decoded is None:
            return None
        fields, at = decoded
        self._count += 1
        if not isinstance(fields, dict):
            raise self._corrupt("lists something that is no archive")
        self._found.append(listed(self._count, *map(fields.get, _FIELDS)))
        self._state = self._after_archive
        return at

    def _after_archive(self, at: int) -> int | None:
        if self._text[at] == "]":
            return self._close_list(at)
        at = self._expect(",", at)
        self._state = self._archive
        return at

    def _close_list(self, at: int) -> int:
        self._state = self._after_value
        return at + 1

    def _over(self, at: int) -> int:
        raise self._corrupt("goes on after its end")

    def _decoded(self, at: int) -> tuple[object, int] | None:
        """The value at a position, and where it ends; None if it does not end in what is here."""
        try:
            return self._json.raw_decode(self._text, at)
        except (ValueError, RecursionError):
            return None

    def _expect(self, sign: str, at: int) -> int:
        if self._text[at] != sign:
            raise self._corrupt("is not the JSON of an inventory")
        return at + 1

    def _blanks(self, at: int) -> int:
        if at < len(self._text) and self._text[at] > " ":
            return at
        match = _BLANKS.match(self._text, at)
        return at if match is None else match.end()

    def _corrupt(self, what: str) -> Corrupt:
        return Corrupt(f"The inventory {what} (after archive {self._count:,}); fetch it again.")
