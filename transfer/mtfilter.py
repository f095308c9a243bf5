"""mtglacier's filter rules, as its code has them. Pure.

The first rule whose pattern matches a name decides; a name that none matches passes. A pattern that ends in ``/``
means a folder with everything below it, any other one means files. A ``/`` with something behind it ties a pattern to
the root; without, it may begin at any component. ``*`` and ``?`` stay within one component, ``**`` does not, and
``/**/`` is also a single ``/``; all else stands for itself. So ``*/a`` is ``a`` itself, too: its ``*`` may be nothing
in front of the root's ``/``. A ``!`` in front turns a pattern round, and an empty one matches everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from transfer.errors import Misconfigured

_TOKEN = re.compile(r"/\*\*/|\*\*|[*?]|[^*?/]+|/", re.DOTALL)
_WRITTEN = re.compile(r"([+-])\s*(\S*)\s*")
_MEANING = {"/**/": "(?:/|/.*/)", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True)
class Rule:
    """One rule: whether to include or exclude what ``pattern`` matches."""

    include: bool
    pattern: str

    def matches(self, path: str) -> bool:
        """Whether the pattern matches ``path``, which begins with ``/``, and ends with it if it is a folder's."""
        return (self._regex.search(path) is not None) is not self._is_inverted

    @property
    def is_whole(self) -> bool:
        """Whether what it says of a folder it surely says of everything below."""
        return not self._is_inverted and (not self.pattern or self.pattern.endswith(("/", "**")))

    @property
    def _is_inverted(self) -> bool:
        return self.pattern.startswith("!")

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        pattern = self.pattern.removeprefix("!")
        if not pattern:
            return re.compile("")
        text = "".join(_MEANING.get(token) or re.escape(token) for token in _TOKEN.findall(pattern))
        return re.compile(_start(pattern) + text + ("" if pattern.endswith("/") else r"\Z"), re.DOTALL)


def _start(pattern: str) -> str:
    """The expression for what may be in front of the pattern."""
    return "^/?" if "/" in pattern[:-1] else "(?:^|/)"


@dataclass(frozen=True)
class MtFilter:
    """What passes; asked like the engine's own filter."""

    rules: tuple[Rule, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether everything passes."""
        return not self.rules

    def passes_key(self, key: str) -> bool:
        """Whether the rules let ``key`` through."""
        path = "/" + key
        return next((rule.include for rule in self.rules if rule.matches(path)), True)

    def prunes(self, folder: str) -> bool:
        """Whether surely no key that starts with ``folder`` (ending in ``/``, or empty) passes."""
        path = "/" + folder
        for rule in self.rules:
            if rule.include:
                return False
            if rule.matches(path):
                return rule.is_whole
        return False


def parse_filter(text: str) -> tuple[Rule, ...]:
    """The rules of one ``--filter``: ``+pattern`` and ``-pattern``, with blanks between them, or behind a sign too.

    Patterns with blanks in them are for ``--include`` and ``--exclude``, and only the last one may be empty.
    Raises Misconfigured.
    """
    rules: list[Rule] = []
    rest = text.lstrip()
    while found := _WRITTEN.match(rest):
        rules.append(Rule(found[1] == "+", found[2]))
        rest = rest[found.end() :]
    if rest or not rules:
        raise Misconfigured(f"'{rest}' is not a filter rule of mtglacier; write '+pattern' or '-pattern'.")
    return tuple(rules)


def parse_filters(texts: Iterable[str]) -> MtFilter:
    """The filter that several options give together, in their order."""
    return MtFilter(tuple(rule for text in texts for rule in parse_filter(text)))
