"""Temporary credentials that end while a job goes on. (Kodo has none.)"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.core.rig import Heard
from tests.emulators.keys import Key
from tests.matrix.leases import telling
from tests.matrix.sides.base import Side
from tests.matrix.things import Thing
from transfer import sync
from transfer.event import Event, Finished
from transfer.options import Options

_COUNT = 30
_EARLY = 5
_PAIRS = [("oss", "cos"), ("cos", "oss")]
_KEYS = {
    "oss": ("access_key_id", "access_key_secret", "security_token"),
    "cos": ("secret_id", "secret_key", "token"),
}
_VARIABLES = {
    "oss": ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
    "cos": ("COS_SECRET_ID", "COS_SECRET_KEY", "COS_TOKEN"),
}


class Tokens:
    """Gives a service of an emulator temporary keys, and ends them."""

    def __init__(self, side: Side, kind: str) -> None:
        emulator: Any = side
        self._service = emulator.server.service
        self._kind = kind
        self.given: list[Key] = []

    def give(self) -> Key:
        """One more, which lasts an hour."""
        name = f"temporary-{self._kind}-{len(self.given)}"
        key = Key(name, "secret", f"token of {name}", dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
        self._service.keys[name] = key
        self.given.append(key)
        return key

    def tell(self) -> Mapping[str, object]:
        """One more, as the cloud's metadata service tells of it."""
        key = self.give()
        assert key.expires is not None
        if self._kind == "oss":
            names = {"AccessKeyId": key.id, "AccessKeySecret": key.secret, "SecurityToken": key.token}
            return {**names, "Expiration": key.expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
        names = {"TmpSecretId": key.id, "TmpSecretKey": key.secret, "Token": key.token}
        return {**names, "ExpiredTime": int(key.expires.timestamp())}

    def end(self) -> None:
        """End the last one now."""
        last = self.given[-1]
        self._service.keys[last.id] = replace(last, expires=dt.datetime.now(dt.UTC))


def ending(heard: Heard, *tokens: Tokens) -> Callable[[Event], None]:
    """A listener that ends the tokens when some objects have arrived."""

    def listen(event: Event) -> None:
        heard(event)
        if isinstance(event, Finished) and len(heard.outcomes) == _EARLY:
            for each in tokens:
                each.end()

    return listen


def without_keys(side: Side, kind: str) -> dict[str, str]:
    return {name: value for name, value in side.settings.items() if name not in _KEYS[kind]}


def fill(side: Side) -> dict[str, Thing]:
    return side.fill({f"k{number:02}": Thing(b"%d" % number) for number in range(_COUNT)})


@pytest.mark.parametrize(("source", "target"), _PAIRS)
async def test_a_token_is_renewed(make_side: Callable[[str], Side], source: str, target: str) -> None:
    """On both sides at once, by asking again for one; nothing fails."""
    here, there, heard = make_side(source), make_side(target), Heard()
    tree = fill(here)
    ours, theirs = Tokens(here, source), Tokens(there, target)
    with telling(ours.tell) as first, telling(theirs.tell) as second:
        options = Options(
            source_settings={**without_keys(here, source), "credentials_uri": first},
            target_settings={**without_keys(there, target), "credentials_uri": second},
            transfers=2,
        )
        result = await sync(here.url, there.url, options, listener=ending(heard, ours, theirs))
    assert (result.ok, result.totals.copied) == (True, _COUNT), result.failures
    assert (len(ours.given), len(theirs.given)) == (2, 2)
    assert {key: there.read(key).data for key in tree} == {key: thing.data for key, thing in tree.items()}


@pytest.mark.parametrize(("source", "target"), _PAIRS)
async def test_a_token_of_the_environment_ends(
    make_side: Callable[[str], Side], monkeypatch: pytest.MonkeyPatch, source: str, target: str
) -> None:
    """Nobody can renew it from here: what is left fails, and is told why; with another one, the same job goes on."""
    here, there, heard = make_side(source), make_side(target), Heard()
    tree = fill(here)
    tokens = Tokens(there, target)
    options = Options(source_settings=here.settings, target_settings=without_keys(there, target), transfers=2)

    def put_into_environment(key: Key) -> None:
        for name, value in zip(_VARIABLES[target], (key.id, key.secret, key.token), strict=True):
            monkeypatch.setenv(name, value)

    put_into_environment(tokens.give())
    result = await sync(here.url, there.url, options, listener=ending(heard, tokens))
    assert result.exit_status == 1
    assert _EARLY <= result.totals.copied < _COUNT
    assert result.totals.copied + result.totals.failed == _COUNT
    for failure in result.failures:
        assert "the session token has expired, get a new one and run this again" in str(failure.error)
    put_into_environment(tokens.give())
    again = await sync(here.url, there.url, options)
    assert (again.ok, again.totals.copied) == (True, result.totals.failed)
    assert there.keys() == set(tree)
