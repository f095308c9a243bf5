"""What a field of the options may hold. Pure.

Each check takes the field's name and its value, and returns the value as it is to be kept. It raises Misconfigured,
in words that fit the command line and a program: a wrong kind of value can only come from a program, which knows the
field's own name; a value out of bounds is told of under the name of the option.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from transfer.errors import Misconfigured

Check = Callable[[str, Any], Any]


def settle(options: object, checks: Mapping[str, Check]) -> None:
    """Give a new (frozen) dataclass the values that its checks return."""
    for name, check in checks.items():
        given = getattr(options, name)
        kept = check(name, given)
        if kept is not given:
            object.__setattr__(options, name, kept)


def flag(name: str) -> str:
    """What the command line calls a field."""
    return f"--{name.replace('_', '-')}"


def optional(check: Check) -> Check:
    """None too."""
    return lambda name, value: None if value is None else check(name, value)


def instance(kind: type, what: str) -> Check:
    """A value of a class, described as ``what``."""

    def check(name: str, value: Any) -> Any:
        if not isinstance(value, kind):
            raise _wrong(name, what, value)
        return value

    return check


switch = instance(bool, "True or False")


def whole(least: int = 0, least_text: str | None = None) -> Check:
    """A whole number, ``least`` or more; ``least_text`` is how people write that."""

    def check(name: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong(name, "a whole number", value)
        if value < least:
            raise Misconfigured(f"{flag(name)} must be at least {least_text or least}.")
        return value

    return check


def positive(name: str, value: Any) -> float:
    """A number above 0, perhaps infinite."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _wrong(name, "a number", value)
    if not value > 0:
        raise Misconfigured(f"{flag(name)} must be more than 0.")
    return value


def amount(name: str, value: Any) -> Decimal:
    """An amount of money, 0 or more."""
    if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
        raise _wrong(name, "a number", value)
    number = Decimal(str(value))
    if not (number.is_finite() and number >= 0):
        raise Misconfigured(f"{flag(name)} must be 0 or more.")
    return number


def text(name: str, value: Any) -> str:
    """A text that says something."""
    if not isinstance(value, str):
        raise _wrong(name, "a text", value)
    if not value:
        raise Misconfigured(f"{flag(name)} is empty; is a variable unset?")
    return value


def path(name: str, value: Any) -> Path:
    """The path of a file, as whatever Python takes for one."""
    found = Path(path_text(name, value))
    if not found.name:
        raise Misconfigured(f"{flag(name)}: '{found}' names no file.")
    return found


def folder(name: str, value: Any) -> Path:
    """The path of a folder, which may be the current one."""
    return Path(path_text(name, value))


def path_text(name: str, value: Any) -> str:
    """The same as a text; URLs stay what they are."""
    if not isinstance(value, str | os.PathLike):
        raise _wrong(name, "a path", value)
    return text(name, os.fspath(value))


def choice(values: Iterable[str]) -> Check:
    """One of a few words."""
    words = tuple(values)

    def check(name: str, value: Any) -> str:
        if value not in words:
            raise Misconfigured(f"{flag(name)} can't be '{value}'; it is one of {', '.join(words)}.")
        return str(value)

    return check


def member(kind: type[StrEnum]) -> Check:
    """One of an enumeration, or its word."""
    one_of = choice(kind)
    return lambda name, value: kind(one_of(name, value))


def texts(name: str, value: Any) -> Mapping[str, str]:
    """Texts by their names. They are never shown: one may be a secret."""
    if not isinstance(value, Mapping):
        raise Misconfigured(f"{name} must be a mapping, not a {type(value).__name__}.")
    for setting, given in value.items():
        if not isinstance(setting, str) or not isinstance(given, str):
            raise Misconfigured(f"{name}: the value of {setting!r} must be a text, not a {type(given).__name__}.")
    return value


def names(name: str, value: Any) -> Mapping[str, str]:
    """Words by other words, none of them empty."""
    for pair in texts(name, value).items():
        if not all(pair):
            raise Misconfigured(f"{flag(name)}: '{'='.join(pair)}' lacks a name; write for example GLACIER=Archive.")
    return dict(value)


def _wrong(name: str, what: str, value: object) -> Misconfigured:
    return Misconfigured(f"{name} must be {what}, not {value!r}.")
