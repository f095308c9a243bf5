"""A remote's settings, as plugins read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from transfer.errors import Misconfigured
from transfer.plugin import Location
from transfer.restxml.precedence import Ways, counting

_WORDS = {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}


def given_words(location: Location, known: Collection[str], ways: Ways) -> dict[str, str]:
    """The ``known`` settings that say something, less those that others put aside. Raises Misconfigured."""
    given = {name: str(value) for name, value in location.settings.items() if name in known and value is not None}
    if not flag(given, "anonymous"):
        given.pop("anonymous", None)
    return counting(given, location.given, location.url, ways)


def flag(given: Mapping[str, str], name: str) -> bool | None:
    """A setting that is true or false; None where nothing is said. Raises Misconfigured."""
    text = given.get(name)
    if not text:
        return None
    value = _WORDS.get(text.lower())
    if value is None:
        raise Misconfigured(f"The setting {name} = '{text}' must be true or false")
    return value
