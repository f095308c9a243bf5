"""transfer.toml: where it is looked for, what it may hold, and how references are looked up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from transfer.config import Config, load_config, resolve
from transfer.errors import Misconfigured

REMOTE = '[remote.hk]\ntype = "s3"\nendpoint = "http://127.0.0.1:8333"\npath_style = true\n'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder and an empty home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    return tmp_path


def write(path: Path, text: str, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_no_file_is_needed() -> None:
    """Without a file there are no remotes."""
    config = load_config(environ={})
    assert (config.path, config.remotes) == (None, {})


def test_the_first_place_wins(home: Path) -> None:
    """The file asked for goes before the variable's, the current folder's and the user's."""
    places = [home / "asked", home / "variable", home / "transfer.toml", home / "xdg" / "transfer" / "transfer.toml"]
    environ = {"TRANSFER_CONFIG": str(places[1])}
    for place in places:
        write(place, f'[remote.r{places.index(place)}]\ntype = "s3"\n')
    found = [load_config(places[0], environ), load_config(None, environ), load_config(environ={})]
    places[2].unlink()
    found.append(load_config(environ={}))
    assert [list(config.remotes) for config in found] == [["r0"], ["r1"], ["r2"], ["r3"]]


def test_a_remote_is_read(home: Path) -> None:
    """Type and settings keep their kinds."""
    remote = load_config(write(home / "c.toml", REMOTE)).remotes["hk"]
    assert (remote.name, remote.type) == ("hk", "s3")
    assert remote.settings == {"endpoint": "http://127.0.0.1:8333", "path_style": True}


@pytest.mark.parametrize("environ", [{}, {"TRANSFER_CONFIG": "none.toml"}])
def test_a_file_asked_for_must_be_there(environ: dict[str, str]) -> None:
    """A path that was given and is not there is named."""
    path = None if environ else Path("none.toml")
    with pytest.raises(Misconfigured, match=r"'none\.toml'"):
        load_config(path, environ)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[remote.hk]\ntype = \n", "line 2"),
        ('hk = "s3"\n', "'hk' is not known"),
        ('remote = "s3"\n', r"\[remote.NAME\]"),
        ("[remote.hk]\nregion = 'x'\n", r"\[remote.hk\]: 'type' is missing"),
        ('[remote."a b"]\ntype = "s3"\n', "a remote's name"),
        (REMOTE + "ports = [1]\n", "'ports' must be a text"),
        (REMOTE + 'secret_access_key = "planted"\n', "chmod 600"),
    ],
)
def test_a_wrong_file_is_explained(home: Path, text: str, sentence: str) -> None:
    """The sentence names the file and the place in it, and never a secret."""
    path = write(home / "c.toml", text)
    with pytest.raises(Misconfigured, match=sentence) as caught:
        load_config(path)
    assert str(path) in str(caught.value)
    assert "planted" not in str(caught.value)


def test_an_unreadable_file_is_named(home: Path) -> None:
    """A folder, and bytes that are no text, are told of."""
    with pytest.raises(Misconfigured, match="directory"):
        load_config(home)
    (home / "c.toml").write_bytes(b"\xff")
    with pytest.raises(Misconfigured, match="not UTF-8"):
        load_config(home / "c.toml")


def test_an_owners_file_may_hold_secrets(home: Path) -> None:
    """A secret in a file that nobody else may read is accepted, and shown nowhere."""
    config = load_config(write(home / "c.toml", REMOTE + 'secret_access_key = "planted"\n', 0o600))
    settings = resolve(config.remotes["hk"].settings, config, "hk")
    assert settings["secret_access_key"] == "planted"
    assert "planted" not in repr(config) + repr(settings) + config.redactor.redact("a planted b")


def test_references_are_looked_up(home: Path) -> None:
    """Variables are read from the environment, files from beside the configuration."""
    text = REMOTE + 'access_key_id = "env:ID"\nsecret_access_key = "file:keys/secret"\n'
    config = load_config(write(home / "sub" / "c.toml", text))
    write(home / "sub" / "keys" / "secret", "planted\n")
    settings = resolve(config.remotes["hk"].settings, config, "hk", {"ID": "AKIA"})
    assert (settings["access_key_id"], settings["secret_access_key"]) == ("AKIA", "planted")
    assert config.redactor.redact("planted AKIA") == "*** AKIA"


@pytest.mark.parametrize("value", ["env:NOT_SET", "file:not-there"])
def test_dangling_references_are_named(value: str) -> None:
    """A missing variable or file is named together with its setting, only when it is needed."""
    with pytest.raises(Misconfigured, match=r"\[remote.hk\]: 'token'") as caught:
        resolve({"token": value}, Config(), "[remote.hk]", {})
    assert value.partition(":")[2] in str(caught.value)


def test_secrets_of_the_environment_are_known(home: Path) -> None:
    """What the vendors' variables hold is masked without any file."""
    config = load_config(environ={**os.environ, "AWS_SECRET_ACCESS_KEY": "planted", "AWS_REGION": "eu-west-1"})
    assert config.redactor.redact("planted in eu-west-1") == "*** in eu-west-1"
