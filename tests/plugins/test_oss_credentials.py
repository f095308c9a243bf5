"""Credentials from where Aliyun's tools alone find theirs; the rest of it is in ``test_native_credentials.py``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugins.leases import telling
from tests.plugins.natives import NATIVES
from tests.plugins.ossplace import OssPlace
from transfer.errors import Misconfigured
from transfer_oss import credentials

(NATIVE,) = (native for native in NATIVES if native.scheme == "oss")


@pytest.mark.parametrize("section", ["Credentials", "default"])
async def test_from_ossutils_file(section: str, home: Path) -> None:
    """Of either version of ossutil."""
    written = f"[{section}]\naccessKeyID = a\naccessKeySecret = s\nstsToken = t\nregion = cn-hangzhou\n"
    (home / ".ossutilconfig").write_text(written)
    assert await NATIVE.found() == ("a", "s", "t")


async def test_a_file_of_ossutil_that_is_none(home: Path) -> None:
    """It is named, and not quoted."""
    (home / ".ossutilconfig").write_text("sesame")
    with pytest.raises(Misconfigured, match=r"The file ~/.ossutilconfig can't be read") as caught:
        await NATIVE.found()
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
    assert await NATIVE.found() == ("a", "s", None)
    assert await NATIVE.found(profile="work") == ("w", "s", "t")
    with pytest.raises(Misconfigured, match=r"no profile 'wrok' in ~/.aliyun/config.json: run 'aliyun configure"):
        await NATIVE.found(profile="wrok")


async def test_a_profile_that_stands_for_somebody_else(profiles: Callable[..., None]) -> None:
    """The keys of one who may become another are not taken for those of the other."""
    keys = {"access_key_id": "a", "access_key_secret": "sesame"}
    profiles({"name": "default", "mode": "RamRoleArn", **keys, "ram_role_arn": "acs:ram::1:role/r"})
    with pytest.raises(Misconfigured, match=r"'default' in .* is of mode RamRoleArn, which is not read here") as caught:
        await NATIVE.found()
    assert "sesame" not in str(caught.value)
    profiles({"name": "default", "mode": "AK", "access_key_id": "a"})
    with pytest.raises(Misconfigured, match=r"'default' in .* has no keys"):
        await NATIVE.found()


async def test_from_an_address(oss: OssPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the settings, or in the environment; and not before each request."""
    async with telling(NATIVE.leased(oss, "first", 3600)) as service:
        store = await oss.open(credentials_uri=service.url, signed=False)
        await store.check(write=True)
        monkeypatch.setenv("ALIBABA_CLOUD_CREDENTIALS_URI", service.url)
        await (await oss.open(signed=False)).check(write=True)
    assert service.asked == ["GET /creds"] * 2


@pytest.mark.parametrize("token", ["", "hardened"])
async def test_from_an_instances_role(token: str, oss: OssPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the metadata service, in its hardened mode too; also as the environment and a profile name it."""
    async with telling(NATIVE.leased(oss, "role", 3600), token=token) as service:
        monkeypatch.setattr(credentials, "_METADATA", service.url.replace("/creds", "/latest"))
        store = await oss.open(ecs_role="my-role", signed=False)
        await store.check(write=True)
        monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA", "other-role")
        assert (await NATIVE.found())[0] == "role"
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
    async with telling(NATIVE.leased(oss, "role", 3600)) as service:
        monkeypatch.setattr(credentials, "_METADATA", service.url.replace("/creds", "/latest"))
        assert (await NATIVE.found(profile="vm"))[0] == "role"
    assert service.asked[-1] == "GET /latest/meta-data/ram/security-credentials/my-role"
