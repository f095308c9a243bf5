"""Which keys and entries a run looks at: ordered rules over keys, bounds on size and age.

The first rule that matches a key decides. Where none does, the key passes, unless the
rules only include: then whatever they don't name is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from re import Pattern

from transfer.errors import Misconfigured
from transfer.globs import compile_all, glob
from transfer.model import Entry, Unlisted
from transfer.mtfilter import MtFilter
from transfer.mtfilter import Rule as MtRule


@dataclass(frozen=True, slots=True)
class Rule:
    """One ``--include`` or ``--exclude``; :mod:`transfer.globs` tells what ``pattern`` may hold."""

    include: bool
    pattern: str

    def __post_init__(self) -> None:
        glob(self.pattern)


@dataclass(frozen=True)
class Filter:
    """What passes. Sizes are in bytes, times in ns since the epoch; by default everything does."""

    rules: tuple[Rule, ...] = ()
    min_size: int | None = None
    max_size: int | None = None
    newer_ns: int | None = None
    """Last changed at this time or later."""
    older_ns: int | None = None
    """Last changed before this time."""
    mt_rules: tuple[MtRule, ...] = ()
    """Rules of mt-aws-glacier's (:mod:`transfer.mtfilter`), which a key must pass besides."""

    def __post_init__(self) -> None:
        if _crossed(self.min_size, self.max_size):
            raise Misconfigured("--min-size is above --max-size, so no object could pass; change one of them.")
        if _crossed(self.newer_ns, self.older_ns):
            raise Misconfigured("--newer is after --older, so no object could pass; change one of them.")

    @cached_property
    def is_empty(self) -> bool:
        """Whether everything passes."""
        return self == Filter()

    def passes_key(self, key: str) -> bool:
        """Whether the rules let ``key`` through."""
        if self.mt_rules and not self._mt.passes_key(key):
            return False
        for include, pattern in self._runs:
            if pattern.fullmatch(key):
                return include
        return self._default

    def passes_unlisted(self, item: Unlisted) -> bool:
        """Whether ``item`` passes, or may hide keys that do: a folder that failed need not pass itself."""
        if self.passes_key(item.key):
            return True
        return item.failed and item.folder and not self.prunes(item.key and item.key + "/")

    def passes_entry(self, entry: Entry) -> bool:
        """Whether size and time of last change lie within the bounds. What is not known passes."""
        time = entry.modified_ns if entry.mtime_ns is None else entry.mtime_ns
        return _within(entry.size, self.min_size, self.max_size) and _within(
            time, self.newer_ns, None if self.older_ns is None else self.older_ns - 1
        )

    def prunes(self, folder: str) -> bool:
        """Whether surely no key that starts with ``folder`` (ending in ``/``, or empty) passes."""
        if self.mt_rules and self._mt.prunes(folder):
            return True
        for rule in self.rules:
            pattern = glob(rule.pattern)
            if rule.include and pattern.reaches(folder):
                return False
            if not rule.include and pattern.covers(folder):
                return True
        return not self._default

    @cached_property
    def _mt(self) -> MtFilter:
        return MtFilter(self.mt_rules)

    @cached_property
    def _default(self) -> bool:
        return not self.rules or not all(rule.include for rule in self.rules)

    @cached_property
    def _runs(self) -> tuple[tuple[bool, Pattern[str]], ...]:
        """Neighbouring rules of one kind made one expression, since their order does not matter."""
        runs = groupby(self.rules, key=lambda rule: rule.include)
        return tuple((include, compile_all([glob(rule.pattern).regex for rule in run])) for include, run in runs)


def _crossed(low: int | None, high: int | None) -> bool:
    return low is not None and high is not None and low > high


def _within(value: int | None, low: int | None, high: int | None) -> bool:
    if value is None:
        return True
    return (low is None or low <= value) and (high is None or value <= high)


def parse_rules(lines: Iterable[str], source: str) -> tuple[Rule, ...]:
    """Rules from a ``--filter-from`` file: ``+ pattern`` or ``- pattern`` a line.

    Blank lines and lines that begin with ``#`` are left out. ``source`` is the file's name,
    for the sentence of the Misconfigured that a wrong line raises.
    """
    rules: list[Rule] = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text and not text.startswith("#"):
            rules.append(_parse_rule(text, f"{source}, line {number}"))
    return tuple(rules)


def _parse_rule(text: str, place: str) -> Rule:
    sign, _, pattern = text.partition(" ")
    if sign not in ("+", "-") or not pattern.strip():
        raise Misconfigured(f"{place}: '{text}' is not a rule; write '+ pattern' or '- pattern'.")
    try:
        return Rule(sign == "+", pattern.strip())
    except Misconfigured as error:
        raise Misconfigured(f"{place}: {error.message}") from None
