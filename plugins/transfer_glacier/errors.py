"""The one place where Glacier's failures become ours. Source: "Error Responses", Amazon Glacier Developer Guide."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from transfer.errors import Corrupt, Denied, Misconfigured, NotFound, Throttled, TransferError, Transient, Unsupported
from transfer.wire.clocks import retry_after, skew_sentence
from transfer.wire.errordoc import ErrorDocument

POLICY = "PolicyEnforcedException"
"""The vault's retrieval policy allows no more this hour."""
NO_CAPACITY = "InsufficientCapacityException"
"""There is no room for expedited retrievals now."""

_KEYS = "check access_key_id and secret_access_key"
_KINDS: Mapping[str, tuple[type[TransferError], str]] = {
    "ResourceNotFoundException": (NotFound, "is not there"),
    "AccessDeniedException": (
        Denied,
        "was refused: the credentials do not allow this, check their rights, the vault's policy and its lock",
    ),
    "InvalidSignatureException": (Denied, f"was refused: the signature is wrong, {_KEYS}"),
    "UnrecognizedClientException": (
        Denied,
        f"was refused: the access key or its session token is not known there, {_KEYS}",
    ),
    "MissingAuthenticationTokenException": (Denied, f"was refused: the signature did not arrive, {_KEYS}"),
    "IncompleteSignatureException": (Denied, f"was refused: the signature did not arrive whole, {_KEYS}"),
    "ExpiredTokenException": (
        Denied,
        "was refused: the session token has expired, get a new one and run this again",
    ),
    "NotSignedUp": (Denied, "was refused: the account has no leave to use Glacier, which takes no new customers"),
    "ThrottlingException": (Throttled, "was put off: the server asks us to slow down"),
    "RequestLimitExceeded": (Throttled, "was put off: the server asks us to slow down"),
    NO_CAPACITY: (Throttled, "was put off: Glacier has no room for expedited retrievals now"),
    POLICY: (Throttled, "was put off: the account's retrieval policy allows no more now"),
    "RequestTimeoutException": (Transient, "timed out at the server"),
    "ServiceUnavailableException": (Transient, "could not be done by the server now"),
    "InternalFailure": (Transient, "failed inside the server"),
    "BadDigest": (Corrupt, "arrived with other bytes than were sent: its hash differs"),
    "LimitExceededException": (Unsupported, "is more than the account may have"),
    "SerializationException": (Unsupported, "is not understood by the server"),
}
_STATUSES: Mapping[int, str] = {
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "RequestTimeoutException",
    413: "LimitExceededException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
}
_NOT_TAKEN = frozenset({"InvalidParameterValueException", "MissingParameterValueException", "BadRequest"})
_SKEWED = ("signature expired", "signature not yet current")
"""What it says, with the code of a wrong signature, where the clocks are too far apart."""
_DAMAGED = ("checksum mismatch", "does not match the computed payload hash")
"""What it says, with the code of a wrong parameter or signature, where a hash is not that of the bytes."""
_SCOPED = "credential should be scoped"
_NO_VAULT = "vault not found"
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """A reply that is no success. ``subject`` names the archive or the vault; ``key`` is the store's."""

    status: int
    headers: Mapping[str, str]
    document: ErrorDocument
    subject: str
    key: str | None


def read_error(body: bytes) -> ErrorDocument:
    """What the reply's document says went wrong; nothing where it is none."""
    try:
        told = json.loads(body)
    except ValueError:
        return ErrorDocument()
    if not isinstance(told, dict):
        return ErrorDocument()
    code = str(told.get("code") or told.get("__type") or "").rpartition("#")[2]
    return ErrorDocument(code=code, message=str(told.get("message") or told.get("Message") or ""))


def translate(failure: Failure) -> TransferError:
    """What the reply means. The sentence holds nothing of the request but its subject."""
    code = failure.document.code or _STATUSES.get(failure.status, "")
    kind, sentence = _meaning(failure, code)
    return kind(
        f"{failure.subject} {sentence}",
        key=failure.key,
        code=code or str(failure.status),
        request_id=failure.headers.get("x-amzn-requestid") or None,
        retry_after=retry_after(failure.headers),
    )


def is_expired(error: TransferError) -> bool:
    """Whether the credentials have expired."""
    return error.code == "ExpiredTokenException"


def _meaning(failure: Failure, code: str) -> tuple[type[TransferError], str]:
    told = " ".join(failure.document.message.split())[:_LONGEST]
    words = told.lower()
    if words.startswith(_SKEWED):
        return Misconfigured, skew_sentence(failure.headers)
    if any(each in words for each in _DAMAGED):
        return _KINDS["BadDigest"]
    if words.startswith(_SCOPED):
        return Denied, "was refused: it is signed for another region than the server's, check region"
    if words.startswith(_NO_VAULT):
        what = "does not exist" if failure.key is None else "is in a vault that does not exist"
        return NotFound, f"{what}: check the vault's name, the region and the account"
    if code in _KINDS:
        return _KINDS[code]
    if code in _NOT_TAKEN:
        return Unsupported, f"is not taken by the server: {told or code}"
    if failure.status >= 500:
        return Transient, f"failed inside the server with status {failure.status}"
    if 300 <= failure.status < 400:
        return Misconfigured, "is at another endpoint: set 'endpoint' or 'region' for it"
    return TransferError, f"was refused with status {failure.status}" + (f": {told}" if told else "")
