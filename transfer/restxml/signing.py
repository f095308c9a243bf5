"""What a signature covers, and who makes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from transfer.values import dataclass
from transfer.wire.sigv4 import Credentials


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about. ``path`` and ``query`` are encoded, ``parameters`` are what ``query`` was made of.

    ``name`` is the object's full name; None for the bucket itself.
    """

    method: str
    host: str
    path: str
    query: str
    parameters: Mapping[str, str]
    bucket: str
    name: str | None
    region: str


class Signer(Protocol):
    """Signs requests of one dialect."""

    def sign(
        self, target: Target, headers: Mapping[str, str], payload: str, credentials: Credentials
    ) -> Mapping[str, str]:
        """``headers`` with those of the signature added. Names are in lower case.

        ``payload`` is the body's SHA-256 in hex, or ``UNSIGNED-PAYLOAD`` where the body is not to be covered.
        """

    def presign(self, target: Target, seconds: int, credentials: Credentials) -> str:
        """The query with which anybody can send the request for ``seconds``, with no header but the host."""
