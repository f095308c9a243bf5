"""Requests are signed as Aliyun's SDK and the specification have it, and nothing of it is logged."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl

import oss2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oss2.credentials import StaticCredentialsProvider

from tests.emulators.oss_signing import canonical_v4, sign_v1, sign_v4, string_v1, string_v4
from tests.plugins.ossplace import KEYS, OssPlace
from transfer.model import Body, Entry, Metadata
from transfer.restxml.signing import Target
from transfer.wire.quoting import quote_path, quote_query
from transfer.wire.sigv4 import UNSIGNED, Credentials
from transfer_oss.signer import OssSigner
from transfer_oss.v1 import V1
from transfer_oss.v4 import V4

_KEYS = Credentials("ak", "sk", None)
_TEMPORARY = Credentials("ak", "sk", "a token")


def _target(method: str, bucket: str, name: str | None, parameters: Mapping[str, str]) -> Target:
    path = f"/{bucket}/{quote_path(name or '')}"
    return Target(method, "localhost", path, quote_query(parameters), parameters, bucket, name, "cn-hangzhou")


def test_the_vendors_vector_of_version_4() -> None:
    """The one that its own SDKs are tested with."""
    parameters = {
        "param1": "value1",
        "+param1": "value3",
        "|param1": "value4",
        "+param2": "",
        "|param2": "",
        "param2": "",
    }
    headers = {"content-type": "text/plain", "x-oss-head1": "value", "abc": "value", "zabc": "value", "xyz": "value"}
    target = _target("PUT", "bucket", "1234+-/123/1.txt", parameters)
    told = V4().sign(target, headers, _KEYS, 1702743657)["authorization"]
    assert told.endswith("Signature=e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe")
    assert "Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request" in told


def test_the_vendors_vector_of_version_1() -> None:
    """The one of its documents."""
    headers = {
        "content-md5": "eB5eJF1ptWaXm4bijSPyxw==",
        "content-type": "text/html",
        "x-oss-date": "Wed, 28 Dec 2022 10:27:41 GMT",
        "x-oss-meta-author": "alice",
        "x-oss-meta-magic": "abracadabra",
    }
    signed = V1().sign(_target("PUT", "examplebucket", "nelson", {}), headers, _KEYS, 1672223261)
    assert signed["authorization"] == "OSS ak:kSHKmLxlyEAKtZPkJhG9bZb5k7M="
    assert signed["date"] == headers["x-oss-date"]


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_KEYS_OF_OBJECTS = st.sampled_from(["a b+c%d", "a//b", "./x", "a/../b", "~", "é😀", "\x01", "dir/"]) | _TEXT.filter(
    bool
)
_VALUES = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), max_size=20)
_HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "content-md5", "range", "x-oss-tagging", "x-oss-acl"])
    | st.from_regex(r"x-oss-meta-[a-z0-9-]{1,8}", fullmatch=True),
    _VALUES,
    max_size=5,
)
_PARAMETERS = st.dictionaries(
    st.sampled_from(sorted(oss2.ProviderAuth._subresource_key_set)) | _TEXT.filter(bool), _TEXT, max_size=5
)
_IDS = st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True)
_SECRETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
_TARGETS = st.builds(
    _target,
    st.sampled_from(["GET", "PUT", "POST", "HEAD", "DELETE"]),
    st.just("bucket"),
    st.none() | _KEYS_OF_OBJECTS,
    _PARAMETERS,
) | st.builds(_target, st.just("GET"), st.just(""), st.none(), _PARAMETERS)
_CREDENTIALS = st.builds(Credentials, _IDS, _SECRETS, st.none() | _SECRETS)
_MOMENTS = st.integers(0, 2**32)
_VERSIONS: Mapping[str, tuple[V1 | V4, Any]] = {
    "v1": (V1(), oss2.ProviderAuth),
    "v4": (V4(), oss2.ProviderAuthV4),
}


@pytest.mark.parametrize("version", _VERSIONS)
@given(target=_TARGETS, headers=_HEADERS, credentials=_CREDENTIALS, now=_MOMENTS)
def test_equals_the_sdk(
    version: str, target: Target, headers: dict[str, str], credentials: Credentials, now: int
) -> None:
    """For any method, bucket, key, parameters, headers, credentials and time, all headers are those of Aliyun's."""
    ours, theirs = _VERSIONS[version]
    request = _request(target, headers)
    with _sdk_at(now):
        theirs(_provider(credentials))._sign_request(request, target.bucket, target.name or "")
    assert ours.sign(target, headers, credentials, now) == {
        name: value for name, value in request.headers.items() if value is not None
    }


@pytest.mark.parametrize("version", _VERSIONS)
@given(target=_TARGETS, credentials=_CREDENTIALS, now=_MOMENTS, seconds=st.integers(1, 604_800))
def test_addresses_equal_the_sdks(
    version: str, target: Target, credentials: Credentials, now: int, seconds: int
) -> None:
    """For any object, the parameters of an address are those of Aliyun's."""
    ours, theirs = _VERSIONS[version]
    request = _request(target, {})
    with _sdk_at(now):
        url = theirs(_provider(credentials))._sign_url(request, target.bucket, target.name or "", seconds)
    told = ours.presign(target, seconds, credentials, now)
    assert sorted(parse_qsl(told, keep_blank_values=True)) == sorted(
        parse_qsl(url.removeprefix("?"), keep_blank_values=True)
    )


def _request(target: Target, headers: Mapping[str, str]) -> SimpleNamespace:
    """What the SDK's signers look at, and the headers and parameters that they add to."""
    return SimpleNamespace(
        method=target.method,
        params=dict(target.parameters),
        headers=dict(headers),
        region=target.region,
        url="",
        product="oss",
        cloudbox_id=None,
    )


def _provider(credentials: Credentials) -> Any:
    return StaticCredentialsProvider(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token or ""
    )


@contextlib.contextmanager
def _sdk_at(now: int) -> Iterator[None]:
    """The SDK reads the clock by itself."""
    moment = dt.datetime.fromtimestamp(now, dt.UTC)
    with (
        mock.patch("oss2.auth.datetime", SimpleNamespace(utcnow=lambda: moment)),
        mock.patch("oss2.auth.time", SimpleNamespace(time=lambda: now)),
        mock.patch("oss2.utils.http_date", return_value=formatdate(now, usegmt=True)),
    ):
        yield


_NAMES = ["plain", "a b/c+d", "über/日本", "%41&=?#", "dir/", "tilde~'()*!", None]
_ASKED: list[Mapping[str, str]] = [
    {},
    {"uploads": "", "prefix": "a b/+%", "encoding-type": "url"},
    {"list-type": "2", "continuation-token": "a+b/=", "start-after": "ü"},
    {"uploadId": "A", "partNumber": "7"},
    {"versionId": "a b+c/=", "restore": ""},
]


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("parameters", _ASKED)
@pytest.mark.parametrize("credentials", [_KEYS, _TEMPORARY], ids=["key", "token"])
def test_as_the_specification_says(name: str | None, parameters: Mapping[str, str], credentials: Credentials) -> None:
    """Our reading of it, which the emulator verifies by, comes to the same signatures, with a token and without."""
    headers = {"content-type": "text/plain", "x-oss-meta-a": "b c", "x-oss-storage-class": "IA", "range": "bytes=0-1"}
    target = _target("PUT", "bucket", name, parameters)
    signed = {low.lower(): value for low, value in _signed("v4", target, headers, credentials).items()}
    moment = signed["x-oss-date"]
    scope = f"{moment[:8]}/cn-hangzhou/oss/aliyun_v4_request"
    canonical = canonical_v4("PUT", "bucket", name or "", parameters.items(), signed, ())
    assert signed["authorization"].endswith(f"Signature={sign_v4('sk', string_v4(canonical, moment, scope), scope)}")
    assert signed.get("x-oss-security-token") == credentials.session_token
    signed = {low.lower(): value for low, value in _signed("v1", target, headers, credentials).items()}
    string = string_v1("PUT", "bucket", name or "", parameters, signed, signed["date"])
    assert signed["authorization"] == f"OSS ak:{sign_v1('sk', string)}"


def _signed(version: str, target: Target, headers: Mapping[str, str], credentials: Credentials) -> Mapping[str, str]:
    before = dict(headers)
    signed = OssSigner(version).sign(target, headers, UNSIGNED, credentials)
    assert headers == before, "what is given is left alone"
    assert before.items() <= signed.items()
    return signed


def test_names_are_in_lower_case() -> None:
    """As the client, which adds to them and looks for them, wants it."""
    for version in ("v1", "v4"):
        signed = OssSigner(version).sign(_target("GET", "b", None, {}), {}, UNSIGNED, _TEMPORARY)
        assert [name for name in signed if name != name.lower()] == []


@pytest.mark.parametrize("signature", ["v1", "v4"])
async def test_nothing_of_it_is_logged(oss: OssPlace, signature: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the secret nor what is signed, if all are asked to tell all."""
    caplog.set_level(logging.DEBUG)
    store = await oss.open(signature=signature)
    await store.check(write=True)
    await store.put("a-key-of-ours", Body(b"data"), Metadata(user={"who": "me"}))
    async with store.read(Entry("a-key-of-ours")):
        pass
    for secret in (KEYS["access_key_secret"], "x-oss-date", "Signature=", "OSS id:"):
        assert secret not in caplog.text
