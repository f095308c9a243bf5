"""What must never be seen: which settings are secret, and how texts are cleaned of secrets.

A :class:`Redactor` belongs to one configuration, so that two jobs in one process know
nothing of each other. Whoever writes a log wraps its formatter in a
:class:`RedactingFormatter`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from urllib.parse import quote

from transfer.wire.quoting import quote_xml

MASK = "***"

_SECRET_NAME = re.compile(r"(secret|passw(or)?d|passphrase|token|credential|(^|_)key$)", re.IGNORECASE)
_HARMLESS_NAME = re.compile(r"_(file|id)$", re.IGNORECASE)
_SHORTEST = 4
"""Characters; masking anything shorter would garble every text and hide nothing."""

_NAMES = "|".join(
    [
        "x-(?:amz|oss|cos|qiniu)-(?:signature|security-token|credential)",
        "(?:x-amz-(?:copy-source-)?server-side-encryption-customer-key)(?!-)",
        "(?:aws_)?secret_?access_?key",
        "(?:aws_)?session_?token",
        "security-token",
        "q-signature",
        "signature",
        "(?<=[?&])token",
        "password",
    ]
)
_QUOTE = r"(?:b?[\"'])?"
_NAMED = re.compile(rf"(?i)\b({_NAMES})({_QUOTE}\s*(?:=|:|>|%3D)\s*{_QUOTE})[^\s\"'&<>,;)]+")
_AUTHORIZATION = re.compile(rf"(?i)\b(authorization)({_QUOTE}\s*[:=]\s*{_QUOTE})[^\"'\r\n]+")
_USER_INFO = re.compile(r"(://)[^/\s:@]+:[^/\s@]+(@)")


class Secret(str):
    """A secret setting: text like any other, but for its masked ``repr``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK)


def is_secret(name: str) -> bool:
    """Whether a setting or environment variable of this name holds a secret."""
    return _SECRET_NAME.search(name) is not None and _HARMLESS_NAME.search(name) is None


class Redactor:
    """Masks signatures and authorizations wherever they are, and the secrets that it was told of."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._known: re.Pattern[str] | None = None

    def add(self, value: str) -> None:
        """Mask ``value`` from now on, also where it is percent-encoded or within XML."""
        if len(value) < _SHORTEST:
            return
        self._values |= {value, quote(value, safe=""), quote(value), quote_xml(value)}
        # The longest first, lest a part of a secret is masked and the rest of it is left.
        self._known = re.compile("|".join(map(re.escape, sorted(self._values, key=len, reverse=True))))

    def add_environment(self, environ: Mapping[str, str]) -> None:
        """Mask the values of all environment variables whose names tell of a secret."""
        for name, value in environ.items():
            if is_secret(name):
                self.add(value)

    def redact(self, text: str) -> str:
        """``text`` without secrets."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        text = _AUTHORIZATION.sub(rf"\1\2{MASK}", text)
        text = _NAMED.sub(rf"\1\2{MASK}", text)
        return _USER_INFO.sub(rf"\1{MASK}\2", text)


class RedactingFormatter(logging.Formatter):
    """Lets another formatter write a record, traceback and all, and cleans what it wrote."""

    def __init__(self, inner: logging.Formatter, redactor: Redactor) -> None:
        super().__init__()
        self._inner = inner
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.redact(self._inner.format(record))
