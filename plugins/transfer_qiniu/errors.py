"""The one place where Kodo's failures become ours. It says what is wrong by status alone, in numbers of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from transfer.errors import (
    Changed,
    Corrupt,
    Denied,
    Frozen,
    Misconfigured,
    NotFound,
    Throttled,
    TransferError,
    Transient,
    Unsupported,
)
from transfer.wire.clocks import retry_after, seconds_ahead, skew_sentence

_ASK = "check access_key and secret_key"
_KINDS: Mapping[int, tuple[type[TransferError], str]] = {
    400: (Unsupported, "is not taken by the server"),
    401: (Denied, f"was refused: the signature is wrong or has expired, {_ASK}"),
    403: (Denied, "was refused: the credentials do not allow this"),
    404: (NotFound, "is not there"),
    405: (Unsupported, "can't be done by this server"),
    406: (Corrupt, "arrived with other bytes than were sent: its checksum differs"),
    408: (Transient, "timed out at the server"),
    412: (Changed, "is not any more as it was when it was looked at"),
    413: (Unsupported, "is larger than the server takes"),
    416: (Changed, "is shorter than it was when it was looked at"),
    419: (Denied, "was refused: the account is frozen"),
    429: (Throttled, "was put off: the server asks us to slow down"),
    478: (Transient, "could not be fetched from the source that the bucket mirrors"),
    503: (Throttled, "was put off: the server asks us to slow down"),
    509: (Throttled, "was put off: the account's rate is used up"),
    573: (Throttled, "was put off: it is asked for too often"),
    579: (Transient, "was stored, but a callback failed"),
    599: (Transient, "failed inside the server"),
    608: (Changed, "was changed meanwhile"),
    612: (NotFound, "is not there"),
    614: (Changed, "is there already"),
    630: (Misconfigured, "can't be made: the account has as many buckets as it may"),
    631: (Misconfigured, "is in a bucket that does not exist: check its name and the region"),
    640: (Corrupt, "can't be listed: the server does not know its own marker any more"),
    701: (NotFound, "has no such multipart upload any more"),
}
_BY_WORDS: tuple[tuple[int, str, type[TransferError], str], ...] = (
    (612, "accesskey is not found", Misconfigured, f"was refused: the access key is not known there, {_ASK}"),
    (612, "no such uploadid", NotFound, "has no such multipart upload any more"),
    (612, "no such bucket", Misconfigured, _KINDS[631][1]),
    (400, "md5", Corrupt, _KINDS[406][1]),
    (400, "crc32", Corrupt, _KINDS[406][1]),
    (400, "incorrect zone", Misconfigured, "is in another region: leave out 'region', or set it right"),
    (400, "incorrect region", Misconfigured, "is in another region: leave out 'region', or set it right"),
)
"""Where one number has several meanings. The texts are those that Qiniu's own SDKs look for."""
_BY_CODE: Mapping[str, tuple[type[TransferError], str]] = {
    "NoSuchBucket": (
        Misconfigured,
        "is in a bucket that Kodo's S3 endpoint knows by no such name: set 's3_bucket'",
    ),
    "InvalidObjectState": (Frozen, "is in cold storage and must be thawed before it can be read"),
    "RequestTimeTooSkewed": (Misconfigured, "was refused because this machine's clock is wrong: set it right"),
}
"""What Kodo's S3 endpoint says, where the status alone would mean something else."""
_OTHER_TIME = "skewed"
"""In the sentence, or the code, of a refusal that has no other cause than the time."""
_ELSEWHERE = frozenset({"400", "612", "631"})
_QUOTED = frozenset({400, 401, 403, 405})
"""What may have many causes, of which the server's words are the best that can be said."""
_SKEW = 300
"""Seconds by which clocks may differ; Kodo allows 15 minutes, and a refusal has other causes below that."""
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """A reply that is no success. ``told`` is the server's sentence; ``key`` is the store's."""

    status: int
    headers: Mapping[str, str]
    told: str
    subject: str
    key: str | None
    code: str = ""
    """S3's, where it is its endpoint that says it."""
    request_id: str = ""
    """The document's own, if it has one."""


def translate(failure: Failure) -> TransferError:
    """What the reply means. The sentence holds nothing of the request but its subject."""
    kind, sentence = _meaning(failure)
    return kind(
        f"{failure.subject} {sentence}",
        key=failure.key,
        code=failure.code or str(failure.status),
        request_id=failure.headers.get("x-reqid") or failure.request_id or None,
        retry_after=retry_after(failure.headers),
    )


def _meaning(failure: Failure) -> tuple[type[TransferError], str]:
    status, told = failure.status, " ".join(failure.told.split())[:_LONGEST]
    for number, words, kind, sentence in _BY_WORDS:
        if status == number and words in told.lower():
            return kind, sentence
    if (status == 401 or _is_of_time(failure)) and (skewed := clock_sentence(failure.headers)):
        return Misconfigured, skewed
    if failure.code in _BY_CODE:
        return _BY_CODE[failure.code]
    if status in _KINDS:
        kind, sentence = _KINDS[status]
        return kind, sentence + (f": {told}" if told and status in _QUOTED else "")
    if 300 <= status < 400:
        return Misconfigured, "is at another address: set 'domain' or 'scheme' for it"
    if status >= 500:
        return Transient, f"failed inside the server with status {status}"
    return TransferError, f"was refused with status {status}" + (f": {told}" if told else "")


def _is_of_time(failure: Failure) -> bool:
    return _OTHER_TIME in f"{failure.code} {failure.told}".lower()


def is_elsewhere(error: Misconfigured) -> bool:
    """Whether a server says that the bucket is not with it: of a region's that it is not there, or in another."""
    return error.code in _ELSEWHERE


def clock_sentence(headers: Mapping[str, str]) -> str | None:
    """What is said of a refusal where clocks are far apart; None where they nearly agree, or can't be compared."""
    return skew_sentence(headers) if abs(seconds_ahead(headers) or 0) > _SKEW else None
