"""Requests are signed as the specification says, and nothing of it is logged."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping

import oss2
import pytest

from tests.emulators.oss_signing import canonical_v4, sign_v1, sign_v4, string_v1, string_v4
from tests.plugins.ossplace import KEYS, OssPlace
from transfer.model import Body, Entry, Metadata
from transfer.restxml.signing import Target
from transfer.wire.quoting import quote_path, quote_query
from transfer.wire.sigv4 import UNSIGNED, Credentials
from transfer_oss.signer import OssSigner

_KEYS = Credentials("ak", "sk", None)
_TEMPORARY = Credentials("ak", "sk", "a token")


def _target(method: str, bucket: str, name: str | None, parameters: Mapping[str, str]) -> Target:
    path = f"/{bucket}/{quote_path(name or '')}"
    return Target(method, "localhost", path, quote_query(parameters), parameters, bucket, name, "cn-hangzhou")


def test_the_vendors_vector_of_version_4(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that its own SDKs are tested with. The SDK reads the clock by itself."""

    class Then(dt.datetime):
        @classmethod
        def utcnow(cls) -> Then:
            return cls(2023, 12, 16, 16, 20, 57)

    monkeypatch.setattr(oss2.auth, "datetime", Then)
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
    signed = OssSigner("v4").sign(target, headers, UNSIGNED, _KEYS)
    told = signed["authorization"]
    assert told.endswith("Signature=e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe")
    assert "Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request" in told


def test_the_vendors_vector_of_version_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one of its documents."""
    monkeypatch.setattr(oss2.utils, "http_date", lambda *_: "Wed, 28 Dec 2022 10:27:41 GMT")
    headers = {
        "content-md5": "eB5eJF1ptWaXm4bijSPyxw==",
        "content-type": "text/html",
        "x-oss-date": "Wed, 28 Dec 2022 10:27:41 GMT",
        "x-oss-meta-author": "alice",
        "x-oss-meta-magic": "abracadabra",
    }
    signed = OssSigner("v1").sign(_target("PUT", "examplebucket", "nelson", {}), headers, UNSIGNED, _KEYS)
    assert signed["authorization"] == "OSS ak:kSHKmLxlyEAKtZPkJhG9bZb5k7M="


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
    """The SDK prints what it signs, if it is asked to tell all: not here."""
    caplog.set_level(logging.DEBUG)
    for name in ("oss2", "oss2.auth", "oss2.api", "oss2.credentials"):
        caplog.set_level(logging.DEBUG, logger=name)
    store = await oss.open(signature=signature)
    await store.check(write=True)
    await store.put("a-key-of-ours", Body(b"data"), Metadata(user={"who": "me"}))
    async with store.read(Entry("a-key-of-ours")):
        pass
    assert [record for record in caplog.records if record.name.startswith("oss2")] == []
    for secret in (KEYS["access_key_secret"], "string to be signed", "canonical_request"):
        assert secret not in caplog.text
