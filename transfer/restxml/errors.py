"""The one place where a provider's failures become ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from transfer.errors import (
    Changed,
    Corrupt,
    Denied,
    Frozen,
    Misconfigured,
    NoSpace,
    NotFound,
    Throttled,
    TransferError,
    Transient,
    Unsupported,
)
from transfer.restxml.dialect import Dialect, Meaning
from transfer.wire.clocks import retry_after, seconds_ahead, skew_sentence
from transfer.wire.errordoc import ErrorDocument

_KEYS = "{keys}"
"""Stands for the names of the settings that hold the access key and its secret."""
_KINDS: Mapping[str, Meaning] = {
    "NoSuchKey": (NotFound, "is not there"),
    "NoSuchVersion": (NotFound, "has no such version any more"),
    "NoSuchBucket": (NotFound, "is in a bucket that does not exist: check its name and the endpoint"),
    "NoSuchUpload": (NotFound, "has no such multipart upload any more"),
    "InvalidAccessKeyId": (Denied, f"was refused: the access key is not known there, check {_KEYS}"),
    "SignatureDoesNotMatch": (Denied, f"was refused: the signature is wrong, check {_KEYS}"),
    "AuthorizationHeaderMalformed": (
        Denied,
        f"was refused: the signature is not of the form that the server wants, check region, {_KEYS}",
    ),
    "InvalidRegionName": (Misconfigured, "is asked for in a region that the server does not know: check region"),
    "InvalidToken": (Denied, "was refused: the session token is not valid, get a new one"),
    "ExpiredToken": (Denied, "was refused: the session token has expired, get a new one and run this again"),
    "AccessDenied": (
        Denied,
        "was refused: the credentials do not allow this, check their rights and the bucket's policy",
    ),
    "AllAccessDisabled": (Denied, "was refused: all access to the bucket is switched off"),
    "InvalidObjectState": (Frozen, "is in cold storage and must be restored before it can be read"),
    "PreconditionFailed": (Changed, "is not any more as it was when it was looked at"),
    "InvalidRange": (Changed, "is shorter than it was when it was looked at"),
    "OperationAborted": (Transient, "is being changed by another request"),
    "ConditionalRequestConflict": (Transient, "is being changed by another request"),
    "RequestTimeout": (Transient, "timed out at the server"),
    "IncompleteBody": (Transient, "arrived incomplete"),
    "InternalError": (Transient, "failed inside the server"),
    "BadDigest": (Corrupt, "arrived with other bytes than were sent: its checksum differs"),
    "InvalidDigest": (Corrupt, "arrived with other bytes than were sent: its checksum differs"),
    "XAmzContentChecksumMismatch": (Corrupt, "arrived with other bytes than were sent: its checksum differs"),
    "XAmzContentSHA256Mismatch": (Corrupt, "arrived with other bytes than were sent: its checksum differs"),
    "InvalidPart": (Corrupt, "has parts at the server that are not the ones sent"),
    "NotImplemented": (Unsupported, "can't be done by this server"),
    "MethodNotAllowed": (Unsupported, "can't be done by this server"),
    "EntityTooLarge": (Unsupported, "is larger than the server takes"),
    "EntityTooSmall": (Unsupported, "has a part that is smaller than the server takes"),
    "KeyTooLongError": (Unsupported, "has a longer key than the server takes"),
    "MetadataTooLarge": (Unsupported, "has more metadata than the server takes"),
    "InvalidStorageClass": (
        Unsupported,
        "has a storage class that the server does not know: name another with --storage-class",
    ),
    "InvalidTag": (Unsupported, "has tags that the server does not take"),
    "QuotaExceeded": (NoSpace, "does not fit: the quota is used up"),
    "XMinioStorageFull": (NoSpace, "does not fit: the server's disks are full"),
}
_ALIASES = {
    "ExpiredTokenException": "ExpiredToken",
    "RequestExpired": "RequestTimeTooSkewed",
    "TokenRefreshRequired": "ExpiredToken",
    "InvalidClientTokenId": "InvalidAccessKeyId",
    "InvalidSecurity": "AccessDenied",
    "AccountProblem": "AccessDenied",
    "UnauthorizedAccess": "AccessDenied",
    "NotSignedUp": "AccessDenied",
}
_THROTTLES = frozenset(
    {
        "SlowDown",
        "SlowDownRead",
        "SlowDownWrite",
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "TooManyRequests",
        "BandwidthLimitExceeded",
        "ServiceUnavailable",
        "Busy",
    }
)
_NOT_TAKEN = frozenset({"InvalidArgument", "InvalidRequest", "InvalidURI", "XMinioInvalidObjectName"})
_STATUSES: Mapping[int, str] = {
    401: "AccessDenied",
    403: "AccessDenied",
    404: "NoSuchKey",
    405: "MethodNotAllowed",
    408: "RequestTimeout",
    412: "PreconditionFailed",
    416: "InvalidRange",
    501: "NotImplemented",
    507: "QuotaExceeded",
}
_SKEWED = "RequestTimeTooSkewed"
_TOO_OLD = "Request has expired"
"""What servers say with the code of a right that lacks."""
_NO_MORE_SECONDS = 60
"""By which clocks may differ without being wrong."""
_ELSEWHERE = (301, 307, 308)
_LONGEST = 300
_EXPIRED = "ExpiredToken"


class WrongRegion(Misconfigured):
    """The bucket is in another region, which the server named."""

    def __init__(self, message: str, region: str, *, code: str | None = None, request_id: str | None = None) -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.region = region


@dataclass(frozen=True, slots=True)
class Failure:
    """A reply that is no success. ``subject`` names the object or bucket; ``key`` is the store's."""

    status: int
    headers: Mapping[str, str]
    document: ErrorDocument
    subject: str
    key: str | None
    region: str
    dialect: Dialect


def translate(failure: Failure) -> TransferError:
    """What the reply means. The sentence holds nothing of the request but its subject."""
    names = failure.dialect.names
    document, headers, status = failure.document, failure.headers, failure.status
    code = document.code or ("NoSuchBucket" if status == 404 and failure.key is None else _STATUSES.get(status, ""))
    request_id = document.request_id or headers.get(names.request_id) or None
    region = headers.get(names.bucket_region) or document.detail("Region")
    if region and region != failure.region and (status in _ELSEWHERE or status == 400):
        return WrongRegion(_region_sentence(failure, region), region, code=code or None, request_id=request_id)
    kind, sentence = _meaning(failure, code)
    return kind(
        f"{failure.subject} {sentence}",
        key=failure.key,
        code=code or str(status),
        request_id=request_id,
        retry_after=_put_off(failure) or retry_after(headers),
    )


def _meaning(failure: Failure, code: str) -> tuple[type[TransferError], str]:
    dialect = failure.dialect
    code = usual(code, dialect)
    if code == dialect.moved and failure.document.detail("Endpoint"):
        return Misconfigured, _moved_sentence(failure)
    apart = abs(seconds_ahead(failure.headers) or 0)
    if code == _SKEWED or (_says_too_old(failure.document) and apart > _NO_MORE_SECONDS):
        return Misconfigured, skew_sentence(failure.headers)
    known = dialect.kinds.get(code) or _KINDS.get(code)
    if known is not None:
        return known[0], known[1].replace(_KEYS, dialect.keys)
    if code in _THROTTLES or failure.status in (429, 503):
        return Throttled, "was put off: the server asks us to slow down"
    if failure.status >= 500:
        return Transient, f"failed inside the server with status {failure.status}"
    if failure.status in _ELSEWHERE:
        return Misconfigured, _moved_sentence(failure)
    by_status = _KINDS.get(_STATUSES.get(failure.status, ""))
    told = " ".join(failure.document.message.split())[:_LONGEST]
    if by_status is not None:
        return by_status[0], by_status[1] + (f": {told}" if told else "")
    if code in _NOT_TAKEN:
        return Unsupported, f"is not taken by the server: {told or code}"
    return TransferError, f"was refused with status {failure.status}" + (f": {told}" if told else "")


def is_expired(code: str | None, dialect: Dialect) -> bool:
    """Whether an error's code says that the credentials have expired."""
    return usual(code or "", dialect) == _EXPIRED


def would_meet_all(document: ErrorDocument, dialect: Dialect) -> bool:
    """Whether any request would be told this now: that the credentials have expired, or that the clock is wrong."""
    return usual(document.code, dialect) in (_EXPIRED, _SKEWED) or _says_too_old(document)


def usual(code: str, dialect: Dialect) -> str:
    """The most usual code of this meaning."""
    return dialect.aliases.get(code) or _ALIASES.get(code, code)


def _put_off(failure: Failure) -> float | None:
    """Seconds for which the provider says that it puts such requests off."""
    text = failure.headers.get(failure.dialect.delay_header, "")
    return int(text) / 1000 if text.isdecimal() else None


def _region_sentence(failure: Failure, region: str) -> str:
    return f"{failure.subject} is in region '{region}', not '{failure.region}': set region = \"{region}\""


def _moved_sentence(failure: Failure) -> str:
    place = failure.document.detail("Endpoint")
    return f"is at another endpoint{f', {place}' if place else ''}: set 'endpoint' or 'region' for it"


def _says_too_old(document: ErrorDocument) -> bool:
    return document.message.startswith(_TOO_OLD)
