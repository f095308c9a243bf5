"""The vendor's vectors hold for the plugin and for the emulator, which share no code."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from hashlib import sha1

import pytest

from tests.emulators import kodo_bucket
from tests.emulators.clock import Clock
from tests.emulators.keys import Key
from tests.emulators.kodo_auth import Asked, Keys, Refusal, _new_text
from transfer.testing.checks.harness import noise
from transfer_qiniu.hashes import hash_of, sha1_of
from transfer_qiniu.metadata import Fields
from transfer_qiniu.policy import policy_of
from transfer_qiniu.signing import Signer

_MIB = 1024 * 1024
_KEYS = Keys({name: Key(name, secret) for name, secret in (("ak", "sk"), ("abcdefghklmnopq", "1234567890"))}, Clock())


def test_requests_are_signed_as_published() -> None:
    """The published signature of a request with headers of Qiniu's own, and a form."""
    asked = Asked(
        "GET",
        "/mkfile/sdf.jpg?s=er3&df",
        {
            "host": "upload.qiniup.com",
            "content-type": "application/x-www-form-urlencoded",
            "x-qiniu-aaa": "DDD",
            "x-qiniu-bbb": "BBB",
        },
        b"name=test&language=go",
    )
    _KEYS._check("ak:PUFPWsEUIpk_dzUvvxTTmwhp3p4=", _new_text(asked))
    _KEYS._check("abcdefghklmnopq:mSNBTR7uS2crJsyFr2Amwv1LaYg=", b"test")
    with pytest.raises(Refusal):
        _KEYS._check("ak:PUFPWsEUIpk_dzUvvxTTmwhp3p4=", _new_text(asked) + b" ")


@pytest.mark.parametrize(("url", "body"), [("/stat/YTpi", b""), ("/batch", b"op=/delete/YTpi&op=/delete/YTpj")])
def test_own_requests_are_accepted(url: str, body: bytes) -> None:
    """By the emulator's reading of the documents; and not with another body, target or host."""
    headers = {
        name.lower(): value
        for name, value in Signer("ak", "sk").managing("POST", f"https://rs.example:81{url}", body).items()
    }
    sent = {**headers, "host": "rs.example:81"}
    _KEYS.check_managing(Asked("POST", url, sent, body))
    for wrong in (
        Asked("POST", url, sent, body + b"x"),
        Asked("POST", url + "x", sent, body),
        Asked("POST", url, {**sent, "host": "elsewhere"}, body),
        Asked("GET", url, sent, body),
        Asked("POST", url, {**sent, "authorization": "UpToken x"}, body),
    ):
        with pytest.raises(Refusal):
            _KEYS.check_managing(wrong)


def test_upload_tokens() -> None:
    """Name one object, end within the hour, and carry the policy."""
    token = Signer("ak", "sk").upload_token("bucket", "a/é", {"insertOnly": 1, "detectMime": -1})
    policy = _KEYS.check_upload(token, "bucket", "a/é")
    assert policy == json.loads(urlsafe_b64decode(token.rpartition(":")[2]))
    assert (policy["scope"], policy["insertOnly"], policy["detectMime"]) == ("bucket:a/é", 1, -1)
    assert 3500 < policy["deadline"] - time.time() <= 3600
    with pytest.raises(Refusal, match="scope"):
        _KEYS.check_upload(token, "bucket", "a/other")


def test_policies() -> None:
    """The type that is sent counts, the class goes along, and what is there stays only where that is asked for."""
    fields = Fields("text/plain", 2)
    kept = policy_of(fields, if_absent=True)
    assert (kept["detectMime"], kept["fileType"], kept["insertOnly"]) == (-1, 2, 1)
    assert "insertOnly" not in policy_of(fields, if_absent=False)


def test_downloads() -> None:
    """An address is signed as a whole."""
    url = Signer("ak", "sk").downloading("http://domain/a%20b?x=1")
    _KEYS.check_download(url)
    with pytest.raises(Refusal):
        _KEYS.check_download(url.replace("a%20b", "a%20c"))


def test_what_servers_say_is_cleaned() -> None:
    """Neither secret nor token is told again."""
    signer = Signer("ak", "very-secret")
    token = signer.upload_token("bucket", "k", {})
    others = "https://b.s3.amazonaws.com/k?X-Amz-Signature=0123"
    told = signer.discreet(f'bad token {token} of very-secret, not {signer.downloading("http://d/k")} "{others}".')
    assert told == 'bad token *** of ***, not http://d/k?*** "https://b.s3.amazonaws.com/k?***".'


def test_the_account_is_told_apart_without_a_secret() -> None:
    """By a digest of the key."""
    assert Signer("ak", "sk").account == Signer("ak", "other").account != Signer("ak2", "sk").account
    assert "ak" not in Signer("akakakak", "sk").account.removeprefix("key-")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "Fto5o-5ea0sNMlW_75VgGJCv2AcJ"),
        (b"hello", "Fqr0xh3cxeii2r7eDztILNmuqUNN"),
        (bytes(4 * _MIB), "FivMvS848VwT631aif2dhfWV4jvD"),
        (bytes(8 * _MIB), "lsCVE24-Immdd6zm-ffVVhsWYcDG"),
    ],
    ids=["empty", "hello", "a block", "two blocks"],
)
def test_hashes(data: bytes, expected: str) -> None:
    """The known hashes, by both."""
    size = 4 * _MIB
    blocks = [sha1(data[at : at + size]).digest() for at in range(0, len(data), size)] or [sha1(b"").digest()]
    assert hash_of(blocks) == kodo_bucket.hash_of(data) == expected
    assert sha1_of(expected) == (sha1(data).digest() if len(data) <= size else None)


def test_hashes_of_parts() -> None:
    """Parts that are blocks have the hash of the whole, others a different one; neither is a SHA-1 of the bytes."""
    data = noise(9 * _MIB)
    by_blocks = kodo_bucket.hash_of_parts([data[at : at + 4 * _MIB] for at in range(0, len(data), 4 * _MIB)])
    by_others = kodo_bucket.hash_of_parts([data[: 5 * _MIB], data[5 * _MIB :]])
    assert by_blocks == kodo_bucket.hash_of(data) != by_others
    assert [sha1_of(text) for text in (by_blocks, by_others, "", "nonsense", None)] == [None] * 5
