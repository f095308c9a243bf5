"""The one place where what breaks on a connection becomes one of our errors."""

from __future__ import annotations

import os
import ssl

from transfer.errors import TransferError, Transient
from transfer.wire.head import BadReply

HTTP_ERRORS = (OSError, EOFError, BadReply)
"""What :class:`~transfer.wire.connection.Connection` raises when a request or a body fails."""


def translate(error: BaseException, host: str, *, body: bool = False) -> TransferError:
    """What ``error`` means for a request to ``host``, or for the ``body`` of its reply.

    Raise it ``from None``: a traceback would hold the request, with its signature.
    """
    match error:
        case TimeoutError():
            return Transient(f"'{host}' did not answer in the time allowed")
        case EOFError() if body:
            return Transient(f"The body that '{host}' sent broke off before its end")
        case ssl.SSLError():
            return Transient(f"The connection to '{host}' broke: TLS failed")
        case OSError():
            reason = os.strerror(error.errno) if error.errno else "no reason was given"
            return Transient(f"The connection to '{host}' broke: {reason}")
        case _:
            return Transient(f"'{host}' closed the connection or sent no valid HTTP")
