"""CSV inventories with Glacier's own way of quoting, cut anywhere; what is cut short or no inventory is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.glacier.inventories import COLUMNS, archives, as_csv, chunks, until_wrong
from transfer.errors import Corrupt
from transfer_glacier.inventory.listed import Head, Listed
from transfer_glacier.inventory.reading import Reader
from transfer_glacier.inventory.reading import archives as read

borders = st.lists(st.integers(0, 1 << 30), max_size=40)
ONE = Listed("id", "a description", 1_337_101_390, 2_140_123, bytes(range(32)))
HEADER = b"ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\r\n"
SIZE_LAST = b"SHA256TreeHash,ArchiveDescription,ArchiveId,CreationDate,Size\n" + b"0" * 64
REST = b",2012-05-15T17:03:10Z,2140123," + bytes(range(32)).hex().encode()


def described(text: str) -> Listed:
    return Listed("id", text, ONE.created, ONE.size, ONE.tree_hash)


@given(
    listed=st.lists(archives, max_size=6),
    cuts=borders,
    fraction=st.sampled_from(["", ".123", ".999999999"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
@example(listed=[described("ends in \\"), described('"'), described("\\")], cuts=[], fraction="", end="\n")
def test_round_trips(listed: list[Listed], cuts: list[int], fraction: str, end: str) -> None:
    """Whatever the descriptions, with newlines, commas, quotes and backslashes anywhere, and wherever chunks end."""
    reader = Reader()
    assert list(read(chunks(as_csv(listed, fraction=fraction, end=end), cuts), reader)) == listed
    assert reader.head == Head()


@given(listed=st.lists(archives, max_size=4), columns=st.permutations([*COLUMNS, "Other"]), cuts=borders)
@example(
    listed=[described('a",b\r\nx')],
    columns=["SHA256TreeHash", "CreationDate", "Size", "Other", "ArchiveDescription", "ArchiveId"],
    cuts=[],
)
def test_columns_in_any_order(listed: list[Listed], columns: Sequence[str], cuts: list[int]) -> None:
    """The first line tells. Where no tree hash follows a description, it must not end in a backslash."""
    if columns.index("ArchiveDescription") > columns.index("SHA256TreeHash"):
        listed = [each for each in listed if not each.description.endswith("\\")]
    assert list(read(chunks(as_csv(listed, columns=columns), cuts))) == listed


@pytest.mark.parametrize(
    ("written", "description"),
    [
        (b"", ""),
        (b'""', ""),
        (b"plain", "plain"),
        (b'"mt2 eyJ9"', "mt2 eyJ9"),
        (b'"say \\"hi\\""', 'say "hi"'),
        (b'"C:\\dir\\file"', "C:\\dir\\file"),
        (b'"C:\\dir\\"', "C:\\dir\\"),
        (b'"\\\\"', "\\\\"),
        (b'"a\\\\"b"', 'a\\"b'),
        (b'"two\nlines, one comma"', "two\nlines, one comma"),
        ('"\u00e9\u6587"'.encode(), "\u00e9\u6587"),
    ],
)
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
def test_descriptions_by_hand(written: bytes, description: str, end: bytes) -> None:
    """Quoted or not, and with or without a newline after the last record."""
    assert list(read([HEADER + b"id," + written + REST + end])) == [described(description)]


def test_all_fields_may_be_quoted_and_times_be_compact() -> None:
    """As some stand-ins for Glacier write it."""
    fields = ("id", "", "20120515T170310Z", "2140123", bytes(range(32)).hex().upper())
    line = ",".join(f'"{field}"' for field in fields)
    assert list(read([HEADER, line.encode()])) == [described("")]


def test_an_inventory_of_nothing() -> None:
    """Only the first line, with or without its end."""
    assert list(read([HEADER])) == list(read([HEADER.rstrip()])) == []


def test_a_wrong_record_does_not_swallow_the_next() -> None:
    """Its quote ends where it ends, though the rest does not fit."""
    wrong = (b'id,"a description"' + REST).replace(bytes(range(32)).hex().encode(), b"no hash") + b"\n"
    assert until_wrong(as_csv([ONE]) + wrong + as_csv([ONE] * 3).removeprefix(HEADER)) == ([ONE], True)


@given(listed=st.lists(archives, min_size=1, max_size=3), cut=st.integers(0, 1 << 30))
def test_a_beginning_gives_whole_records_or_is_refused(listed: list[Listed], cut: int) -> None:
    """No archive is ever made up of half a record."""
    data = as_csv(listed)
    beginning = data[: cut % len(data)]
    found, wrong = until_wrong(beginning)
    assert found == listed[: len(found)]
    assert wrong or beginning.rstrip() == as_csv(found).rstrip()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello", "neither JSON nor CSV with a column ArchiveId"),
        (b"<html>\n<body>", "neither JSON nor CSV"),
        (HEADER.replace(b"Size", b"Bytes") + b"x", "a column Size"),
        (HEADER.replace(b"Size", b"ArchiveId") + b"x", "a column ArchiveId"),
        (HEADER + b"id,d,2012-05-15T17:03:10Z,12", "ends in the middle"),
        (HEADER + b"id,d" + REST + b"x\n", "ends in the middle, or has a line"),
        (HEADER + b'id,"' + b"x" * 100_000, "has a line that is none"),
        (b"x" * 100_000, "has a line that is none"),
        (HEADER + b"\xff", "no UTF-8"),
        (HEADER + b"\xc3", "ends in the middle"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"ArchiveId,ArchiveDescription,CreationDate,SHA256TreeHash,Size\nid,d" + REST, "has a line|in the middle"),
        (SIZE_LAST + b",d,id,2012-05-15T17:03:10Z,12", "ends in the middle"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, words: str) -> None:
    """In a sentence, with how far it went well."""
    with pytest.raises(Corrupt, match=f"^The inventory .*{words}.*; fetch it again"):
        list(read([data]))


def test_wrong_fields_are_named() -> None:
    """With the number of their archive."""
    with pytest.raises(Corrupt, match=r"^Archive 1 of the inventory has a wrong CreationDate \('2012-02-30"):
        list(read([HEADER + b"id,d" + REST.replace(b"05-15", b"02-30")]))
    with pytest.raises(Corrupt, match=r"^Archive 1 of the inventory has a wrong ArchiveId \(''\)"):
        list(read([HEADER + b",d" + REST]))
