"""What opening a store takes, whoever's it is."""

from __future__ import annotations

from transfer.errors import Misconfigured
from transfer.plugin import StoreOptions
from transfer.restxml.dialect import Dialect
from transfer.restxml.endpoint import Endpoint
from transfer.restxml.words import is_plain
from transfer.wire.dial import way_to
from transfer.wire.http import HttpOptions
from transfer.wire.tls import trusting


def folder(path: str) -> str:
    """A URL's path as a prefix, which is a folder: ``x`` never touches ``xyz``."""
    return path if not path or path.endswith("/") else f"{path}/"


def refuse_nonsense(dialect: Dialect, options: StoreOptions) -> None:
    """Raise Misconfigured for what the options ask of all objects and no header can say."""
    if options.acl is not None and dialect.acls and options.acl not in dialect.acls:
        raise Misconfigured(f"--acl {options.acl} must be one of {', '.join(dialect.acls)}")
    if not is_plain(options.asked_class or ""):
        raise Misconfigured(f"--storage-class '{options.asked_class}' can't be sent: it must be plain text")


async def http_options(options: StoreOptions, ca_bundle: str | None, endpoint: Endpoint | None = None) -> HttpOptions:
    """How to reach ``endpoint``, or servers that are not known yet.

    Raises Misconfigured when the bundle of certificates can't be used.
    """
    encrypted = endpoint is None or way_to(f"{endpoint.scheme}://{endpoint.host}").encrypted
    return HttpOptions(
        connect_timeout=options.connect_timeout,
        idle_timeout=options.idle_timeout,
        request_timeout=options.request_timeout,
        connections=options.connections,
        tls=await trusting(ca_bundle) if encrypted else None,
    )
