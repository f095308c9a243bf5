"""Each of Glacier's codes is one of our kinds, in one sentence that names the thing."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from transfer.errors import (
    Corrupt,
    Denied,
    Misconfigured,
    NotFound,
    Throttled,
    TransferError,
    Transient,
    Unsupported,
)
from transfer.wire.errordoc import ErrorDocument
from transfer_glacier.errors import Failure, read_error, translate

_SUBJECT = "'glacier://photos/k'"


def failure(code: str, status: int, message: str = "", **headers: str) -> TransferError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return translate(Failure(status, named, ErrorDocument(code, message), _SUBJECT, "k"))


@pytest.mark.parametrize(
    ("code", "status", "message", "kind", "words"),
    [
        ("ResourceNotFoundException", 404, "The upload ID was not found: x", NotFound, "is not there"),
        ("ResourceNotFoundException", 404, "Vault not found for ARN: x", NotFound, "a vault that does not exist"),
        ("AccessDeniedException", 403, "", Denied, "the vault's policy and its lock"),
        ("InvalidSignatureException", 403, "does not match", Denied, "check access_key_id and secret_access_key"),
        ("InvalidSignatureException", 403, "Signature expired: x is now earlier", Misconfigured, "clock is wrong"),
        ("InvalidSignatureException", 403, "Signature not yet current: x", Misconfigured, "clock is wrong"),
        ("InvalidSignatureException", 403, "Credential should be scoped to a valid region", Denied, "check region"),
        ("UnrecognizedClientException", 400, "", Denied, "not known there"),
        ("MissingAuthenticationTokenException", 400, "", Denied, "did not arrive"),
        ("ExpiredTokenException", 403, "", Denied, "has expired"),
        ("ThrottlingException", 400, "Rate exceeded", Throttled, "slow down"),
        ("RequestLimitExceeded", 400, "", Throttled, "slow down"),
        ("", 429, "", Throttled, "slow down"),
        ("InsufficientCapacityException", 503, "", Throttled, "no room for expedited retrievals"),
        ("PolicyEnforcedException", 400, "", Throttled, "retrieval policy allows no more"),
        ("RequestTimeoutException", 408, "", Transient, "timed out"),
        ("", 408, "", Transient, "timed out"),
        ("ServiceUnavailableException", 500, "", Transient, "could not be done"),
        ("", 503, "", Transient, "could not be done"),
        ("", 502, "", Transient, "status 502"),
        ("InvalidParameterValueException", 400, "Checksum mismatch: expected x", Corrupt, "other bytes"),
        ("InvalidSignatureException", 403, "x does not match the computed payload hash.", Corrupt, "other bytes"),
        ("InvalidParameterValueException", 400, "Invalid part size: 3", Unsupported, "Invalid part size: 3"),
        ("MissingParameterValueException", 400, "", Unsupported, "MissingParameterValueException"),
        ("LimitExceededException", 400, "", Unsupported, "more than the account may have"),
        ("", 301, "", Misconfigured, "set 'endpoint' or 'region'"),
        ("", 418, "a teapot", TransferError, "status 418: a teapot"),
        ("", 404, "", NotFound, "is not there"),
        ("", 401, "", Denied, "do not allow"),
    ],
)
def test_kinds(code: str, status: int, message: str, kind: type[TransferError], words: str) -> None:
    error = failure(code, status, message)
    assert type(error) is kind
    assert error.message.startswith(f"{_SUBJECT} ")
    assert words in error.message
    assert error.code
    assert error.key == "k"


def test_what_can_be_told_apart_has_its_code() -> None:
    """So that who asked for an expedited retrieval can fall back."""
    assert failure("InsufficientCapacityException", 503).code == "InsufficientCapacityException"
    assert failure("PolicyEnforcedException", 400).code == "PolicyEnforcedException"


def test_requests_are_named_and_waits_heeded() -> None:
    error = failure("ThrottlingException", 400, x_amzn_requestid="r7", retry_after="3")
    assert (error.request_id, error.retry_after) == ("r7", 3.0)


def test_how_wrong_the_clock_is() -> None:
    error = failure("InvalidSignatureException", 403, "Signature expired: x", date=formatdate(time.time() + 3600))
    assert "s behind the server's: set it right" in error.message


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"code": "C", "message": "m", "type": "Client"}', "C", "m"),
        (b'{"__type": "com.amazon.coral.service#C", "Message": "m"}', "C", "m"),
        (b"[]", "", ""),
        (b"<html>", "", ""),
        (b"", "", ""),
        (b'{"message": null}', "", ""),
    ],
)
def test_documents(body: bytes, code: str, message: str) -> None:
    """Also those of the machinery in front of the service, and what is none."""
    assert read_error(body) == ErrorDocument(code, message)
