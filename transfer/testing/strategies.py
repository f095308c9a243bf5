"""Hypothesis strategies for what stores have to cope with."""

from __future__ import annotations

from hypothesis import strategies as st

from transfer.testing.names import HOSTILE

_CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
_AWKWARD = st.sampled_from(
    ["/", "//", ".", "..", "%", "+", " ", "\\", "&", "\n", "\t", "é", "e\u0301", "\U0001f600", "~"]
)


def keys(max_bytes: int = 200) -> st.SearchStrategy[str]:
    """Keys of any legal characters, with a liking for those that break things; up to ``max_bytes`` of UTF-8."""
    pieces = st.lists(st.one_of(_AWKWARD, st.text(_CHARACTERS, min_size=1, max_size=8)), min_size=1, max_size=12)
    made = pieces.map("".join)
    return st.one_of(made, st.sampled_from(HOSTILE)).filter(lambda key: len(key.encode()) <= max_bytes)


def key_sets(max_size: int = 12) -> st.SearchStrategy[list[str]]:
    """Several different keys that may well lie in each other's folders."""
    return st.lists(keys(), min_size=1, max_size=max_size, unique=True)


def user_metadata() -> st.SearchStrategy[dict[str, str]]:
    """User metadata as object stores allow it: lower-case names, any printable text."""
    names = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20).filter(
        lambda name: name.strip("-") == name
    )
    values = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40)
    return st.dictionaries(names, values.map(str.strip), max_size=5)
