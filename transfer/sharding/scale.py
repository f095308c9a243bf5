"""Keys as numbers, so that a key can be guessed that lies so many pages further on.

A key is read like a number with many places, each with digits of its own: the characters that
were seen there. Counters, hashes and times come out evenly spaced, words roughly. Nothing depends
on a guess but speed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_CARRY = 4
"""Places ahead of the first that changed so far: a counter may run over into them."""
_FINE = 10
"""Places behind the last that two keys have in common: more would tell nothing apart."""
_LONGEST = 1024
"""Places of a key that are looked at."""
_CLASSES = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers for keys that start with ``base``; ``places`` are the sorted characters of each place behind it."""

    base: str
    places: tuple[str, ...]

    def number(self, key: str) -> int:
        """Greater for a greater key, as far as its characters are known. Keys without the base go to the ends."""
        if not key.startswith(self.base):
            return 0 if key < self.base else self._end()
        number = 0
        tail = key[len(self.base) : len(self.base) + len(self.places)]
        for place, characters in enumerate(self.places):
            # Zero stands for the end of the key, which sorts ahead of any character.
            digit = bisect_right(characters, tail[place]) if place < len(tail) else 0
            number = number * (len(characters) + 1) + digit
        return number

    def key(self, number: int) -> str | None:
        """The key at that number; None behind the last."""
        digits = []
        for characters in reversed(self.places):
            number, digit = divmod(number, len(characters) + 1)
            digits.append(characters[digit - 1] if digit else "")
        if number:
            return None
        return self.base + "".join(_up_to_end(reversed(digits)))

    def _end(self) -> int:
        end = 1
        for characters in self.places:
            end *= len(characters) + 1
        return end


def _up_to_end(digits: Iterable[str]) -> Iterator[str]:
    for digit in digits:
        if not digit:
            return
        yield digit


class Alphabet:
    """The characters seen at each place of a listing's keys."""

    def __init__(self) -> None:
        self._seen: list[set[str]] = []
        self._common: str | None = None

    def learn(self, keys: Iterable[str]) -> None:
        """Take note of some keys."""
        for key in keys:
            self._common = key if self._common is None else key[: _alike(self._common, key)]
            while len(self._seen) < min(len(key), _LONGEST):
                self._seen.append(set())
            for place, character in enumerate(key[:_LONGEST]):
                self._seen[place].add(character)

    def scale(self, low: str, high: str) -> Scale:
        """A scale fine enough to tell these two apart."""
        common = self._common or ""
        first = max(0, len(common) - _CARRY)
        last = min(_alike(low, high) + _FINE, len(self._seen))
        return Scale(high[:first], tuple(self._digits(place, len(common)) for place in range(first, last)))

    def _digits(self, place: int, changed: int) -> str:
        """A place behind one that changed has gone through all it has; of the others more is to be expected."""
        seen = self._seen[place]
        if place <= changed:
            usual = {character for each in self._seen[changed:] for character in each if character.isalnum()}
            letters_or_digits = any(character.isalnum() for character in seen)
            more = [set(each) for each in _CLASSES if place < changed or each == _CLASSES[0]]
            seen = seen.union(*[each for each in more if each & seen], usual if letters_or_digits else ())
        return "".join(sorted(seen))


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    if other.startswith(one):
        return len(one)
    return next((place for place, (mine, its) in enumerate(zip(one, other, strict=False)) if mine != its), len(other))
