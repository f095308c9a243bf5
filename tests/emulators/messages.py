"""A request as the verbs see it, and what is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote, unquote_plus


class Refused(Exception):
    """An error document is the answer. ``fields`` are further elements of it, ``headers`` go beside it."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str = "",
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message or code
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})


class Body(Protocol):
    """What the client sends after the headers."""

    def chunks(self) -> AsyncIterator[bytes]:
        """All of it, once; a client that waits for a "100 Continue" gets it now."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """A body that is in memory already."""

    data: bytes

    async def chunks(self) -> AsyncIterator[bytes]:
        """All of it."""
        if self.data:
            yield self.data


class Content(Protocol):
    """Bytes that are kept somewhere."""

    def chunks(self, start: int = 0, length: int | None = None) -> Iterable[bytes]:
        """``length`` bytes from ``start`` on, in pieces."""
        ...


@dataclass(slots=True)
class Call:
    """One request. ``headers`` have lower-case names; ``query`` is decoded, and in the order of the request."""

    method: str
    target: str
    headers: dict[str, str]
    body: Body
    request_id: str
    query: dict[str, str] = field(default_factory=dict)
    path: str = ""
    bucket: str = ""
    key: str = ""
    verb: str = ""
    port: int = 0
    """Where it arrived."""
    identity: str = ""
    """Whose key signed it; empty for anybody."""

    def __post_init__(self) -> None:
        path, _, query = self.target.partition("?")
        self.path = unquote(path, errors="surrogateescape")
        self.query = parse_query(query)

    @property
    def host(self) -> str:
        """The host that the client speaks to, with its port."""
        return self.headers.get("host", "")

    @property
    def length(self) -> int | None:
        """What ``Content-Length`` says; None where there is none."""
        value = self.headers.get("content-length", "")
        return int(value) if value.isdigit() else None


def parse_query(query: str) -> dict[str, str]:
    """Its parameters; one without ``=`` is empty."""
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}


@dataclass(slots=True)
class Reply:
    """What goes back. ``piece`` is sent of ``blob``: start and length."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    blob: Content | None = None
    piece: tuple[int, int] = (0, 0)
    late: bytes | None = None
    """Sent as the body some time after the headers were."""

    @property
    def size(self) -> int:
        return len(self.body) if self.blob is None else self.piece[1]


def xml(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply with a document."""
    return Reply(status, {"Content-Type": "application/xml", **(headers or {})}, body)
