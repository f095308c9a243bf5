"""An inventory as CSV, understood bit by bit.

The first line names the columns, in any order. Glacier's quoting has a defect: in a quoted field ``\\"`` stands for a
quote, but a backslash stands for itself, so that a description which ends in one looks as if its closing quote were
part of it. A quote after a backslash therefore ends the description only where the rest of the record fits, with the
tree hash in it.
"""

from __future__ import annotations

import codecs
import re

from transfer.errors import Corrupt
from transfer_glacier.inventory.listed import Head, Listed, listed

_LONGEST = 64 * 1024
"""Characters that one record takes at most: descriptions have 1,024."""
_DESCRIPTION, _SIZE, _TREE_HASH = "ArchiveDescription", "Size", "SHA256TreeHash"
_COLUMNS = ("ArchiveId", _DESCRIPTION, "CreationDate", _SIZE, _TREE_HASH)
_SEGMENT = r'[^"\\]*+'
_ESCAPED = rf'"(?P<quoted>{_SEGMENT}(?:\\"?{_SEGMENT})*+)"'
_AMBIGUOUS = rf'"(?P<quoted>{_SEGMENT}(?:\\"??{_SEGMENT})*?)"'
_PLAIN = r'[^",\r\n]*+'
_OTHER = rf'(?:"{_SEGMENT}(?:\\"?{_SEGMENT})*+"|{_PLAIN})'
_FIELDS = {
    "ArchiveId": rf'"?(?P<ArchiveId>{_PLAIN})"?',
    "CreationDate": rf'"?(?P<CreationDate>{_PLAIN})"?',
    _SIZE: rf'"?(?P<{_SIZE}>\d{{1,20}})"?',
    _TREE_HASH: rf'"?(?P<{_TREE_HASH}>[0-9a-fA-F]{{64}})"?',
}
_END_OF_LINE = r"\r?\n"
_BLANK_LINES = re.compile(r"[\r\n]*")


class CsvForm:
    """Takes bytes, gives archives.

    An input that was cut off between two records can't be told from a whole one: Glacier's tree hash of it can.
    """

    def __init__(self) -> None:
        self.head = Head()
        self._bytes = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._columns: list[str] = []
        self._record: re.Pattern[str] | None = None
        self._count = 0

    def feed(self, data: bytes) -> list[Listed]:
        """The archives that end in ``data``. Raises Corrupt."""
        try:
            self._text += self._bytes.decode(data)
        except UnicodeDecodeError:
            raise self._corrupt("has bytes that are no UTF-8") from None
        if self._record is None:
            line, end, rest = self._text.partition("\n")
            if end:
                self._record = self._pattern(line)
                self._text = rest
        found = [] if self._record is None else self._records(self._record)
        if len(self._text) > _LONGEST:
            raise self._corrupt("has a line that is none of an inventory")
        return found

    def end(self) -> list[Listed]:
        """To be called after the last bytes: the last archive, if no newline follows it. Raises Corrupt."""
        if self._bytes.getstate()[0] or (self._record is None and not self._text.strip()):
            raise self._corrupt("is empty" if not self._bytes.getstate()[0] else "ends in the middle")
        found: list[Listed] = []
        # Without the newline, only a tree hash shows that it is whole.
        if self._record is None or (self._text and self._columns[-1] == _TREE_HASH):
            found = self.feed(b"\n")
        if self._text:
            raise self._corrupt("ends in the middle, or has a line that is none of an inventory")
        return found

    def _records(self, record: re.Pattern[str]) -> list[Listed]:
        found = []
        text, at = self._text, self._blank_lines(0)
        last = text.rfind("\n")
        while at <= last and (match := record.match(text, at)):
            self._count += 1
            found.append(self._listed(match))
            at = self._blank_lines(match.end())
        self._text = text[at:]
        return found

    def _listed(self, match: re.Match[str]) -> Listed:
        archive_id, created, size, tree_hash, plain, quoted = match.group(
            "ArchiveId", "CreationDate", _SIZE, _TREE_HASH, "plain", "quoted"
        )
        description = plain if quoted is None else quoted.replace('\\"', '"')
        return listed(self._count, archive_id, description, created, int(size), tree_hash)

    def _pattern(self, line: str) -> re.Pattern[str]:
        """What a record looks like, below this first line."""
        self._columns = [name.strip().strip('"') for name in line.split(",")]
        missing = [name for name in _COLUMNS if self._columns.count(name) != 1]
        if missing:
            raise self._corrupt(f"is neither JSON nor CSV with a column {missing[0]}")
        # Only what can't be part of a description shows where it ends.
        shown = self._columns.index(_DESCRIPTION) < self._columns.index(_TREE_HASH)
        fields = _FIELDS | {_DESCRIPTION: f"(?:{_AMBIGUOUS if shown else _ESCAPED}|(?P<plain>{_PLAIN}))"}
        return re.compile(",".join(fields.get(name, _OTHER) for name in self._columns) + _END_OF_LINE, re.ASCII)

    def _blank_lines(self, at: int) -> int:
        match = _BLANK_LINES.match(self._text, at)
        return at if match is None else match.end()

    def _corrupt(self, what: str) -> Corrupt:
        return Corrupt(f"The inventory {what} (after archive {self._count:,}); fetch it again.")
