"""Where a queue is, as its URL tells. Source: "Queue and message identifiers", Amazon SQS Developer Guide."""

from __future__ import annotations

import re
from dataclasses import dataclass

from transfer.errors import Misconfigured
from transfer.restxml.endpoint import Endpoint, split

_PATH = re.compile(r"/[0-9]{12}/[A-Za-z0-9_-]{1,80}(\.fifo)?", re.ASCII)
_REGION = re.compile(
    r"(?:^|\.)(?:sqs(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws)"
    r"|([a-z0-9-]+)\.queue\.amazonaws\.com(?:\.cn)?)$"
)
_OLDEST = "queue.amazonaws.com"
_WANTED = "the URL of an SQS queue, like https://sqs.eu-west-1.amazonaws.com/123456789012/glacier-jobs"


@dataclass(frozen=True, slots=True)
class Address:
    """``url`` names the queue, ``endpoint`` takes requests; ``region`` is None where the host does not tell it."""

    url: str
    endpoint: Endpoint
    region: str | None


def address_of(url: str) -> Address:
    """Raises Misconfigured for what is no queue's URL."""
    if "://" not in url or "?" in url or "#" in url or url.endswith("/"):
        raise _nonsense(url)
    try:
        scheme, host, path = split(url)
    except (Misconfigured, ValueError):
        raise _nonsense(url) from None
    if not _PATH.fullmatch(path):
        raise _nonsense(url)
    region = _region(host)
    return Address(url, Endpoint(scheme, host, "", region is not None), region)


def _region(host: str) -> str | None:
    if host == _OLDEST:
        return "us-east-1"
    found = _REGION.search(host)
    return None if found is None else found[1] or found[2]


def _nonsense(url: str) -> Misconfigured:
    shown = url if "@" not in url else "…"  # there may be a password in it
    return Misconfigured(f"The setting queue = '{shown}' must be {_WANTED}")
