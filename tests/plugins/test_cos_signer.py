"""Requests are signed as the specification says, and nothing of it is logged."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from types import SimpleNamespace

import pytest
import qcloud_cos

from tests.emulators.cos_signing import http_string, sign
from tests.plugins.cosplace import KEYS, CosPlace
from transfer.model import Body, Entry, Metadata
from transfer.restxml.signing import Target
from transfer.wire.quoting import quote_path, quote_query
from transfer.wire.sigv4 import UNSIGNED, Credentials
from transfer_cos.signer import CosSigner

_HOST = "b-1.cos.ap-guangzhou.myqcloud.com"
_KEYS = Credentials("ak", "sk", None)
_TEMPORARY = Credentials("ak", "sk", "a token")


def _target(method: str, name: str | None, parameters: Mapping[str, str], host: str = _HOST) -> Target:
    path = f"/{quote_path(name or '')}"
    return Target(method, host, path, quote_query(parameters), parameters, "b-1", name, "ap-guangzhou")


def test_the_vendors_vector(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that its Go SDK is tested with. The SDK reads the clock by itself."""
    monkeypatch.setattr(qcloud_cos.cos_auth, "time", SimpleNamespace(time=lambda: 1480932292 + 60))
    monkeypatch.setattr("transfer_cos.signer._SECONDS", 1481012292 - 1480932292 - 60)
    headers = {
        "x-cos-content-sha1": "db8ac1c259eb89d4a131b253bacfca5f319d54f2",
        "x-cos-stroage-class": "nearline",  # as it is spelled there
    }
    keys = Credentials("QmFzZTY0IGlzIGEgZ2VuZXJp", "AKIDZfbOA78asKUYBcXFrJD0a1ICvR98JM", None)
    target = _target("PUT", "testfile2", {}, "testbucket-125000000.cos.ap-guangzhou.myqcloud.com")
    signed = CosSigner().sign(target, headers, UNSIGNED, keys)
    fields = _fields(signed)
    assert (fields["q-ak"], fields["q-sign-time"]) == (keys.access_key_id, "1480932292;1481012292")
    assert fields["q-signature"] == "ce4ac0ecbcdb30538b3fee0a97cc6389694ce53a"


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
    """The SDK prints the key that it signs with, if it is asked to tell all: not here."""
    caplog.set_level(logging.DEBUG)
    for name in ("qcloud_cos", "qcloud_cos.cos_auth", "qcloud_cos.cos_client", "qcloud_cos.cos_comm"):
        caplog.set_level(logging.DEBUG, logger=name)
    store = await cos.open()
    await store.check(write=True)
    await store.put("a-key-of-ours", Body(b"data"), Metadata(user={"who": "me"}))
    async with store.read(Entry("a-key-of-ours")):
        pass
    assert [record for record in caplog.records if record.name.startswith("qcloud_cos")] == []
    for secret in (KEYS["secret_key"], "sign_key", "q-signature"):
        assert secret not in caplog.text
