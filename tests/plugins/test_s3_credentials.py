"""Credentials come from AWS's chain, stay fresh, and their absence is told."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from tests.plugins.scripted import EMPTY_LISTING, Asked, ScriptedServer, document, error, scripted
from transfer.aws import chain as chains
from transfer.errors import Denied, Misconfigured, TransferError, Transient

_NO_KEYS = {"access_key_id": "", "secret_access_key": ""}


def _listing(asked: Asked) -> web.Response:
    return document(EMPTY_LISTING)


def _key_of(asked: Asked) -> str:
    return asked.headers["authorization"].partition("Credential=")[2].partition("/")[0]


async def _check(server: ScriptedServer, **settings: str) -> Asked:
    store = await server.open(**{**_NO_KEYS, **settings})  # type: ignore[arg-type]
    await store.check(write=False)
    return server.asked[-1]


async def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual variables are read, the region among them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    async with scripted(_listing) as server:
        asked = await _check(server)
    assert _key_of(asked) == "AKENV"
    assert asked.headers["x-amz-security-token"] == "token"
    assert "/eu-north-1/s3/" in asked.headers["authorization"]


async def test_from_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile brings keys, region and endpoint."""
    async with scripted(_listing) as server:
        config = (
            f"[profile work]\naws_access_key_id = AKPROFILE\naws_secret_access_key = s\nregion = cn-north-1\n"
            f"services = here\n[services here]\ns3 =\n  endpoint_url = {server.endpoint}\n"
        )
        (tmp_path / "config").write_text(config)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        asked = await _check(server, profile="work", endpoint="")
    assert _key_of(asked) == "AKPROFILE"
    assert "/cn-north-1/s3/" in asked.headers["authorization"]


async def test_a_profile_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names it, and those that are."""
    (tmp_path / "config").write_text("[profile work]\nregion = cn-north-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    async with scripted(_listing) as server:
        with pytest.raises(Misconfigured, match=r"no AWS profile 'wrok' \(known are work\)"):
            await _check(server, profile="wrok")


async def test_an_endpoint_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable for S3 comes before the one for all services, and both can be switched off."""
    async with scripted(_listing) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere.invalid")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.endpoint)
        store = await server.open(endpoint="")
        assert store.origin.endpoint == server.endpoint
        monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
        store = await server.open(endpoint="")
        assert store.origin.endpoint == "https://s3.amazonaws.com"


async def test_nowhere_to_be_found() -> None:
    """No credentials are told with the remedies; nothing is sent."""
    async with scripted(_listing) as server:
        with pytest.raises(Misconfigured, match="No AWS credentials were found: set AWS_ACCESS_KEY_ID"):
            await _check(server)
    assert server.asked == []


@pytest.mark.parametrize(
    ("given", "lacking"),
    [("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID")],
)
async def test_half_a_key_in_the_environment(given: str, lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that is missing is named."""
    monkeypatch.setenv(given, "sesame")
    async with scripted(_listing) as server:
        with pytest.raises(Misconfigured, match=f"The credentials of AWS lack {lacking}; set it beside") as caught:
            await _check(server)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("file", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
@pytest.mark.parametrize(
    ("given", "lacking"),
    [("aws_access_key_id", "aws_secret_access_key"), ("aws_secret_access_key", "aws_access_key_id")],
)
async def test_half_a_key_in_a_file(
    file: str, given: str, lacking: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So is the option that a profile lacks."""
    section = "profile work" if file == "AWS_CONFIG_FILE" else "work"
    (tmp_path / "file").write_text(f"[{section}]\n{given} = sesame\n")
    monkeypatch.setenv(file, str(tmp_path / "file"))
    async with scripted(_listing) as server:
        with pytest.raises(Misconfigured, match=f"of profile 'work' lack {lacking}; set it beside") as caught:
            await _check(server, profile="work")
    assert "sesame" not in str(caught.value)


async def test_anonymous() -> None:
    """Unsigned requests carry nothing of a signature."""
    async with scripted(_listing) as server:
        asked = await _check(server, anonymous="true")
    assert not [name for name in asked.headers if name == "authorization" or name.startswith("x-amz")]


def _helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, seconds: int) -> Path:
    """A credential helper that gives a new key at each call, good for ``seconds``. Returns its counter."""
    counter = tmp_path / "calls"
    script = tmp_path / "helper.py"
    until = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    answer = {"Version": 1, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": until}
    script.write_text(
        f"import json, pathlib\np = pathlib.Path({str(counter)!r})\n"
        "n = int(p.read_text()) + 1 if p.exists() else 1\np.write_text(str(n))\n"
        f"print(json.dumps({{**json.loads({json.dumps(json.dumps(answer))}), 'AccessKeyId': f'AK{{n}}'}}))\n"
    )
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {sys.executable} {script}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return counter


async def test_what_expires_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials about to expire are fetched again before they do, and not before each request."""
    monkeypatch.setattr("transfer.aws.credentials._LOOK_EVERY", 0.0)
    counter = _helper(tmp_path, monkeypatch, seconds=5)
    async with scripted(_listing) as server:
        store = await server.open(**_NO_KEYS)  # type: ignore[arg-type]
        await store.check(write=False)
        await store.check(write=False)
        first, second = (_key_of(asked) for asked in server.asked)
        assert first != second
        _helper(tmp_path, monkeypatch, seconds=7200)
        counter.write_text("10")
        store = await server.open(**_NO_KEYS)  # type: ignore[arg-type]
        await store.check(write=False)
        await store.check(write=False)
    assert [_key_of(asked) for asked in server.asked[2:]] == ["AK11", "AK11"]


async def test_what_has_expired_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that the server calls expired is renewed, and the request may be made again."""
    _helper(tmp_path, monkeypatch, seconds=7200)

    def script(asked: Asked) -> web.Response:
        return error("ExpiredToken", 400) if _key_of(asked) == "AK1" else _listing(asked)

    async with scripted(script) as server:
        store = await server.open(**_NO_KEYS)  # type: ignore[arg-type]
        with pytest.raises(Transient, match="renewed credentials"):
            await store.check(write=False)
        await store.check(write=False)


async def test_a_fixed_token_that_has_expired() -> None:
    """Where there is nothing to renew, the remedy is told."""
    async with scripted(lambda asked: error("ExpiredToken", 400)) as server:
        store = await server.open(session_token="old")
        with pytest.raises(Denied, match="has expired, get a new one"):
            await store.check(write=False)


async def test_a_helper_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a credential helper printed is not quoted: it may be a secret."""
    (tmp_path / "config").write_text("[default]\ncredential_process = sh -c 'echo sesame >&2; exit 1'\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    async with scripted(_listing) as server:
        with pytest.raises(Misconfigured, match="can't be had") as caught:
            await _check(server)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "printed", ["sesame", "[1]", '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "sesame", "Expiration": 7}']
)
async def test_a_helper_that_prints_something_else(
    printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not in the form that the SDK trusts in is told in a sentence, unquoted."""
    script = tmp_path / "helper.py"
    script.write_text(f"print({printed!r})\n")
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {sys.executable} {script}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    async with scripted(_listing) as server:
        with pytest.raises(Misconfigured, match="can't be read") as caught:
            await _check(server)
    assert "sesame" not in str(caught.value)


async def test_keys_of_the_environment_that_have_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    """They say until when they are good; past that, nothing is sent."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sesame")
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z")
    async with scripted(_listing) as server:
        with pytest.raises(Misconfigured, match="have expired: get new ones"):
            await _check(server)
    assert server.asked == []


async def test_a_refusal_without_a_word_may_be_of_an_expired_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A HEAD is refused with a mere 400, as for other reasons: a GET with the same token tells which it is."""
    _helper(tmp_path, monkeypatch, seconds=7200)

    def script(asked: Asked) -> web.Response:
        if _key_of(asked) == "AK1":
            return web.Response(status=400) if asked.method == "HEAD" else error("ExpiredToken", 400)
        return web.Response(status=400 if asked.target.endswith("/odd") else 200)

    async with scripted(script) as server:
        store = await server.open(**_NO_KEYS)  # type: ignore[arg-type]
        with pytest.raises(Transient, match="'s3://bucket/k' must be asked for again, with renewed credentials"):
            await store.stat("k")
        await store.stat("k")
        with pytest.raises(TransferError, match="status 400"):
            await store.stat("odd")
        assert [_key_of(asked) for asked in server.asked] == ["AK1", "AK1", "AK2", "AK2", "AK2"]
        fixed = await server.open(session_token="old", access_key_id="AK1")
        with pytest.raises(Denied, match="'s3://bucket/k' was refused: the session token has expired"):
            await fixed.stat("k")


async def test_without_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys in the settings need no SDK; the chain does, and its absence is an ImportError."""

    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(chains, "import_module", missing)
    async with scripted(_listing) as server:
        await (await server.open()).check(write=False)
        with pytest.raises(ImportError):
            await server.open(**_NO_KEYS)  # type: ignore[arg-type]
