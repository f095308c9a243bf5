"""The few ways in which a call can fail. Plugins translate into these in one place each.

``retryable`` says whether the same call may succeed if made again; ``retry_after`` is the
wait in seconds that the provider asked for. ``asyncio.CancelledError`` is never translated.
"""

from __future__ import annotations


class TransferError(Exception):
    """Base of all errors that this project raises on purpose.

    ``str(error)`` is one sentence for people: what happened, to what, and where it helps
    the remedy. It never holds a secret.
    """

    retryable = False

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.key = key
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        about = [text for text in (self.code, self.request_id and f"request {self.request_id}") if text]
        return f"{self.message} ({', '.join(about)})" if about else self.message


class NotFound(TransferError):
    """The object, upload, bucket or folder is not there."""


class Denied(TransferError):
    """The credentials are not allowed to do this."""


class Throttled(TransferError):
    """The provider asks us to slow down."""

    retryable = True


class Transient(TransferError):
    """The network or the provider failed in a way that usually passes."""

    retryable = True


class Changed(TransferError):
    """The source is not any more what it was when it was listed; or, for a conditional
    write, the target came into being meanwhile."""


class Corrupt(TransferError):
    """Bytes or a reply are not what their checksum, length or form says."""

    retryable = True


class Frozen(TransferError):
    """The object is in cold storage and must be thawed before it can be read."""


class Awaited(Frozen):
    """What is needed first was asked for, and takes hours: the same goes on later (exit status 75)."""


class Unsupported(TransferError):
    """The store can't do or hold this (see its capabilities and limits)."""


class Misconfigured(TransferError):
    """The command, options, configuration or credentials can't work: exit status 2."""


class Refused(TransferError):
    """A safety limit stopped the run before anything was changed: exit status 3."""


class NoSpace(TransferError):
    """The target is full. Nothing more can be written now, and the run can go on later."""
