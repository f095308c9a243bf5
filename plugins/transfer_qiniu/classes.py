"""Storage classes: Kodo numbers them; they are told by the names that its S3 interface has for them."""

from __future__ import annotations

from collections.abc import Mapping

from transfer.errors import Misconfigured
from transfer.model import Cold
from transfer.restxml.classes import STANDARD, TIERS

_NAMES: Mapping[int, str] = {
    0: "STANDARD",
    1: "LINE",
    2: "GLACIER",
    3: "DEEP_ARCHIVE",
    4: "GLACIER_IR",
    5: "INTELLIGENT_TIERING",
}
_OF_TIERS: Mapping[str, int] = {
    "infrequent": 1,
    "archive": 2,
    "cold archive": 2,
    "deep archive": 3,
    "instant": 4,
    "automatic": 5,
}
_COLD = frozenset({2, 3})
_THAWED = 2
_STATES: Mapping[int, Cold] = {1: Cold.THAWING, _THAWED: Cold.THAWED}


def name_of(number: int) -> str:
    """What a class is called; one that is not known by its number."""
    return _NAMES.get(number, str(number))


def number_of(name: str | None) -> int | None:
    """The class of that name, or like another provider's of that name; None where Kodo has none."""
    return 0 if name is None or name in STANDARD else _OF_TIERS.get(TIERS.get(name, ""))


def refuse_unknown(asked: str | None) -> None:
    """Raise Misconfigured for a class that all objects are to have, and none can."""
    if number_of(asked) is None:
        raise Misconfigured(f"Kodo does not know --storage-class '{asked}': name one of {', '.join(_NAMES.values())}")


def cold_of(number: int, restore_status: int) -> Cold | None:
    """How far an object is from being readable; None for what is not cold."""
    return _STATES.get(restore_status, Cold.FROZEN) if is_cold(number) else None


def is_frozen(number: int, restore_status: int) -> bool:
    """Whether an object must be thawed before it can be read or changed."""
    return is_cold(number) and restore_status != _THAWED


def is_cold(number: int) -> bool:
    """Whether objects of the class can be read only when they are thawed."""
    return number in _COLD
