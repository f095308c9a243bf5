"""Keeps a journal's index up to its file."""

from __future__ import annotations

import os
import time
import zlib
from pathlib import Path

from transfer.errors import Misconfigured
from transfer_glacier.journal import file
from transfer_glacier.journal.index import Contradiction, Index, Mark, State
from transfer_glacier.journal.lines import parse
from transfer_glacier.journal.records import Record

_LOOKS, _PAUSE = 5, 0.1
"""How often, and after how many seconds, an unfinished last line is looked at again: another program may be at it."""
_TORN = (
    "was not fully written, so that what it tells may not be true. Take it out, or have "
    "'transfer glacier journal' repair it, which finds what it told in the vault's inventory"
)


class Follower:
    """Reads what the file at ``path`` has more than ``index`` has read of it."""

    def __init__(self, path: Path, encoding: str, index: Index) -> None:
        self._path = path
        self._encoding = encoding
        self._index = index

    def follow(self, descriptor: int, *, alone: bool) -> None:
        """Bring the index up to the file, which is open for reading.

        ``alone``: nobody else who heeds the lock can be writing. Raises Misconfigured.
        """
        if self._index.look()[1] == _state(descriptor):
            return
        ended = self._catch_up(descriptor)
        for look in range(_LOOKS):
            if ended:
                return
            if not alone and look == 0:
                file.wait_for_writers(descriptor)
            else:
                time.sleep(_PAUSE)
            ended = self.read_on(descriptor)
        if not ended:
            raise self._wrong(self._index.look()[0].line + 1, _TORN)

    def _catch_up(self, descriptor: int) -> bool:
        """Read on behind the mark, if what is before it is as it was, else from the start; whether that was all."""
        mark, _ = self._index.look()
        if os.fstat(descriptor).st_size < mark.offset or file.crc_of(descriptor, mark.offset) != mark.crc:
            self._index.forget()
        return self.read_on(descriptor)

    def read_on(self, descriptor: int) -> bool:
        """Take what is behind the mark; whether that was all of the file."""
        while self._read_piece(descriptor):
            pass
        state = _state(descriptor)
        if self._index.look()[0].offset < state.size:
            return False
        self._index.all_read(state)
        return True

    def whole_size(self, descriptor: int) -> int:
        """The bytes of all whole lines."""
        self._catch_up(descriptor)
        return self._index.look()[0].offset

    def _read_piece(self, descriptor: int) -> bool:
        """Take some lines into the index; whether there were any."""
        with self._index.piece():
            mark, _ = self._index.look()
            try:
                data = file.whole_lines(descriptor, mark.offset)
            except file.TooLong:
                raise self._wrong(mark.line + 1, "does not end, so this is no journal") from None
            lines = self._decoded(data, mark.line).split("\n")[:-1]
            records = [self._parsed(line, number) for number, line in enumerate(lines, start=mark.line + 1)]
            if not records:
                return False
            ends = Mark(mark.offset + len(data), mark.line + len(lines), zlib.crc32(data, mark.crc))
            try:
                self._index.take(records, ends)
            except Contradiction as error:
                raise self._wrong(error.line, str(error)) from None
        return True

    def _decoded(self, data: bytes, before: int) -> str:
        try:
            return data.decode(self._encoding)
        except UnicodeDecodeError as error:
            line = before + data.count(b"\n", 0, error.start) + 1
            remedy = "name the journal's encoding with the setting 'journal_encoding'"
            raise self._wrong(line, f"is not in {self._encoding}; {remedy}") from None

    def _parsed(self, line: str, number: int) -> tuple[int, Record]:
        try:
            return number, parse(line.removesuffix("\r"))
        except ValueError as error:
            raise self._wrong(number, str(error)) from None

    def _wrong(self, line: int, what: str) -> Misconfigured:
        return Misconfigured(f"The journal {self._path} makes no sense: its line {line} {what}.")


def _state(descriptor: int) -> State:
    found = os.fstat(descriptor)
    return State(found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)
