"""Which of a remote's credentials count: those given with the command go before those of the file.

Keys, a profile, ``anonymous`` and the like exclude each other. So one that is given puts aside the others
that the file has, which would else win over it unseen; two at one level are refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from transfer.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Ways:
    """The settings of each way to sign, or not to: keys, or one of ``others``."""

    key: str
    secret: str
    token: str
    others: tuple[str, ...]

    @property
    def all(self) -> Sequence[Sequence[str]]:
        return ((self.key, self.secret, self.token), *((name,) for name in self.others))


def counting(settings: Mapping[str, str], given: Collection[str], url: str, ways: Ways) -> dict[str, str]:
    """``settings`` without those that the ``given`` ones put aside. Raises Misconfigured, which names ``url``.

    What is empty asks for nothing, so ``anonymous`` must not be there unless it is true.
    """
    above = {name: value for name, value in settings.items() if name in given}
    chosen = _way(above, url, ways)
    if chosen is None:
        _way(settings, url, ways)
        aside: set[str] = set()
    else:
        aside = {name for way in ways.all if way != chosen for name in way}
        if above.get(ways.key) and ways.token not in above:
            aside.add(ways.token)  # it belongs to another key
    left = {name: value for name, value in settings.items() if name not in aside}
    _refuse_half(left, url, ways)
    return left


def _way(settings: Mapping[str, str], url: str, ways: Ways) -> Sequence[str] | None:
    """The one that the settings ask for, if they ask for any."""
    asked = [(way, name) for way in ways.all if (name := next((name for name in way if settings.get(name)), None))]
    if len(asked) > 1:
        names = " and ".join(name for _, name in asked)
        raise Misconfigured(f"'{url}' is given both {names}, which exclude each other: leave one of them out")
    return asked[0][0] if asked else None


def _refuse_half(settings: Mapping[str, str], url: str, ways: Ways) -> None:
    for one, other in ((ways.key, ways.secret), (ways.secret, ways.key)):
        if settings.get(one) and not settings.get(other):
            raise Misconfigured(f"'{url}' has {one} but no {other}; add it, or leave both out")
