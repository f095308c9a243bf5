"""Lines of a journal from records, and back. Pure.

The first field is the version, ``A``, ``B`` or ``C``; the oldest lines have none, and blanks instead of tabs. Whatever
can't be read is a ValueError, with the end of a sentence that begins with the line.
"""

from __future__ import annotations

import re

from transfer_glacier.archive import Archive
from transfer_glacier.journal.names import fault_of
from transfer_glacier.journal.records import Created, Deleted, Record, RetrieveJob

_NUMBER = re.compile(r"[0-9]{1,20}")
_SIGNED = re.compile(r"[+-]?[0-9]{1,20}")
_WORD = re.compile(r"\S+")
_HASH = re.compile(r"[0-9A-Fa-f]{64}")
_FUTURE = re.compile(r"[D-Z]\t")
_OLDEST_CREATED = re.compile(r"([0-9]{1,20}) CREATED (\S+) ([0-9]{1,20}) (\S+) (.+)")
_OLDEST_DELETED = re.compile(r"([0-9]{1,20}) DELETED (\S+) (.+)")
_OLDEST_RETRIEVE = re.compile(r"([0-9]{1,20})\s+RETRIEVE_JOB\s+(\S+)\s*")
_UNKNOWN_MTIME = "NONE"
_STRANGE = "is no record of a journal"


def parse(line: str) -> Record:
    """The record of a line, which comes without its line break."""
    if line[1:2] == "\t" and line[0] in "ABC":
        return _tabbed(line.split("\t"))
    if _FUTURE.match(line):
        raise ValueError(f"has version {line[0]}, which is of a program newer than this one")
    return _oldest(line)


def _tabbed(fields: list[str]) -> Record:
    match fields:
        case [version, time, "CREATED", archive_id, size, mtime, tree_hash, name]:
            seconds = None if mtime == _UNKNOWN_MTIME and version != "A" else _signed(mtime)
            if version == "A" and archive_id == name:
                seconds = None  # it was made up where an inventory told no name
            return _created(time, archive_id, size, seconds, tree_hash, name)
        case [_, time, "DELETED", archive_id, name]:
            return Deleted(_number(time), _word(archive_id), _name(name))
        case [_, time, "RETRIEVE_JOB", archive_id, job_id]:
            return RetrieveJob(_number(time), _word(archive_id), _word(job_id))
    raise ValueError(_STRANGE)


def _oldest(line: str) -> Record:
    if found := _OLDEST_CREATED.fullmatch(line):
        time, archive_id, size, tree_hash, name = found.groups()
        return _created(time, archive_id, size, None, tree_hash, name)
    if found := _OLDEST_DELETED.fullmatch(line):
        return Deleted(int(found[1]), found[2], _name(found[3]))
    if found := _OLDEST_RETRIEVE.fullmatch(line):
        return RetrieveJob(int(found[1]), found[2], None)
    raise ValueError(_STRANGE)


def _created(time: str, archive_id: str, size: str, mtime: int | None, tree_hash: str, name: str) -> Created:
    if not _HASH.fullmatch(tree_hash):
        raise ValueError(f"has '{tree_hash}' where a tree hash of 64 hexadecimal digits must be")
    digest = bytes.fromhex(tree_hash)
    return Created(Archive(_word(archive_id), _name(name), _number(size), mtime, digest, _number(time)))


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"has '{text}' where a number must be")
    return int(text)


def _signed(text: str) -> int:
    if not _SIGNED.fullmatch(text):
        raise ValueError(f"has '{text}' where a time must be")
    return int(text)


def _word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise ValueError(f"has '{text}' where an id must be")
    return text


def _name(name: str) -> str:
    fault = fault_of(name)
    if fault is not None:
        raise ValueError(f"has the name '{name}', which {fault}")
    return name


def format_line(record: Record) -> str:
    """The line of a record, without a line break: always of version B."""
    match record:
        case Created(archive):
            mtime = _UNKNOWN_MTIME if archive.mtime is None else str(archive.mtime)
            return _joined(
                archive.created, "CREATED", archive.id, archive.size, mtime, archive.tree_hash.hex(), archive.name
            )
        case Deleted(time, archive_id, name):
            return _joined(time, "DELETED", archive_id, name)
        case RetrieveJob(time, archive_id, job_id):
            return _joined(time, "RETRIEVE_JOB", archive_id, job_id or "")


def _joined(*fields: object) -> str:
    """Checked by reading it: what we write can be read, by us and by mtglacier."""
    line = "\t".join(("B", *map(str, fields)))
    parse(line)
    return line
