"""Credentials come from where Aliyun's tools find theirs, stay fresh, and their absence is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.leases import end, telling, temporary
from tests.plugins.ossplace import KEYS, OssPlace, location
from transfer.errors import Denied, Misconfigured, Transient
from transfer.model import Body, Metadata
from transfer.plugin import StoreOptions
from transfer_oss import credentials, plugin
from transfer_oss.config import Settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, empty."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def lease(oss: OssPlace, name: str, seconds: float) -> dict[str, Any]:
    """A temporary key that the server knows, as a service tells it; good for so many seconds."""
    key = temporary(oss, name, seconds)
    assert key.expires is not None
    return {
        "Code": "Success",
        "AccessKeyId": key.id,
        "AccessKeySecret": key.secret,
        "SecurityToken": key.token,
        "Expiration": key.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


async def _found(**settings: Any) -> tuple[str, str, str | None]:
    """The keys that are found."""
    found = await (await credentials.find(Settings(**settings))).get()
    assert found is not None
    return found.access_key_id, found.secret_access_key, found.session_token


async def test_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """They go before all else."""
    monkeypatch.setenv("OSS_ACCESS_KEY_ID", "other")
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", "other")
    assert await _found(access_key_id="a", access_key_secret="s", security_token="t") == ("a", "s", "t")


@pytest.mark.parametrize(
    ("key", "secret", "token"),
    [
        ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ],
)
async def test_from_the_environment(key: str, secret: str, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of ossutil, and those of Aliyun's other tools; half a pair is told, without its secret."""
    monkeypatch.setenv(secret, "sesame")
    with pytest.raises(Misconfigured, match=f"has {secret} but no {key}; set it, or unset the other") as caught:
        await _found()
    assert "sesame" not in str(caught.value)
    monkeypatch.setenv(key, "a")
    assert await _found() == ("a", "sesame", None)
    monkeypatch.setenv(token, "t")
    assert await _found() == ("a", "sesame", "t")


async def test_ossutils_variables_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are meant for OSS."""
    for prefix in ("OSS", "ALIBABA_CLOUD"):
        monkeypatch.setenv(f"{prefix}_ACCESS_KEY_ID", prefix)
        monkeypatch.setenv(f"{prefix}_ACCESS_KEY_SECRET", "s")
    assert (await _found())[0] == "OSS"


async def test_anonymous(oss: OssPlace) -> None:
    """What is public can be read without a signature, and nothing else."""
    oss.bucket.acl = "public-read"
    await (await oss.open()).put("k", Body(b"x"), Metadata())
    store = await oss.open(anonymous="true", signed=False)
    assert (await store.stat("k")).size == 1
    with pytest.raises(Denied):
        await store.check(write=False)


@pytest.mark.usefixtures("home")
async def test_nowhere_to_be_found(oss: OssPlace) -> None:
    """One sentence with the remedies; nothing is sent."""
    store = await oss.open(signed=False)
    with pytest.raises(Misconfigured, match="No credentials for OSS were found: set OSS_ACCESS_KEY_ID and"):
        await store.check(write=False)
    assert not oss.calls


@pytest.mark.parametrize("section", ["Credentials", "default"])
async def test_from_ossutils_file(section: str, home: Path) -> None:
    """Of either version of ossutil."""
    written = f"[{section}]\naccessKeyID = a\naccessKeySecret = s\nstsToken = t\nregion = cn-hangzhou\n"
    (home / ".ossutilconfig").write_text(written)
    assert await _found() == ("a", "s", "t")


async def test_a_file_of_ossutil_that_is_none(home: Path) -> None:
    """It is named, and not quoted."""
    (home / ".ossutilconfig").write_text("sesame")
    with pytest.raises(Misconfigured, match=r"The file ~/.ossutilconfig can't be read") as caught:
        await _found()
    assert "sesame" not in str(caught.value)


@pytest.fixture
def profiles(home: Path) -> Callable[..., None]:
    """Writes the file of the aliyun command."""

    def write(*found: dict[str, str], current: str = "default") -> None:
        (home / ".aliyun").mkdir(exist_ok=True)
        (home / ".aliyun/config.json").write_text(json.dumps({"current": current, "profiles": found}))

    return write


async def test_from_a_profile(profiles: Callable[..., None]) -> None:
    """By its name, or the current one; a token counts in the mode that has one."""
    keys = {"access_key_id": "a", "access_key_secret": "s"}
    profiles(
        {"name": "default", "mode": "AK", **keys, "sts_token": "left over"},
        {"name": "work", "mode": "StsToken", **keys, "access_key_id": "w", "sts_token": "t"},
    )
    assert await _found() == ("a", "s", None)
    assert await _found(profile="work") == ("w", "s", "t")
    with pytest.raises(Misconfigured, match=r"no profile 'wrok' in ~/.aliyun/config.json: run 'aliyun configure"):
        await _found(profile="wrok")


async def test_a_profile_that_stands_for_somebody_else(profiles: Callable[..., None]) -> None:
    """The keys of one who may become another are not taken for those of the other."""
    keys = {"access_key_id": "a", "access_key_secret": "sesame"}
    profiles({"name": "default", "mode": "RamRoleArn", **keys, "ram_role_arn": "acs:ram::1:role/r"})
    with pytest.raises(Misconfigured, match=r"'default' in .* is of mode RamRoleArn, which is not read here") as caught:
        await _found()
    assert "sesame" not in str(caught.value)
    profiles({"name": "default", "mode": "AK", "access_key_id": "a"})
    with pytest.raises(Misconfigured, match=r"'default' in .* has no keys"):
        await _found()


async def test_from_an_address(oss: OssPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the settings, or in the environment; and not before each request."""
    async with telling(lease(oss, "first", 3600)) as service:
        store = await oss.open(credentials_uri=service.url, signed=False)
        await store.check(write=True)
        monkeypatch.setenv("ALIBABA_CLOUD_CREDENTIALS_URI", service.url)
        await (await oss.open(signed=False)).check(write=True)
    assert service.asked == ["GET /creds"] * 2


async def test_what_is_in_an_address_may_be_a_secret(oss: OssPlace) -> None:
    """So it is in no sentence, and not in the name that tells credentials apart."""
    async with telling({}) as service:
        url = f"{service.url}?token=sesame"
        store = await oss.open(credentials_uri=url, signed=False)
        with pytest.raises(Misconfigured, match="/creds' tells no credentials") as caught:
            await store.check(write=False)
    with pytest.raises(Misconfigured, match="can't be had from") as gone:
        await store.check(write=False)
    other = await oss.open(credentials_uri=f"{url}2", signed=False)
    assert store.origin.account != other.origin.account
    assert "sesame" not in f"{caught.value} {gone.value} {store.origin}"


async def test_renewed_ahead_of_its_end(oss: OssPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is about to end is asked for again while it is still good."""
    monkeypatch.setattr("transfer.restxml.credentials._LOOK_EVERY", 0.0)
    async with telling(lease(oss, "ending", 60), lease(oss, "fresh", 3600)) as service:
        store = await oss.open(credentials_uri=service.url, signed=False)
        for _ in range(3):
            await store.check(write=False)
    assert service.asked == ["GET /creds"] * 2
    assert {seen.status for seen in oss.server.controls.seen} == {200}


async def test_renewed_when_the_server_says_so(oss: OssPlace) -> None:
    """A token that has expired before its time is renewed, and the request may be made again; also after a HEAD."""
    early, next_one, last = (lease(oss, name, 3600) for name in ("early", "next", "last"))
    async with telling(early, next_one, last) as service:
        store = await oss.open(credentials_uri=service.url, signed=False)
        await store.put("k", Body(b"x"), Metadata())
        end(oss, "early")
        with pytest.raises(Transient, match="renewed credentials"):
            await store.check(write=False)
        await store.check(write=False)
        end(oss, "next")
        with pytest.raises(Transient, match="renewed credentials"):
            await store.stat("k")
        assert (await store.stat("k")).size == 1


async def test_a_fixed_token_that_has_expired(oss: OssPlace) -> None:
    """Where there is nothing to renew, the remedy is told."""
    told = lease(oss, "fixed", 3600)
    end(oss, "fixed")
    keys = {"access_key_id": "fixed", "access_key_secret": told["AccessKeySecret"]}
    store = await oss.open(**keys, security_token=told["SecurityToken"])
    for call in (store.check(write=False), store.stat("k")):
        with pytest.raises(Denied, match="the session token has expired, get a new one"):
            await call


@pytest.mark.parametrize("token", ["", "hardened"])
async def test_from_an_instances_role(token: str, oss: OssPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the metadata service, in its hardened mode too; also as the environment and a profile name it."""
    async with telling(lease(oss, "role", 3600), token=token) as service:
        monkeypatch.setattr(credentials, "_METADATA", service.url.replace("/creds", "/latest"))
        store = await oss.open(ecs_role="my-role", signed=False)
        await store.check(write=True)
        monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA", "other-role")
        assert (await _found())[0] == "role"
    path = "/latest/meta-data/ram/security-credentials"
    assert service.asked == [
        "PUT /latest/api/token",
        f"GET {path}/my-role {token}".strip(),
        "PUT /latest/api/token",
        f"GET {path}/other-role {token}".strip(),
    ]


async def test_a_role_that_a_profile_names(
    oss: OssPlace, profiles: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for like one of the settings."""
    profiles({"name": "vm", "mode": "EcsRamRole", "ram_role_name": "my-role"})
    async with telling(lease(oss, "role", 3600)) as service:
        monkeypatch.setattr(credentials, "_METADATA", service.url.replace("/creds", "/latest"))
        assert (await _found(profile="vm"))[0] == "role"
    assert service.asked[-1] == "GET /latest/meta-data/ram/security-credentials/my-role"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"Code": "Failed", "AccessKeySecret": "sesame"}, "tells no credentials: there must be AccessKeyId"),
        ({"AccessKeyId": "a", "AccessKeySecret": "sesame", "Expiration": "soon"}, "tells no credentials"),
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
        await plugin.open(location("b", settings={**KEYS, "region": "cn-hangzhou"}), StoreOptions())
    assert raised.value.name == "anycrc"
