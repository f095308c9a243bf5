"""Which names a journal can have. Pure."""

from __future__ import annotations

_FORBIDDEN = frozenset("\r\n\t")
_NO_COMPONENT = frozenset(("", ".", ".."))


def fault_of(name: str) -> str | None:
    """Why no line of a journal can have this name, as the end of a sentence that begins with it; None if one can.

    The rules are mtglacier's, so that it reads what we write: a relative path, none of whose components leads
    elsewhere. A slash at the end is ruled out too: its last component would be empty.
    """
    if not name:
        return "is empty"
    if not _FORBIDDEN.isdisjoint(name):
        return "has a line break or a tab in it"
    if name[0] == "/":
        return "begins with '/'"
    # Nearly no name has one of these, and there are many names.
    if "." not in name and "//" not in name and name[-1] != "/":
        return None
    if _NO_COMPONENT.isdisjoint(name.split("/")):
        return None
    return "has a component that is empty, '.' or '..'"
