"""Commands that plugins bring: entry points in the group ``transfer.commands``, named after the commands.

Each leads to a :class:`click.Command`. It is imported for ``transfer --help`` and when it is called, so it had better
be a :class:`~transfer.cli.group.Lazy` group, which imports its commands no sooner than they are called.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points

import click

from transfer.errors import Misconfigured
from transfer.registry import distribution, lacking

GROUP = "transfer.commands"


def names() -> list[str]:
    """All that are installed, in order."""
    return sorted(_points(tuple(sys.path)).names)


def command(name: str) -> click.Command | None:
    """The command; None if no plugin brings it. Raises Misconfigured for one that can't be imported."""
    point = _point(name)
    return None if point is None else _load(point)


def lines_of_help() -> Iterator[tuple[str, str]]:
    """A name and a line for each, or why it can't be used: the help of all others is shown in any case."""
    for name in names():
        try:
            found = command(name)
        except Misconfigured as error:
            yield name, str(error)
        else:
            yield name, "" if found is None else found.get_short_help_str(limit=100)


def explained(name: str | None, error: ImportError) -> Exception:
    """What is to be told of an import that failed while this command was called."""
    point = _point(name or "")
    return error if point is None else _lacking(point, error)


def _point(name: str) -> EntryPoint | None:
    found = list(_points(tuple(sys.path)).select(name=name))
    if len(found) > 1:
        both = " and ".join(sorted(f"'{distribution(point)}'" for point in found))
        raise Misconfigured(f"'transfer {name}' is brought by {both}: uninstall one of them.")
    return found[0] if found else None


def _load(point: EntryPoint) -> click.Command:
    try:
        loaded = point.load()
    except ImportError as error:
        raise _lacking(point, error) from error
    except AttributeError:
        loaded = None
    if not isinstance(loaded, click.Command):
        raise Misconfigured(
            f"'transfer {point.name}' of '{distribution(point)}' is broken: {point.value} is no command."
        )
    return loaded


def _lacking(point: EntryPoint, error: ImportError) -> Misconfigured:
    return lacking(f"transfer {point.name}", point, error)


@cache
def _points(path: tuple[str, ...]) -> EntryPoints:
    """All that are found on ``path``, which is ``sys.path``."""
    return entry_points(group=GROUP)
