"""Secrets planted in all the shapes that libraries write them in."""

from __future__ import annotations

import logging
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.secrets import MASK, RedactingFormatter, Redactor, Secret, is_secret

PLANTED = "pLanTed+/Secret=="


@pytest.mark.parametrize(
    "text",
    [
        "GET /k?X-Amz-Signature=pLanTed&x=1",
        "GET /k?X-Amz-Expires=1&X-Amz-Security-Token=pLanTed HTTP/1.1",
        "https://host/k?X-Amz-Credential=pLanTed%2F20260101&X-Amz-Date=1",
        "https://host/k?AWSAccessKeyId=A&Signature=pLanTed&Expires=1",
        "Authorization: AWS4-HMAC-SHA256 Credential=A/x, SignedHeaders=host, Signature=pLanTed",
        "{'Authorization': b'AWS4-HMAC-SHA256 Credential=pLanTed', 'Host': 'h'}",
        "authorization: OSS id:pLanTed",
        "Signature:\npLanTed",
        "x-amz-security-token:pLanTed",
        '{"x-amz-security-token": "pLanTed"}',
        "{'X-Amz-Security-Token': 'pLanTed'}",
        "<SecretAccessKey>pLanTed</SecretAccessKey>",
        '"SessionToken": "pLanTed"',
        "aws_secret_access_key = pLanTed",
        "x-amz-server-side-encryption-customer-key: pLanTed",
        "http://user:pLanTed@proxy:3128/",
        "password=pLanTed",
        "GET http://domain/k?e=1700000000&token=ak:pLanTed: 200",
        "https://host/k?x-oss-signature-version=OSS4&x-oss-signature=pLanTed",
        "https://host/k?q-ak=A&q-signature=pLanTed&x-cos-security-token=pLanTed",
    ],
)
def test_what_signs_is_masked_without_being_known(text: str) -> None:
    """Signatures, tokens and passwords are found by what stands before them."""
    clean = Redactor().redact(text)
    assert "pLanTed" not in clean
    assert MASK in clean


@pytest.mark.parametrize(
    "text",
    [
        "s3://bucket/signature/a@b",
        "3 tokens of 5; the key 'a/b' failed",
        "https://host/bucket?continuation-token=abc",
        "x-amz-server-side-encryption-customer-key-MD5: abc",
        "https://host:8333/bucket?list-type=2&prefix=a%2Fb",
    ],
)
def test_what_is_harmless_is_left(text: str) -> None:
    """Keys, URLs and sentences stay readable."""
    assert Redactor().redact(text) == text


@pytest.mark.parametrize("shape", [PLANTED, quote(PLANTED), quote(PLANTED, safe=""), repr(PLANTED)])
def test_known_secrets_are_masked_anywhere(shape: str) -> None:
    """A secret that was told of is found raw, percent-encoded and quoted."""
    redactor = Redactor()
    redactor.add(PLANTED)
    clean = redactor.redact(f"before {shape} after")
    assert "pLanTed" not in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")


@given(st.lists(st.text("abX%", min_size=4, max_size=8), min_size=1, max_size=4), st.text("abX% ", max_size=40))
def test_no_known_secret_survives(secrets: list[str], text: str) -> None:
    """Whatever the text and the secrets, also where one is part of another."""
    redactor = Redactor()
    for secret in secrets:
        redactor.add(secret)
    clean = redactor.redact(text + secrets[0])
    assert not any(secret in clean for secret in secrets)


def test_the_longest_secret_is_masked_whole() -> None:
    """A secret that begins with another leaves no rest."""
    redactor = Redactor()
    for secret in ("planted", "plantedlonger"):
        redactor.add(secret)
    assert redactor.redact("plantedlonger planted") == "*** ***"


def test_short_values_are_no_secrets() -> None:
    """Masking a value of three letters would only garble."""
    redactor = Redactor()
    redactor.add("abc")
    redactor.add("")
    assert redactor.redact("abcdef") == "abcdef"


def test_redactors_share_nothing() -> None:
    """Two jobs in one process don't know each other's secrets."""
    first = Redactor()
    first.add("planted")
    assert Redactor().redact("planted") == "planted"


def test_a_log_line_is_clean_with_its_traceback() -> None:
    """Messages, arguments and tracebacks are all cleaned."""
    redactor = Redactor()
    redactor.add("planted")
    try:
        int("planted in an error")
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("transfer", logging.ERROR, "", 1, "key %s", ("planted",), info)
    line = RedactingFormatter(logging.Formatter("%(name)s: %(message)s"), redactor).format(record)
    assert line.startswith("transfer: key ***\nTraceback")
    assert "planted" not in line


def test_a_secret_is_text_with_a_masked_repr() -> None:
    """It works as text and shows nothing when a structure that holds it is printed."""
    secret = Secret("planted")
    assert secret == "planted"
    assert repr({"key": secret}) == "{'key': '***'}"


@pytest.mark.parametrize("name", ["secret_access_key", "session_token", "AWS_SECRET_ACCESS_KEY", "password", "api_key"])
def test_secret_names(name: str) -> None:
    """Names tell of secrets."""
    assert is_secret(name)


@pytest.mark.parametrize("name", ["access_key_id", "endpoint", "sse_c_key_file", "AWS_WEB_IDENTITY_TOKEN_FILE", "KEYS"])
def test_harmless_names(name: str) -> None:
    """Names of files, and ids, tell of none."""
    assert not is_secret(name)
