"""Messages as bytes: pickled many at a time, with the values that come by the thousand taken apart quickly.

Both ends are processes of one run, of one version, that trust each other.
"""

from __future__ import annotations

import copyreg
import io
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from transfer.checkpoint import Look, Row
from transfer.decide import Step
from transfer.event import BytesMoved, ObjectStarted, Outcome
from transfer.model import Entry, Metadata, Posix, Proof, Receipt
from transfer.processes.messages import Call, Done, Message, Work

_FREQUENT = (
    BytesMoved,
    Call,
    Done,
    Entry,
    Look,
    Metadata,
    ObjectStarted,
    Outcome,
    Posix,
    Proof,
    Receipt,
    Row,
    Step,
    Work,
)
_Reduced = tuple[Any, tuple[Any, ...]]


def _in_order(kind: type[Any]) -> Callable[[Any], _Reduced]:
    """Takes a dataclass apart into its fields, in the order in which it is made of them."""
    values = attrgetter(*[field.name for field in fields(kind)])
    return lambda value: (kind, values(value))


def _mapping(value: MappingProxyType[Any, Any]) -> _Reduced:
    return _read_only, (dict(value),)


def _read_only(values: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(values)


_TABLE: dict[type, Callable[[Any], Any]] = {
    **copyreg.dispatch_table,
    **{kind: _in_order(kind) for kind in _FREQUENT},
    MappingProxyType: _mapping,
}


def encode(messages: Sequence[Message]) -> bytes:
    """The bytes of ``messages``, for :func:`decode`."""
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _TABLE
    pickler.dump(messages)
    return buffer.getvalue()


def decode(data: bytes) -> Sequence[Message]:
    """What :func:`encode` was given, at the other end of our own channel: never for bytes from elsewhere."""
    messages: Sequence[Message] = pickle.loads(data)  # noqa: S301
    return messages
