"""The one place where SQS's failures become ours. Source: "Common Errors", Amazon SQS API Reference."""

from __future__ import annotations

from transfer.errors import Denied, NotFound, Throttled, TransferError, Transient
from transfer.wire.clocks import retry_after
from transfer.wire.errordoc import ErrorDocument
from transfer.wire.http import Reply

_GONE = frozenset({"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "QueueDeletedRecently"})
_THROTTLED = frozenset({"RequestThrottled", "ThrottlingException", "Throttling", "KmsThrottled", "OverLimit"})
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "InvalidSignatureException",
        "KmsAccessDenied",
        "MissingAuthenticationToken",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
_LONGEST = 300


def translate(reply: Reply, document: ErrorDocument, subject: str) -> TransferError:
    """What a reply means that is no success."""
    kind, sentence = _meaning(reply.status, document)
    return kind(
        f"{subject} {sentence}",
        code=document.code or str(reply.status),
        request_id=reply.headers.get("x-amzn-requestid") or None,
        retry_after=retry_after(reply.headers),
    )


def is_expired(error: TransferError) -> bool:
    """Whether the credentials have expired."""
    return error.code in _EXPIRED


def _meaning(status: int, document: ErrorDocument) -> tuple[type[TransferError], str]:
    code = document.code
    if code in _GONE:
        return NotFound, "is not there: check the setting 'queue'"
    if code in _THROTTLED or status == 429:
        return Throttled, "puts us off: it asks us to slow down"
    if status >= 500:
        return Transient, f"can't be asked now: it failed with status {status}"
    if code in _DENIED or status in (401, 403):
        rights = "sqs:ReceiveMessage and sqs:DeleteMessage"
        return Denied, f"refuses us: check that the credentials are right, and that they allow {rights}"
    told = " ".join(document.message.split())[:_LONGEST]
    return TransferError, f"refuses what it was asked, with status {status}" + (f": {told}" if told else "")
