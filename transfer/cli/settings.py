"""From option values to the Python API's :class:`~transfer.options.Options`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import chain
from pathlib import Path
from typing import Any

import click

from transfer.errors import Misconfigured
from transfer.fields import flag
from transfer.filters import Filter, Rule, parse_rules
from transfer.options import Compare, Options, Verify, Via
from transfer.plugin import StoreOptions


def make_options(context: click.Context) -> Options:
    """What the command line asks for. Parameters have the names of the options' fields.

    Raises Misconfigured. Reads the ``--filter-from`` files.
    """
    given = context.params | {
        "compare": Compare(context.params.get("compare", Compare.DEFAULT)),
        "verify": Verify(context.params.get("verify", Verify.AUTO)),
        "via": Via(context.params.get("via", Via.AUTO)),
        "source_settings": dict(context.params.get("source_settings", ())),
        "target_settings": dict(context.params.get("target_settings", ())),
        "map_class": _once_each("map_class", context.params.get("map_class", ())),
        "mt_rules": tuple(chain.from_iterable(context.params.get("mt_rules", ()))),
        "rules": tuple(_rules(context.meta["transfer.occurrences"])),
    }
    parts: dict[str, Any] = {
        "filter": Filter(**_fields_of(Filter, given)),
        "stores": StoreOptions(**_fields_of(StoreOptions, given)),
    }
    return Options(**_fields_of(Options, given | parts))


def _once_each(name: str, pairs: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """The pairs by their first halves, none of which may be there twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Misconfigured(f"{flag(name)} names a class twice; which of them counts?")
    return found


def _fields_of(kind: type[Filter | StoreOptions | Options], given: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: given[field.name] for field in fields(kind) if field.name in given}


def _rules(occurrences: Sequence[tuple[str, Any]]) -> Iterator[Rule]:
    for name, value in occurrences:
        if name in ("include", "exclude"):
            yield Rule(name == "include", value)
        elif name == "filter_from":
            yield from _rules_from(Path(value))


def _rules_from(file: Path) -> Sequence[Rule]:
    try:
        with file.open(encoding="utf-8") as lines:
            return parse_rules(lines, str(file))
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Misconfigured(f"The filter file '{file}' can't be read: {cause}.") from None
