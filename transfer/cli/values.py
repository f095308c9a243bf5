"""How the texts of options are read. What can't be is a usage error."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from transfer.errors import Misconfigured
from transfer.model import Span
from transfer.secrets import is_secret
from transfer.units import parse_amount, parse_time

_REFERENCE = re.compile("(env|file):.+")
_SPAN = re.compile(r"(\d+)-(\d*)", re.ASCII)
_LAST = 2**63 - 1
"""The last byte that any object can have."""

Callback = Callable[[click.Context, click.Parameter, Any], Any]


def reading(parse: Callable[[str], Any]) -> Callback:
    """A callback for an option whose texts ``parse`` reads, raising Misconfigured for what it can't."""

    def read(context: click.Context, param: click.Parameter, value: Any) -> Any:
        try:
            if isinstance(value, tuple):
                return tuple(map(parse, value))
            return None if value is None else parse(value)
        except Misconfigured as error:
            raise click.BadParameter(str(error), context, param) from None

    return read


def parse_count(text: str) -> int:
    """A whole number, 0 or more."""
    if not re.fullmatch(r"\d+", text.strip(), re.ASCII):
        raise Misconfigured(f"'{text}' is not a number; write for example 100.")
    return int(text)


def parse_positive(text: str) -> int:
    """A whole number, 1 or more."""
    number = parse_count(text)
    if number < 1:
        raise Misconfigured(f"'{text}' must be at least 1.")
    return number


def parse_cost(text: str) -> Decimal:
    """An amount of money."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Misconfigured(f"'{text}' is no amount; write a number like 20 or 0.50.") from None


def parse_file(text: str) -> Path:
    """The path of a file."""
    if not Path(text).name:
        raise Misconfigured(f"'{text}' names no file.")
    return Path(text)


def parse_hourly(text: str) -> int:
    """Bytes in an hour."""
    return parse_amount(text, "h")


def parse_daily(text: str) -> int:
    """Bytes in a day."""
    return parse_amount(text, "day")


def parse_moment(text: str) -> int:
    """A time in ns since the epoch; durations count back from now."""
    return parse_time(text, time.time_ns())


def parse_setting(text: str) -> tuple[str, str]:
    """``NAME=VALUE``. Secrets are refused: everyone on the machine can read a command line."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise Misconfigured(f"'{name}' is not a setting; write for example endpoint=http://127.0.0.1:9000.")
    name = name.strip().replace("-", "_")
    if not value:
        raise Misconfigured(f"'{name}' has no value; is a variable of the shell unset?")
    if is_secret(name) and not _REFERENCE.fullmatch(value):
        raise Misconfigured("A secret does not belong on a command line; write its value as env:NAME or file:PATH.")
    return name, value


def parse_classes(text: str) -> tuple[str, str]:
    """``A=B``: a storage class of the source, and the target's for it."""
    old, _, new = (part.strip() for part in text.partition("="))
    if not (old and new):
        raise Misconfigured(f"'{text}' is not two storage classes; write for example GLACIER=Archive.")
    return old, new


def parse_span(text: str) -> Span:
    """``FIRST-LAST``, both counted from 0 and both included; ``FIRST-`` for all from there on."""
    match = _SPAN.fullmatch(text.strip())
    first, last = (int(match[1]), int(match[2] or _LAST)) if match else (1, 0)
    if last < first:
        raise Misconfigured(f"'{text}' is not a range of bytes; write for example 0-99 for the first hundred.")
    return Span(first, last - first + 1)
