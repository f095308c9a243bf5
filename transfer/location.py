"""URLs as they are written on the command line. Pure text, nothing is looked up.

``scheme://container/path`` names objects; anything without a scheme, and ``file://``, is a
path on disk. Texts are taken literally: ``%20`` in a URL is three characters of a key.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from transfer.errors import Misconfigured
from transfer.plugin import Origin, Store

Named = str | os.PathLike[str]
"""A URL, or a path as whatever Python takes for one."""

DISK = "file"
_FLATTENED = re.compile(r"[A-Za-z][A-Za-z0-9+._-]*:/[^/]")
"""How a URL's beginning looks in a ``Path``."""
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+._-]*)://(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """The pieces of a URL. On disk ``container`` is empty and ``path`` is a path; elsewhere
    ``path`` is what follows the container's slash."""

    scheme: str
    container: str
    path: str


def side_of(name: str, given: Named | Store) -> str | Store:
    """A side of a run, as the API takes it: an open store, or :func:`url_of` what names it."""
    return given if isinstance(given, Store) else url_of(name, given)


def url_of(name: str, given: Named) -> str:
    """``given`` as a text. Raises Misconfigured, telling the argument's ``name``, for what names nothing."""
    text = os.fspath(given) if isinstance(given, str | os.PathLike) else given
    if not isinstance(text, str):
        raise Misconfigured(f"{name} must be a URL, a path or an open store, not {text!r}.")
    if text is not given and _FLATTENED.match(text):
        raise Misconfigured(f"{name}: a Path takes a slash away from a URL, as in '{text}'; give the URL as a text.")
    return text


def parse_url(url: str) -> Address:
    """Take ``url`` apart. Raises Misconfigured where a piece is missing or must not be there."""
    _refuse_undecodable(url)
    match = _URL.fullmatch(url)
    if match is None:
        return _on_disk(url, url)
    scheme, rest = match.groups()
    if scheme.lower() == DISK:
        if not rest.startswith("/"):
            raise Misconfigured(f"'{url}' names a host; write file:///path for a path on this machine.")
        return _on_disk(url, rest)
    container, _, path = rest.partition("/")
    if _holds_credentials(container, path):
        raise Misconfigured(
            f"A '{scheme}://' URL holds credentials; put them into transfer.toml or the environment instead."
        )
    if not container:
        raise Misconfigured(f"'{url}' names no bucket; write {scheme}://bucket/prefix.")
    return Address(scheme, container, path)


def names_all(url: str) -> bool:
    """Whether ``url`` is a scheme or a remote and nothing more, as ``s3://``: all that is there."""
    match = _URL.fullmatch(url)
    return match is not None and match[1].lower() != DISK and match[2] in ("", "/")


def _refuse_undecodable(url: str) -> None:
    """Bytes of the command line that are no UTF-8 arrive as lone surrogates, which no key and no checkpoint holds."""
    try:
        url.encode()
    except UnicodeEncodeError:
        shown = re.sub("[\ud800-\udfff]", lambda half: f"\\x{ord(half[0]) & 0xFF:02x}", url)
        raise Misconfigured(f"'{shown}' is not UTF-8; rename it, or name the folder that it is in.") from None


def _holds_credentials(container: str, path: str) -> bool:
    """Whether it is ``ID:SECRET@bucket/path``; a secret may hold slashes. ARNs are buckets too."""
    return "@" in container or (":" in container and "@" in path and not container.startswith("arn:"))


def _on_disk(url: str, path: str) -> Address:
    if not path or "\0" in path:
        raise Misconfigured(f"'{url}' is not a path; write '.' for the current folder.")
    if url == "-":
        raise Misconfigured("'-' is a stream, which only 'transfer copy' takes; write ./- for a folder of that name.")
    return Address(DISK, "", os.path.expanduser(path))


def split_object(url: str, remedy: str = "add the name of an object in it") -> tuple[str, str]:
    """The URL of an object as that of its folder, and its key there.

    Raises Misconfigured for a folder's URL, which ends with the ``remedy``.
    """
    address = parse_url(url)
    if address.path.endswith("/") or not address.path:
        raise Misconfigured(f"'{url}' names a folder; {remedy}.")
    if address.scheme == DISK:
        folder, key = os.path.split(address.path)
        return folder or ".", key
    # A folder's URL may end in one slash or none: further slashes are left to the key.
    folder = address.path.rpartition("/")[0].rstrip("/")
    key = address.path[len(folder) :].removeprefix("/") if folder else address.path
    root = f"{address.scheme}://{address.container}"
    return (f"{root}/{folder}" if folder else root), key


def place(origin: Origin) -> str:
    """An origin as one canonical text without any credential: half of a checkpoint's pair."""
    return f"{origin.endpoint}/{origin.container}/{origin.prefix}"


def same(one: Origin, other: Origin) -> bool:
    """Whether both are one and the same place, whoever asks. Prefixes of disks are real paths."""
    return _place(one) == _place(other) and one.prefix == other.prefix


def inside(inner: Origin, outer: Origin) -> bool:
    """Whether ``inner`` lies below ``outer``."""
    return _place(inner) == _place(outer) and not same(inner, outer) and inner.prefix.startswith(outer.prefix)


def is_disk(origin: Origin) -> bool:
    """Whether nothing goes over a network there."""
    return origin.endpoint == f"{DISK}:"


def _place(origin: Origin) -> tuple[str, str]:
    return origin.endpoint, origin.container
