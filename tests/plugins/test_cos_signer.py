"""Requests are signed as Tencent's SDK and the specification have it, and nothing of it is logged."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from types import SimpleNamespace
from unittest import mock
from urllib.parse import parse_qsl

import pytest
import qcloud_cos
from hypothesis import given
from hypothesis import strategies as st

from tests.emulators.cos_signing import http_string, sign
from tests.plugins.cosplace import KEYS, CosPlace
from transfer.model import Body, Entry, Metadata
from transfer.restxml.signing import Target
from transfer.wire.quoting import quote_path, quote_query
from transfer.wire.sigv4 import UNSIGNED, Credentials
from transfer_cos.signature import authorization
from transfer_cos.signer import CosSigner

_HOST = "b-1.cos.ap-guangzhou.myqcloud.com"
_KEYS = Credentials("ak", "sk", None)
_TEMPORARY = Credentials("ak", "sk", "a token")


def _target(method: str, name: str | None, parameters: Mapping[str, str], host: str = _HOST) -> Target:
    path = f"/{quote_path(name or '')}"
    return Target(method, host, path, quote_query(parameters), parameters, "b-1", name, "ap-guangzhou")


def test_the_vendors_vector() -> None:
    """The one that its Go SDK is tested with."""
    headers = {
        "host": "testbucket-125000000.cos.ap-guangzhou.myqcloud.com",
        "x-cos-content-sha1": "db8ac1c259eb89d4a131b253bacfca5f319d54f2",
        "x-cos-stroage-class": "nearline",  # as it is spelled there
    }
    keys = Credentials("QmFzZTY0IGlzIGEgZ2VuZXJp", "AKIDZfbOA78asKUYBcXFrJD0a1ICvR98JM", None)
    fields = authorization(_target("PUT", "testfile2", {}), {}, headers, "1480932292;1481012292", keys)
    assert (fields["q-ak"], fields["q-sign-time"]) == (keys.access_key_id, "1480932292;1481012292")
    assert fields["q-signature"] == "ce4ac0ecbcdb30538b3fee0a97cc6389694ce53a"


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_KEYS_OF_OBJECTS = st.sampled_from(["a b+c%d", "a//b", "/x", "a/../b", "~", "é😀", "\x01", "dir/"]) | _TEXT.filter(bool)
_VALUES = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), max_size=20)
_HEADERS = st.dictionaries(
    st.sampled_from(
        ["content-type", "content-md5", "content-length", "range", "date", "x-cos-acl", "x-ci-x", "if-match", "x-else"]
    )
    | st.from_regex(r"x-cos-meta-[a-z0-9-]{1,8}", fullmatch=True),
    _VALUES,
    max_size=5,
)
_PARAMETERS = st.dictionaries(
    st.sampled_from(["versionId", "response-Content-Type", "prefix", "uploads"]) | _TEXT.filter(bool), _TEXT, max_size=4
)
_IDS = st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True)
_SECRETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
_TARGETS = st.builds(
    _target,
    st.sampled_from(["GET", "PUT", "POST", "HEAD", "DELETE"]),
    st.none() | _KEYS_OF_OBJECTS,
    _PARAMETERS,
    st.sampled_from([_HOST, "localhost:8080"]),
)


@given(
    target=_TARGETS,
    headers=_HEADERS,
    keys=st.builds(Credentials, _IDS, _SECRETS, st.none() | _SECRETS),
    now=st.integers(61, 2**32),
)
def test_equals_the_sdk(target: Target, headers: dict[str, str], keys: Credentials, now: int) -> None:
    """For any method, key, parameters, headers, credentials, host and time, the authorization is Tencent's."""
    with mock.patch("transfer_cos.signer.time.time", return_value=now):
        signed = CosSigner().sign(target, headers, UNSIGNED, keys)
    given_headers = {**headers, "host": target.host}
    if keys.session_token:
        given_headers["x-cos-security-token"] = keys.session_token
    assert signed["authorization"] == _sdks(target, target.parameters, given_headers, keys, now, 3600)


@given(
    target=_TARGETS,
    keys=st.builds(Credentials, _IDS, _SECRETS, st.none() | _SECRETS),
    now=st.integers(61, 2**32),
    seconds=st.integers(1, 604_800),
)
def test_addresses_equal_the_sdks(target: Target, keys: Credentials, now: int, seconds: int) -> None:
    """For any object, an address has the same in its parameters."""
    with mock.patch("transfer_cos.signer.time.time", return_value=now):
        told = CosSigner().presign(target, seconds, keys)
    asked = dict(target.parameters)
    if keys.session_token:
        asked["x-cos-security-token"] = keys.session_token
    theirs = _sdks(target, asked, {"host": target.host}, keys, now, seconds)
    fields = dict(pair.partition("=")[::2] for pair in theirs.split("&"))
    assert dict(parse_qsl(told, keep_blank_values=True)) == {**asked, **fields}


def _sdks(
    target: Target, parameters: Mapping[str, str], headers: Mapping[str, str], keys: Credentials, now: int, seconds: int
) -> str:
    """The authorization that the SDK's signer comes to, which reads the clock by itself."""
    config = qcloud_cos.CosConfig(Region="unused", SecretId=keys.access_key_id, SecretKey=keys.secret_access_key)
    request = SimpleNamespace(method=target.method, url="", headers=dict(headers))
    with mock.patch("qcloud_cos.cos_auth.time", SimpleNamespace(time=lambda: now)):
        qcloud_cos.CosS3Auth(config, f"/{target.name or ''}", dict(parameters), seconds, True)(request)
    return str(request.headers["Authorization"])


def _fields(signed: Mapping[str, str]) -> dict[str, str]:
    return dict(pair.partition("=")[::2] for pair in signed["authorization"].split("&"))


_NAMES = ["plain", "a b/c+d", "über/日本", "%41&=?#", "dir/", "tilde~'()*!", "./a/../b", None]
_ASKED: list[Mapping[str, str]] = [
    {},
    {"uploads": "", "prefix": "a b/+%", "encoding-type": "url"},
    {"marker": "ü a+b/=", "max-keys": "1000"},
    {"uploadId": "A", "partNumber": "7"},
    {"versionId": "a b+c/=", "restore": ""},
]


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("parameters", _ASKED)
@pytest.mark.parametrize("credentials", [_KEYS, _TEMPORARY], ids=["key", "token"])
def test_as_the_specification_says(name: str | None, parameters: Mapping[str, str], credentials: Credentials) -> None:
    """Our reading of it, which the emulator verifies by, comes to the same; all parameters are signed, and the token.

    What is given is left alone.
    """
    headers = {
        "content-type": "text/plain",
        "x-cos-meta-a": "b c",
        "x-cos-storage-class": "ARCHIVE",
        "range": "bytes=0-1",
    }
    before = dict(headers)
    signed = CosSigner().sign(_target("PUT", name, parameters), headers, UNSIGNED, credentials)
    assert headers == before
    assert before.items() <= signed.items()
    assert "host" not in signed
    assert [each for each in signed if each != each.lower()] == []
    fields = _fields(signed)
    lists = [fields["q-url-param-list"].split(";") if parameters else [], fields["q-header-list"].split(";")]
    assert lists[0] == sorted(each.lower() for each in parameters)
    assert {*headers, "host"} <= set(lists[1])
    assert signed.get("x-cos-security-token") == credentials.session_token
    assert ("x-cos-security-token" in lists[1]) == (credentials is _TEMPORARY)
    string = http_string("PUT", f"/{name or ''}", parameters, {**signed, "host": _HOST}, *lists)
    assert fields["q-signature"] == sign("sk", fields["q-key-time"], fields["q-sign-time"], string)


def test_how_long_it_holds() -> None:
    """An hour, and a minute before, for clocks that are a little wrong."""
    begins, ends = map(
        int, _fields(CosSigner().sign(_target("GET", "k", {}), {}, UNSIGNED, _KEYS))["q-sign-time"].split(";")
    )
    assert ends - begins == 3660
    assert abs(begins + 60 - time.time()) < 30


async def test_keys_with_dots_and_slashes(cos: CosPlace) -> None:
    """Nothing of a name is normalised, in what is signed or in what is sent."""
    store = await cos.open("p")
    for key in ("a//b", "./a", "a/../b", "/a", "a/", "%2F", "?x=1&y=2", "ü +~"):
        await store.put(key, Body(b"data"), Metadata())
        assert cos.held(f"p/{key}").blob.bytes() == b"data"


async def test_nothing_of_it_is_logged(cos: CosPlace, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the secret nor what is signed, if all are asked to tell all."""
    caplog.set_level(logging.DEBUG)
    store = await cos.open()
    await store.check(write=True)
    await store.put("a-key-of-ours", Body(b"data"), Metadata(user={"who": "me"}))
    async with store.read(Entry("a-key-of-ours")):
        pass
    for secret in (KEYS["secret_key"], "q-ak", "q-signature"):
        assert secret not in caplog.text
