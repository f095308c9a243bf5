"""Records as the columns of their tables, and back. Pure.

SQLite can't hold integers over 64 bits (a file's time may lie in the year 2300) nor texts
with lone surrogates (a header that is not UTF-8). Such rare values are kept as tagged BLOBs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

from transfer.checkpoint.records import Alike, Backup, Failure, Look, OpenUpload, Row
from transfer.model import Algorithm, Entry, Proof, Proven, Receipt, Upload
from transfer.plain import plain, plain_checksums, restored, restored_checksums

Columns = Sequence[Any]

look_columns: Callable[[Look | Entry], Columns] = attrgetter(
    "size", "mtime_ns", "modified_ns", "etag", "version", "identity"
)

_INTEGER, _TEXT = b"i", b"t"
_LARGEST = 2**63


def key_bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


def key_text(key: bytes) -> str:
    return key.decode("utf-8", "surrogatepass")


def storable(values: Iterable[object]) -> Columns:
    """The values in a form that SQLite takes."""
    return [_storable(value) for value in values]


def row_columns(row: Row) -> Columns:
    """As they are; a row that SQLite refuses must go through :func:`storable`."""
    algorithm, digest = row.checksum or (None, None)
    return (
        key_bytes(row.key),
        *look_columns(row.source),
        *look_columns(row.target),
        algorithm and algorithm.value,
        digest,
        row.proof.proven.value,
        row.proof.by,
        row.shape,
        row.metadata,
        row.racy,
        row.run,
    )


def alike_columns(alike: Alike) -> list[Columns]:
    """What :func:`row_columns` would make of each object's row, without making the row."""
    proof, shape, racy = alike.proof, alike.shape, alike.racy
    tail = (None, None, proof.proven.value, proof.by, shape, "", racy, 0)
    return [
        (key_bytes(source.key), *look_columns(source), *look_columns(target), *tail) for source, target in alike.pairs
    ]


def row_of(columns: Columns) -> Row:
    algorithm, digest, proven, by, shape, metadata, racy, run = columns[13:]
    return Row(
        key_text(columns[0]),
        look_of(columns[1:7]),
        look_of(columns[7:13]),
        None if algorithm is None else (Algorithm(algorithm), digest),
        Proof(Proven(proven), by),
        shape,
        metadata,
        bool(racy),
        run,
    )


def look_of(columns: Columns) -> Look:
    if bytes in map(type, columns):
        columns = [_restored(value) for value in columns]
    return Look(*columns)


def upload_columns(upload: Upload) -> Columns:
    """What :func:`open_upload_of` finds behind the intent."""
    return (upload.id, key_bytes(upload.key), upload.size, upload.part_size, _written(dict(upload.extra)))


def open_upload_of(columns: Columns, receipts: Iterable[Columns]) -> OpenUpload:
    key = key_text(columns[0])
    shape, since_ns, identifier, name, size, part_size, extra = columns[7:]
    to = key_text(name)
    upload = None if identifier is None else Upload(to, identifier, size, part_size, _read(extra))
    sent = tuple(_receipt_of(receipt) for receipt in receipts)
    return OpenUpload(key, look_of(columns[1:7]), shape, since_ns, upload, sent, to)


def receipt_columns(key: str, receipt: Receipt) -> Columns:
    checksums = _written(plain_checksums(receipt.checksums))
    return (key_bytes(key), receipt.number, receipt.size, _storable(receipt.etag), checksums)


def failure_columns(failure: Failure) -> Columns:
    error = failure.error.encode("utf-8", "backslashreplace").decode()
    return (key_bytes(failure.key), error, failure.retryable, failure.action)


def failure_of(columns: Columns) -> Failure:
    key, error, retryable, action = columns
    return Failure(key_text(key), error, bool(retryable), action)


def doubt_columns(key: str, target: Look | None) -> Columns:
    return storable((key_bytes(key), *look_columns(target or Look())))


def doubt_of(columns: Columns) -> tuple[str, Look | None]:
    look = look_of(columns[1:])
    return key_text(columns[0]), None if look == Look() else look


def backup_columns(key: str, backup: Backup) -> Columns:
    texts = map(key_bytes, (key, backup.to, backup.place, backup.name))
    return (*texts, *storable(look_columns(backup.look)))


def backup_of(columns: Columns) -> Backup:
    to, place, name = map(key_text, columns[1:4])
    return Backup(to, place, name, look_of(columns[4:]))


def entry_columns(entry: Entry) -> Columns:
    return (key_bytes(entry.key), _written(plain(entry)))


def entry_of(columns: Columns) -> Entry:
    entry = restored(_read(columns[1]))
    assert isinstance(entry, Entry)
    return entry


def _receipt_of(columns: Columns) -> Receipt:
    _, number, size, etag, checksums = columns
    return Receipt(number, size, _restored(etag), restored_checksums(_read(checksums)))


def _written(value: object) -> bytes:
    """JSON, in which escapes would make one character of a pair of surrogates."""
    return key_bytes(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _read(value: bytes) -> Any:
    return json.loads(key_text(value))


def _storable(value: object) -> object:
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        return _INTEGER + str(value).encode()
    if isinstance(value, str) and not value.isascii():
        return _text_or_blob(value)
    return value


def _text_or_blob(value: str) -> str | bytes:
    try:
        value.encode()
    except UnicodeEncodeError:
        return _TEXT + value.encode("utf-8", "surrogatepass")
    return value


def _restored(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    return int(value[1:]) if value[:1] == _INTEGER else value[1:].decode("utf-8", "surrogatepass")
