"""Keys that have broken other tools, and which of them a store can hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from transfer.plugin import Store

HOSTILE: Sequence[str] = (
    "space in it",
    " leading and trailing ",
    "plus+plus",
    "percent%41%2F%",
    "a&b=c;d?e#f",
    "quote'\"<>`",
    "back\\slash",
    "tilde~star*bang!(paren)[x]{y}|^$@,:",
    "é composed",
    "e\u0301 decomposed",
    "東京/☃/\U0001f600",
    "\u202eright to left",
    "zero\u200bwidth",
    "tab\there",
    "new\nline",
    "control\x01\x1f\x7f",
    "-rf",
    ".hidden/.file",
    "...",
    "dot/.x/x.",
    "deep/" * 20 + "end",
    "a//b",
    "//",
    "/leading slash",
    "./dot first",
    "a/../b",
    "a/./b",
    "../escape",
    "trailing/",
    "x" * 255,
    "long/" + "ü" * 127,
    "CON",
    "null",
    "index.html",
)
ESCAPES: Sequence[str] = ("../x", "a/../../x", "/x", "a//b", "./x", "a/./b", "a/..", "..", ".", "nul\0byte")
"""Keys that can't be paths, or lead out of a folder."""
_SEGMENT_BYTES = 255


def compatible(names: Iterable[str], store: Store) -> list[str]:
    """The names that the store's limits and capabilities allow."""
    room = (store.limits.max_key or 1 << 20) - len(store.origin.prefix.encode())
    fitting = [name for name in dict.fromkeys(names) if name and len(name.encode()) <= room]
    return paths(fitting) if store.capabilities.folders else fitting


def paths(names: Sequence[str]) -> list[str]:
    """The names that can be paths of files beside each other: none of them is a folder of another."""
    possible = [name for name in names if _is_path(name)]
    folders = {name[:end] for name in possible for end in range(len(name)) if name[end] == "/"}
    return [name for name in possible if name not in folders]


def _is_path(name: str) -> bool:
    return "\0" not in name and all(
        segment not in ("", ".", "..") and len(segment.encode()) <= _SEGMENT_BYTES for segment in name.split("/")
    )
