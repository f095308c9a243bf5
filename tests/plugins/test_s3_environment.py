"""Static keys need no SDK, and mean the same as to the SDK."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from botocore.credentials import EnvProvider

from transfer.aws import environment, search
from transfer.config import Config
from transfer.errors import Misconfigured
from transfer.plugin import Location, StoreOptions
from transfer.registry import open_store
from transfer.wire.sigv4 import Credentials
from transfer_s3 import opening
from transfer_s3.store import S3Store

_KEYS = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "s"}


@pytest.fixture(autouse=True)
def no_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain that may not be made: what these tests open needs none."""
    monkeypatch.setattr(search, "Chain", _refused)


def _refused(profile: str | None, service: str) -> None:
    raise ImportError("the SDK", name="aiobotocore")


def _set(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    "variables",
    [
        _KEYS,
        {**_KEYS, "AWS_SESSION_TOKEN": "t"},
        {**_KEYS, "AWS_SECURITY_TOKEN": "old", "AWS_SESSION_TOKEN": "t"},
        {"AWS_SECRET_ACCESS_KEY": "s"},
        {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "s"},
        {},
    ],
)
def test_keys_are_read_as_the_sdk_reads_them(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """The same variables give the same credentials, or none."""
    _set(monkeypatch, **variables)
    theirs = EnvProvider(environ=os.environ).load()
    expected = theirs and Credentials(theirs.access_key, theirs.secret_key, theirs.token)
    assert environment.credentials() == expected


@pytest.mark.parametrize("variables", [{"AWS_SECRET_ACCESS_KEY": ""}, {"AWS_CREDENTIAL_EXPIRATION": "2030-01-01"}])
async def test_halves_and_what_expires_are_the_sdks(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """It knows what is wrong with half a key, and when to look again."""
    _set(monkeypatch, **{**_KEYS, "AWS_REGION": "eu-north-1", **variables})
    with pytest.raises(ImportError, match="the SDK"):
        await _open()


async def test_keys_and_nothing_else_are_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where AWS's files are not there, nothing else can be meant."""
    _set(monkeypatch, **_KEYS, AWS_CONFIG_FILE=str(tmp_path / "none"))
    assert (await _open()).origin.endpoint == "https://s3.amazonaws.com"


@pytest.mark.parametrize(
    ("file", "told", "text"),
    [
        ("AWS_CONFIG_FILE", {}, "[default]\nRegion = eu-north-1\n"),
        ("AWS_SHARED_CREDENTIALS_FILE", {}, "[default]\nregion = eu-north-1\n"),
        ("AWS_CONFIG_FILE", {"AWS_REGION": "eu-north-1"}, "[services x]\ns3 =\n  endpoint_url = http://localhost\n"),
        ("AWS_CONFIG_FILE", {"AWS_REGION": "eu-north-1", "AWS_PROFILE": "x"}, ""),
    ],
)
async def test_files_that_may_tell_more_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, told: dict[str, str], text: str
) -> None:
    """A region or an endpoint that is not settled yet is left to the SDK, as are profiles."""
    (tmp_path / "file").write_text(text)
    _set(monkeypatch, **_KEYS, **told, **{file: str(tmp_path / "file")})
    with pytest.raises(ImportError, match="the SDK"):
        await _open()


async def test_files_that_can_tell_nothing_more_are_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Once all is said, a region in a file is the second choice of nobody."""
    (tmp_path / "file").write_text("[default]\nregion = eu-north-1\naws_access_key_id = other\n")
    _set(monkeypatch, **_KEYS, AWS_REGION="eu-west-1", AWS_CONFIG_FILE=str(tmp_path / "file"))
    assert (await _open()).origin.account == (await _open(access_key_id="AK", secret_access_key="s")).origin.account


async def test_an_unreadable_file_is_left_to_the_sdk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What can't be looked into might say something."""
    _set(monkeypatch, **_KEYS, AWS_CONFIG_FILE=str(tmp_path))
    with pytest.raises(ImportError, match="the SDK"):
        await _open()


async def test_a_profile_that_is_named_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with the SDK: who names one in the settings does not mean the variables."""
    _set(monkeypatch, **_KEYS, AWS_REGION="eu-north-1", AWS_ENDPOINT_URL="http://localhost:1")
    with pytest.raises(ImportError, match="the SDK"):
        await _open(profile="work")


async def test_half_a_pair_of_settings_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not filled up from the environment."""
    _set(monkeypatch, **_KEYS)
    with pytest.raises(Misconfigured, match="has access_key_id but no secret_access_key; add it, or leave both out"):
        await _open(access_key_id="AK")
    with pytest.raises(Misconfigured, match="has secret_access_key but no access_key_id"):
        await _open(secret_access_key="s")


async def test_what_is_missing_is_named() -> None:
    """Without keys at hand the SDK is needed; where it is not installed, the sentence has the command that does."""
    with pytest.raises(Misconfigured, match=r"'aiobotocore', .* pip install 'transfer-engine\[s3\]'"):
        await open_store("s3://bucket/", StoreOptions(), config=Config())


async def _open(**settings: str) -> S3Store:
    location = Location("s3://bucket/", "s3", "bucket", "", settings)
    store = await opening.open_bucket(location, StoreOptions())
    await store.aclose()
    return store
