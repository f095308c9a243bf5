"""Servers quote requests in what they say of errors: what of it is secret must not be told again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import quote

from transfer.wire.errordoc import ErrorDocument
from transfer.wire.quoting import quote_xml
from transfer.wire.sigv4 import Credentials

MASK = "***"
_SECRET_HEADERS = ("-security-token", "-server-side-encryption-customer-key")
"""Ends of their names."""
_SIGNATURE = re.compile(r"(?:[Ss]ignature=|:)([^:=]+=*)$")
"""Last in what authorizes a request, whoever's it is."""
_FORMS = (str, quote, partial(quote, safe=""), quote_xml)


def discreet(document: ErrorDocument, headers: Mapping[str, str], credentials: Credentials | None) -> ErrorDocument:
    """The document without what was secret in a request with these ``headers``."""
    secrets = {form(secret) for secret in _secrets(headers, credentials) for form in _FORMS}

    def clean(text: str) -> str:
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text

    details = {name: clean(text) for name, text in (document.details or {}).items()}
    return replace(document, code=clean(document.code), message=clean(document.message), details=details)


def _secrets(headers: Mapping[str, str], credentials: Credentials | None) -> Iterator[str]:
    """What is secret in a request, the keys to it among them."""
    sent = {name.lower(): value for name, value in headers.items()}
    candidates: list[str | None] = [value for name, value in sent.items() if name.endswith(_SECRET_HEADERS)]
    found = _SIGNATURE.search(sent.get("authorization", ""))
    candidates.append(found[1] if found else None)
    if credentials is not None:
        candidates += [credentials.secret_access_key, credentials.session_token]
    yield from filter(None, candidates)
