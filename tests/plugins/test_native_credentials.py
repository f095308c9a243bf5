"""Credentials come from where the vendors' tools find theirs, stay fresh, and their absence is told."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import pytest

from tests.emulators.keys import Key
from tests.plugins.emulated import EmulatedPlace
from tests.plugins.leases import end, telling, temporary
from tests.plugins.natives import Native
from transfer.errors import Denied, Misconfigured, Transient
from transfer.model import Body, Metadata


async def test_from_the_settings(native: Native, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go before all else."""
    for name in native.variables[0][:2]:
        monkeypatch.setenv(name, "other")
    assert await native.found(**native.keys("a", "s", "t")) == ("a", "s", "t")


@pytest.mark.parametrize("whose", [0, 1], ids=["its own", "the vendor's other tools'"])
async def test_from_the_environment(native: Native, whose: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own variables, and those of the vendor's other tools; half a pair is told, without its secret."""
    key, secret, token = native.variables[whose]
    monkeypatch.setenv(secret, "sesame")
    with pytest.raises(Misconfigured, match=f"has {secret} but no {key}; set it, or unset the other") as caught:
        await native.found()
    assert "sesame" not in str(caught.value)
    monkeypatch.setenv(key, "a")
    assert await native.found() == ("a", "sesame", None)
    monkeypatch.setenv(token, "t")
    assert await native.found() == ("a", "sesame", "t")


async def test_its_own_variables_go_first(native: Native, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are meant for it."""
    for whose, (key, secret, _) in zip(("its own", "other tools'"), native.variables, strict=True):
        monkeypatch.setenv(key, whose)
        monkeypatch.setenv(secret, "s")
    assert (await native.found())[0] == "its own"


async def test_anonymous(place: EmulatedPlace[Any]) -> None:
    """What is public can be read without a signature, and nothing else."""
    place.bucket.acl = "public-read"
    await (await place.open()).put("k", Body(b"x"), Metadata())
    store = await place.open(anonymous="true", signed=False)
    assert (await store.stat("k")).size == 1
    with pytest.raises(Denied):
        await store.check(write=False)


@pytest.mark.usefixtures("home")
async def test_nowhere_to_be_found(native: Native, place: EmulatedPlace[Any]) -> None:
    """One sentence with the remedies; nothing is sent."""
    key, secret, _ = native.variables[0]
    words = f"No credentials for {native.dialect.provider} were found: set {key} and {secret}"
    store = await place.open(signed=False)
    with pytest.raises(Misconfigured, match=words):
        await store.check(write=False)
    assert not place.calls


async def test_from_an_address(native: Native, place: EmulatedPlace[Any]) -> None:
    """And not before each request."""
    async with telling(native.leased(place, "first", 3600)) as service:
        store = await place.open(credentials_uri=service.url, signed=False)
        await store.check(write=True)
        await store.put("k", Body(b"x"), Metadata())
    assert service.asked == ["GET /creds"]


async def test_what_is_in_an_address_may_be_a_secret(place: EmulatedPlace[Any]) -> None:
    """So it is in no sentence, and not in the name that tells credentials apart."""
    async with telling({}) as service:
        url = f"{service.url}?token=sesame"
        store = await place.open(credentials_uri=url, signed=False)
        with pytest.raises(Misconfigured, match="/creds' tells no credentials") as caught:
            await store.check(write=False)
    with pytest.raises(Misconfigured, match="can't be had from") as gone:
        await store.check(write=False)
    other = await place.open(credentials_uri=f"{url}2", signed=False)
    assert store.origin.account != other.origin.account
    assert "sesame" not in f"{caught.value} {gone.value} {store.origin}"


async def test_renewed_ahead_of_its_end(
    native: Native, place: EmulatedPlace[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is about to end is asked for again while it is still good."""
    monkeypatch.setattr("transfer.restxml.credentials._LOOK_EVERY", 0.0)
    async with telling(native.leased(place, "ending", 60), native.leased(place, "fresh", 3600)) as service:
        store = await place.open(credentials_uri=service.url, signed=False)
        for _ in range(3):
            await store.check(write=False)
    assert service.asked == ["GET /creds"] * 2
    assert {seen.status for seen in place.server.controls.seen} == {200}


async def test_renewed_when_the_server_says_so(native: Native, place: EmulatedPlace[Any]) -> None:
    """A token that has expired before its time is renewed, and the request may be made again; also after a HEAD."""
    early, next_one, last = (native.leased(place, name, 3600) for name in ("early", "next", "last"))
    async with telling(early, next_one, last) as service:
        store = await place.open(credentials_uri=service.url, signed=False)
        await store.put("k", Body(b"x"), Metadata())
        end(place, "early")
        with pytest.raises(Transient, match="renewed credentials"):
            await store.check(write=False)
        await store.check(write=False)
        end(place, "next")
        with pytest.raises(Transient, match="renewed credentials"):
            await store.stat("k")
        assert (await store.stat("k")).size == 1


async def test_a_fixed_token_that_has_expired(native: Native, place: EmulatedPlace[Any]) -> None:
    """Where there is nothing to renew, the remedy is told."""
    key = temporary(place, "fixed", 3600)
    end(place, "fixed")
    store = await place.open(**native.keys(key.id, key.secret, key.token))
    for call in (store.check(write=False), store.stat("k")):
        with pytest.raises(Denied, match="the session token has expired, get a new one"):
            await call


async def test_an_address_where_nobody_is(native: Native) -> None:
    """It is named."""
    async with telling({}) as service:
        url = service.url
    with pytest.raises(Misconfigured, match=r"The credentials can't be had from 'http://127\.0\.0\.1:"):
        await native.found(credentials_uri=url)


@pytest.mark.parametrize("lacking", ["the key", "a time", "an object"])
async def test_an_address_that_tells_something_else(native: Native, lacking: str) -> None:
    """A sentence, without what was told."""
    whole = native.lease(Key("a", "sesame", "t"), dt.datetime.now(dt.UTC))
    key, _, _, ends = whole
    told, words = {
        "the key": ({"Code": "Failed", **{name: whole[name] for name in whole if name != key}}, f"must be {key}"),
        "a time": ({**whole, ends: "soon"}, "tells no credentials"),
        "an object": ([], "holds no JSON object"),
    }[lacking]
    async with telling(told) as service:  # type: ignore[arg-type]
        with pytest.raises(Misconfigured, match=words) as caught:
            await native.found(credentials_uri=service.url)
    assert "sesame" not in str(caught.value)


async def test_without_the_extra(place: EmulatedPlace[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What computes the CRC is missed before anything is sent: an ImportError, which the command puts into words."""
    monkeypatch.setitem(sys.modules, "anycrc", None)
    with pytest.raises(ImportError) as raised:
        await place.open()
    assert raised.value.name == "anycrc"
    assert not place.calls
