"""Which credentials count where the command line and the file name different ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from transfer.config import Config, Remote, Setting
from transfer.errors import Misconfigured
from transfer.plugin import Location, StoreOptions
from transfer.registry import open_store
from transfer_s3.config import Settings, read_settings

_KEYS = {"access_key_id": "AK", "secret_access_key": "sesame", "session_token": "t"}
_PROFILE = {"profile": "work"}
_ANONYMOUS = {"anonymous": "true"}


def _read(file: dict[str, str], **given: str) -> Settings:
    """The settings that count of a remote's in the file and those given with the command."""
    return read_settings(Location("here://b/", "s3", "b", "", {**file, **given}, frozenset(given)))


@pytest.mark.parametrize("file", [_KEYS, _ANONYMOUS, {}])
def test_a_profile_that_is_given_puts_the_files_credentials_aside(file: dict[str, str]) -> None:
    """Whatever the remote has otherwise stays."""
    assert _read({**file, "endpoint": "http://x"}, **_PROFILE) == Settings(endpoint="http://x", profile="work")


@pytest.mark.parametrize("file", [_PROFILE, _ANONYMOUS, {}])
def test_keys_that_are_given_put_the_files_other_ways_aside(file: dict[str, str]) -> None:
    """A profile's, and no signature at all."""
    assert _read(file, **_KEYS) == Settings(access_key_id="AK", secret_access_key="sesame", session_token="t")


def test_no_signature_puts_keys_aside() -> None:
    """And it may be taken back."""
    assert _read(_KEYS, **_ANONYMOUS) == Settings(anonymous=True)
    assert _read(_ANONYMOUS, anonymous="false") == Settings()


def test_a_key_that_is_given_goes_without_the_token_of_the_files() -> None:
    """The secret may still be the file's, and half a pair is told."""
    assert _read(_KEYS, access_key_id="B") == Settings(access_key_id="B", secret_access_key="sesame")
    with pytest.raises(Misconfigured, match="'here://b/' has access_key_id but no secret_access_key"):
        _read(_PROFILE, access_key_id="B")


def test_what_is_empty_asks_for_nothing() -> None:
    """An empty option takes the file's away, and leaves the rest alone."""
    assert _read({**_KEYS, "session_token": ""}, profile="") == Settings(access_key_id="AK", secret_access_key="sesame")


@pytest.mark.parametrize("one", [_PROFILE, _ANONYMOUS])
def test_two_at_one_level_are_refused(one: dict[str, str]) -> None:
    """In the file, and on the command line; no secret is in the sentence."""
    (name,) = one
    for file, given in (({**_KEYS, **one}, {}), ({}, {**_KEYS, **one})):
        with pytest.raises(Misconfigured, match=f"'here://b/' is given both access_key_id and {name}") as caught:
            _read(file, **given)
        assert "sesame" not in str(caught.value)


async def test_a_profile_given_with_the_command_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the registry down: its keys sign, and its region counts where the file has none."""
    (tmp_path / "config").write_text(
        "[profile work]\naws_access_key_id = AKPROFILE\naws_secret_access_key = s\nregion = cn-north-1\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    file: dict[str, Setting] = {"access_key_id": "AKFILE", "secret_access_key": "sesame"}
    config = Config(remotes={"here": Remote("here", "s3", file)})
    store = await open_store("here://b", StoreOptions(), config=config, settings=_PROFILE)
    try:
        assert store.origin.account == "profile-work"
        assert store.origin.endpoint == "https://s3.amazonaws.com.cn"
    finally:
        await store.aclose()
