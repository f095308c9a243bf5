"""What a disk knows of a file survives as user metadata."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.model import Posix
from transfer.wire.posix import from_user, to_user

_IDS = st.none() | st.integers(0, 2**32 - 1)
_TARGETS = st.none() | st.binary(min_size=1, max_size=40).map(lambda data: data.decode("utf-8", "surrogateescape"))
_MODES = st.builds(
    lambda kind, bits: kind | bits, st.sampled_from([0, 0o40000, 0o100000, 0o120000]), st.integers(0, 0o7777)
)
_POSIX = st.builds(
    Posix,
    mtime_ns=st.none() | st.integers(-(2**62), 2**62),
    mode=st.none() | _MODES,
    uid=_IDS,
    gid=_IDS,
    link_target=_TARGETS,
)


@given(_POSIX, st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=5)))
def test_round_trip(posix: Posix, others: dict[str, str]) -> None:
    """Every field comes back as it was, and other metadata stays."""
    assert from_user({**others, **to_user(posix)}) == (posix, others)


def test_is_what_rclone_writes() -> None:
    """The names and forms are those of rclone's metadata."""
    user = to_user(Posix(mtime_ns=1_700_000_000_123_456_789, mode=0o100644, uid=1000, gid=100))
    assert user == {"mtime": "1700000000.123456789", "mode": "100644", "uid": "1000", "gid": "100"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1.5", 1_500_000_000), ("-0.000000001", -1), ("7", 7_000_000_000), ("1.1234567899", 1_123_456_789)],
)
def test_mtimes_of_others(text: str, expected: int) -> None:
    """Fewer or more decimals, as other tools write them, are read."""
    assert from_user({"mtime": text})[0].mtime_ns == expected


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("33152", 0o100600),
        ("33188", 0o100644),
        ("33261", 0o100755),
        ("16877", 0o40755),
        ("17407", 0o41777),
        ("41471", 0o120777),
    ],
)
def test_a_mode_in_decimal(text: str, mode: int) -> None:
    """As s3fs writes it: understood, and kept as it is for s3fs at the other side."""
    posix, others = from_user({"mode": text})
    assert posix == Posix(mode=mode)
    assert {**to_user(posix), **others} == {"mode": text}


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("100644", 0o100644),
        ("0100644", 0o100644),
        ("40755", 0o40755),
        ("41777", 0o41777),
        ("644", 0o644),
        ("0755", 0o755),
    ],
)
def test_a_mode_in_octal(text: str, mode: int) -> None:
    """As rclone writes it, with the file type or without."""
    assert from_user({"mode": text}) == (Posix(mode=mode), {})


@pytest.mark.parametrize(
    "user",
    [
        {"mtime": "yesterday"},
        {"mode": "rw-r--r--"},
        {"mode": "10644"},
        {"mode": "1000644"},
        {"mode": "4196"},
        {"uid": "root"},
        {"gid": "-1"},
    ],
)
def test_foreign_values_stay(user: dict[str, str]) -> None:
    """A value that is not of this form is somebody else's metadata."""
    assert from_user(user) == (Posix(), user)
