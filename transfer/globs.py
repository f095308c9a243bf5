"""Patterns over keys, and what they say of a whole folder.

``*`` and ``?`` stay within one path segment, ``**`` spans segments (and ``**/`` at the
start of a segment also stands for no folder at all), ``[a-z]`` and ``[!a-z]`` are one
character, ``{a,b}`` alternatives, ``\\`` takes the next character as it is. A leading
``/`` ties the pattern to the root; without it the pattern may begin at any segment. A
trailing ``/`` means a folder and all that is below it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from transfer.errors import Misconfigured

_ANY = ".*"
_ANY_FOLDERS = "(?:.*/)?"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A bit of a pattern as a regular expression. ``crosses``: it may match a ``/`` among other things."""

    regex: str
    crosses: bool = False


_SLASH = _Piece("/")


@dataclass(frozen=True, slots=True)
class Glob:
    """A compiled pattern."""

    regex: str
    _whole: re.Pattern[str]
    _folders: re.Pattern[str]
    _open_ended: bool

    def matches(self, key: str) -> bool:
        """Whether the pattern matches all of ``key``."""
        return self._whole.fullmatch(key) is not None

    def covers(self, folder: str) -> bool:
        """Whether every key that starts with ``folder`` surely matches. ``folder`` ends in ``/``."""
        return self._open_ended and self.matches(folder)

    def reaches(self, folder: str) -> bool:
        """Whether some key that starts with ``folder`` may match."""
        return self._folders.fullmatch(folder) is not None


@lru_cache(maxsize=1024)
def glob(pattern: str) -> Glob:
    """Compile ``pattern``. Raises Misconfigured where it makes no sense."""
    if not pattern.strip("/"):
        raise Misconfigured(f"The pattern '{pattern}' names nothing; use '**' for everything.")
    pieces = _parse(pattern)
    regex = _join(pieces)
    try:
        return Glob(regex, compile_all([regex]), compile_all(_folders(pieces)), pieces[-1].regex == _ANY)
    except re.error as error:
        raise Misconfigured(f"The pattern '{pattern}' is not valid: {error.msg}.") from None


def compile_all(regexes: Sequence[str]) -> re.Pattern[str]:
    """One regular expression that matches what any of ``regexes`` does."""
    return re.compile("|".join(f"(?:{regex})" for regex in regexes), re.DOTALL)


def _join(pieces: Sequence[_Piece]) -> str:
    return "".join(piece.regex for piece in pieces)


def _folders(pieces: Sequence[_Piece]) -> list[str]:
    """Expressions for all the folders that lie on the way to a match, or below where all is open."""
    ways = [""]
    for position, piece in enumerate(pieces):
        before = _join(pieces[:position])
        if piece.crosses:
            return [*ways, before + _ANY]
        if piece is _SLASH:
            ways.append(before + "/")
    return ways


def _parse(pattern: str) -> list[_Piece]:
    anchored = pattern.startswith("/")
    scanner = _Scanner(pattern, pattern[1:] if anchored else pattern)
    pieces = scanner.scan()
    if not anchored:
        pieces.insert(0, _Piece(_ANY_FOLDERS, crosses=True))
    if pieces[-1] is _SLASH:
        pieces.append(_Piece(_ANY, crosses=True))
    return pieces


class _Scanner:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str, text: str) -> None:
        self._pattern = pattern
        self._text = text
        self._at = 0

    def scan(self, inside: bool = False) -> list[_Piece]:
        """Pieces up to the end or, ``inside`` braces, up to the next ``,`` or ``}``."""
        pieces: list[_Piece] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            if inside and char in ",}":
                return pieces
            pieces.append(self._piece(char))
        if inside:
            raise self._wrong("a '{' is never closed")
        return pieces

    def _piece(self, char: str) -> _Piece:
        if char == "*":
            return self._stars()
        self._at += 1
        match char:
            case "?":
                return _Piece("[^/]")
            case "[":
                return self._class()
            case "{":
                return self._alternatives()
            case "}":
                raise self._wrong("a '}' has no '{'")
            case "\\":
                char = self._escaped()
        return _SLASH if char == "/" else _Piece(re.escape(char))

    def _stars(self) -> _Piece:
        start = self._at
        while self._text[self._at : self._at + 1] == "*":
            self._at += 1
        if self._at == start + 1:
            return _Piece("[^/]*")
        begins_segment = start == 0 or self._text[start - 1] == "/"
        ends_segment = self._text[self._at : self._at + 1] == "/" and self._at + 1 < len(self._text)
        if not (begins_segment and ends_segment):
            return _Piece(_ANY, crosses=True)
        self._at += 1
        return _Piece(_ANY_FOLDERS, crosses=True)

    def _class(self) -> _Piece:
        negated = self._text[self._at : self._at + 1] in ("!", "^")
        start = self._at + negated
        end = self._text.find("]", start + 1)
        if end < 0:
            raise self._wrong("a '[' is never closed")
        self._at = end + 1
        members = re.sub("(.)-(.)|(.)", _member, self._text[start:end], flags=re.DOTALL)
        return _Piece(f"(?!/)[{'^' if negated else ''}{members}]")

    def _alternatives(self) -> _Piece:
        ways: list[str] = []
        crosses = False
        while True:
            pieces = self.scan(inside=True)
            ways.append(_join(pieces))
            crosses = crosses or any(piece.crosses or piece is _SLASH for piece in pieces)
            self._at += 1
            if self._text[self._at - 1] == "}":
                return _Piece(f"(?:{'|'.join(ways)})", crosses)

    def _escaped(self) -> str:
        if self._at == len(self._text):
            raise self._wrong("nothing follows its last '\\'")
        self._at += 1
        return self._text[self._at - 1]

    def _wrong(self, why: str) -> Misconfigured:
        return Misconfigured(f"The pattern '{self._pattern}' is not valid: {why}.")


def _member(match: re.Match[str]) -> str:
    first, last, single = match.groups()
    return re.escape(single) if single is not None else f"{re.escape(first)}-{re.escape(last)}"
