"""Credentials come from where Tencent's tools find theirs, stay fresh, and their absence is told."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.cosplace import KEYS, CosPlace, location
from tests.plugins.leases import end, telling, temporary
from transfer.errors import Denied, Misconfigured, Transient
from transfer.model import Body, Metadata
from transfer.plugin import StoreOptions
from transfer_cos import credentials, plugin
from transfer_cos.config import Settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, empty."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def lease(cos: CosPlace, name: str, seconds: float) -> dict[str, Any]:
    """A temporary key that the server knows, as a service tells it; good for so many seconds."""
    key = temporary(cos, name, seconds)
    assert key.expires is not None
    return {
        "Code": "Success",
        "TmpSecretId": key.id,
        "TmpSecretKey": key.secret,
        "Token": key.token,
        "ExpiredTime": int(key.expires.timestamp()),
    }


async def _found(**settings: Any) -> tuple[str, str, str | None]:
    """The keys that are found."""
    found = await (await credentials.find(Settings(**settings))).get()
    assert found is not None
    return found.access_key_id, found.secret_access_key, found.session_token


async def test_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """They go before all else."""
    monkeypatch.setenv("COS_SECRET_ID", "other")
    monkeypatch.setenv("COS_SECRET_KEY", "other")
    assert await _found(secret_id="a", secret_key="s", token="t") == ("a", "s", "t")


@pytest.mark.parametrize(
    ("key", "secret", "token"),
    [
        ("COS_SECRET_ID", "COS_SECRET_KEY", "COS_TOKEN"),
        ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SECURITY_TOKEN"),
    ],
)
async def test_from_the_environment(key: str, secret: str, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of COS's examples, and those of Tencent's other tools; half a pair is told, without its secret."""
    monkeypatch.setenv(secret, "sesame")
    with pytest.raises(Misconfigured, match=f"has {secret} but no {key}; set it, or unset the other") as caught:
        await _found()
    assert "sesame" not in str(caught.value)
    monkeypatch.setenv(key, "a")
    assert await _found() == ("a", "sesame", None)
    monkeypatch.setenv(token, "t")
    assert await _found() == ("a", "sesame", "t")


async def test_coss_variables_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are meant for COS."""
    for prefix in ("COS", "TENCENTCLOUD"):
        monkeypatch.setenv(f"{prefix}_SECRET_ID", prefix)
        monkeypatch.setenv(f"{prefix}_SECRET_KEY", "s")
    assert (await _found())[0] == "COS"


async def test_anonymous(cos: CosPlace) -> None:
    """What is public can be read without a signature, and nothing else."""
    cos.bucket.acl = "public-read"
    await (await cos.open()).put("k", Body(b"x"), Metadata())
    store = await cos.open(anonymous="true", signed=False)
    assert (await store.stat("k")).size == 1
    with pytest.raises(Denied):
        await store.check(write=False)


@pytest.mark.usefixtures("home")
async def test_nowhere_to_be_found(cos: CosPlace) -> None:
    """One sentence with the remedies; nothing is sent."""
    store = await cos.open(signed=False)
    with pytest.raises(Misconfigured, match="No credentials for COS were found: set COS_SECRET_ID and COS_SECRET_KEY"):
        await store.check(write=False)
    assert not cos.calls


async def test_from_coscmds_file(home: Path) -> None:
    """With a token or without; what 'coscmd config' writes besides is of no matter."""
    (home / ".cos.conf").write_text("[common]\nsecret_id = a\nsecret_key = s%d\nbucket = b-1\nmax_thread = 5\n")
    assert await _found() == ("a", "s%d", None)
    (home / ".cos.conf").write_text("[common]\nsecret_id = a\nsecret_key = s\ntoken = t\n")
    assert await _found() == ("a", "s", "t")


@pytest.mark.parametrize(("name", "words"), [(".cos.conf", "can't be read"), (".tccli/default.credential", "no JSON")])
async def test_a_file_that_is_none(name: str, words: str, home: Path) -> None:
    """It is named, and not quoted."""
    (home / name).parent.mkdir(exist_ok=True)
    (home / name).write_text("sesame")
    with pytest.raises(Misconfigured, match=words) as caught:
        await _found()
    assert f"~/{name}" in str(caught.value)
    assert "sesame" not in str(caught.value)


async def test_from_tcclis_file(home: Path) -> None:
    """Where coscmd's has no keys."""
    (home / ".tccli").mkdir()
    (home / ".tccli/default.credential").write_text(json.dumps({"secretId": "a", "secretKey": "s"}))
    assert await _found() == ("a", "s", None)
    (home / ".cos.conf").write_text("[common]\nregion = ap-guangzhou\n")
    (home / ".tccli/default.credential").write_text(json.dumps({"secretId": "a", "secretKey": "s", "token": "t"}))
    assert await _found() == ("a", "s", "t")


async def test_from_an_address(cos: CosPlace) -> None:
    """And not before each request."""
    async with telling(lease(cos, "first", 3600)) as service:
        store = await cos.open(credentials_uri=service.url, signed=False)
        await store.check(write=True)
        await store.put("k", Body(b"x"), Metadata())
    assert service.asked == ["GET /creds"]


async def test_what_is_in_an_address_may_be_a_secret(cos: CosPlace) -> None:
    """So it is in no sentence, and not in the name that tells credentials apart."""
    async with telling({}) as service:
        url = f"{service.url}?token=sesame"
        store = await cos.open(credentials_uri=url, signed=False)
        with pytest.raises(Misconfigured, match="/creds' tells no credentials") as caught:
            await store.check(write=False)
    with pytest.raises(Misconfigured, match="can't be had from") as gone:
        await store.check(write=False)
    other = await cos.open(credentials_uri=f"{url}2", signed=False)
    assert store.origin.account != other.origin.account
    assert "sesame" not in f"{caught.value} {gone.value} {store.origin}"


async def test_renewed_ahead_of_its_end(cos: CosPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is about to end is asked for again while it is still good."""
    monkeypatch.setattr("transfer.restxml.credentials._LOOK_EVERY", 0.0)
    async with telling(lease(cos, "ending", 60), lease(cos, "fresh", 3600)) as service:
        store = await cos.open(credentials_uri=service.url, signed=False)
        for _ in range(3):
            await store.check(write=False)
    assert service.asked == ["GET /creds"] * 2
    assert {seen.status for seen in cos.server.controls.seen} == {200}


async def test_renewed_when_the_server_says_so(cos: CosPlace) -> None:
    """A token that has expired before its time is renewed, and the request may be made again.

    So it is after a HEAD, whose refusal says nothing of it.
    """
    early, next_one, last = (lease(cos, name, 3600) for name in ("early", "next", "last"))
    async with telling(early, next_one, last) as service:
        store = await cos.open(credentials_uri=service.url, signed=False)
        await store.put("k", Body(b"x"), Metadata())
        end(cos, "early")
        with pytest.raises(Transient, match="renewed credentials"):
            await store.check(write=False)
        await store.check(write=False)
        end(cos, "next")
        with pytest.raises(Transient, match="renewed credentials"):
            await store.stat("k")
        assert (await store.stat("k")).size == 1


async def test_a_fixed_token_that_has_expired(cos: CosPlace) -> None:
    """Where there is nothing to renew, the remedy is told."""
    told = lease(cos, "fixed", 3600)
    end(cos, "fixed")
    store = await cos.open(secret_id="fixed", secret_key=told["TmpSecretKey"], token=told["Token"])
    for call in (store.check(write=False), store.stat("k")):
        with pytest.raises(Denied, match="the session token has expired, get a new one"):
            await call


async def test_from_an_instances_role(cos: CosPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the metadata service."""
    async with telling(lease(cos, "role", 3600)) as service:
        monkeypatch.setattr(credentials, "_METADATA", service.url)
        store = await cos.open(cvm_role="my-role", signed=False)
        await store.check(write=True)
    assert service.asked == ["GET /creds/my-role"]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"Code": "Failed", "TmpSecretKey": "sesame"}, "tells no credentials: there must be TmpSecretId"),
        ({"TmpSecretId": "a", "TmpSecretKey": "sesame", "ExpiredTime": "soon"}, "tells no credentials"),
        ([], "holds no JSON object"),
    ],
)
async def test_an_address_that_tells_something_else(told: Any, words: str) -> None:
    """A sentence, without what was told."""
    async with telling(told) as service:
        with pytest.raises(Misconfigured, match=words) as caught:
            await _found(credentials_uri=service.url)
    assert "sesame" not in str(caught.value)


async def test_an_address_where_nobody_is() -> None:
    """It is named."""
    async with telling({}) as service:
        url = service.url
    with pytest.raises(Misconfigured, match=r"The credentials can't be had from 'http://127\.0\.0\.1:"):
        await _found(credentials_uri=url)


async def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """What computes the CRC is missed before anything is sent: an ImportError, which the command puts into words."""
    monkeypatch.setitem(sys.modules, "anycrc", None)
    with pytest.raises(ImportError) as raised:
        await plugin.open(location("b-1", settings={**KEYS, "region": "ap-guangzhou"}), StoreOptions())
    assert raised.value.name == "anycrc"
