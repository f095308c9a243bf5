"""JSON inventories, cut anywhere, give the archives that were written; what is cut short or no inventory is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.glacier.inventories import ARN, TAKEN, archives, as_json, chunks, fields, until_wrong
from transfer.errors import Corrupt
from transfer_glacier.inventory.json_form import JsonForm
from transfer_glacier.inventory.listed import Head, Listed
from transfer_glacier.inventory.reading import Reader
from transfer_glacier.inventory.reading import archives as read

borders = st.lists(st.integers(0, 1 << 30), max_size=40)
ONE = Listed("id", "a description", 1_337_101_390, 2_140_123, bytes(range(32)))


@given(
    listed=st.lists(archives, max_size=6),
    cuts=borders,
    fraction=st.sampled_from(["", ".5", ".123", ".999999999"]),
    indent=st.none() | st.integers(0, 3),
    ascii_only=st.booleans(),
)
def test_round_trips(
    listed: list[Listed], cuts: list[int], fraction: str, indent: int | None, ascii_only: bool
) -> None:
    """Whatever the descriptions, the layout and the borders of chunks."""
    reader = Reader()
    data = as_json(listed, fraction=fraction, indent=indent, ascii_only=ascii_only)
    assert list(read(chunks(data, cuts), reader)) == listed
    assert reader.head == Head(ARN, TAKEN)


@given(listed=st.lists(archives, min_size=1, max_size=2))
def test_byte_by_byte(listed: list[Listed]) -> None:
    """The smallest chunks that there are."""
    assert list(read(bytes([byte]) for byte in as_json(listed))) == listed


@given(listed=st.lists(archives, max_size=3), cut=st.integers(0, 1 << 30), indent=st.none() | st.just(1))
def test_every_beginning_is_refused(listed: list[Listed], cut: int, indent: int | None) -> None:
    """An inventory that was cut short is never taken for a whole one, nor are archives made up."""
    data = as_json(listed, indent=indent)
    found, wrong = until_wrong(data[: cut % len(data)])
    assert wrong
    assert found == listed[: len(found)]


@given(
    data=st.binary(max_size=60) | st.text('{}[]:,"ArchiveListtruenull01 ', max_size=60).map(str.encode), cuts=borders
)
def test_nonsense_is_refused(data: bytes, cuts: list[int]) -> None:
    """Always as Corrupt, or else it was an inventory without archives."""
    try:
        found = list(read(chunks(data, cuts)))
    except Corrupt:
        return
    assert found == []
    assert b"ArchiveList" in data


def test_archives_come_before_the_end() -> None:
    """As a stream: each is there as soon as its last byte is."""
    form = JsonForm()
    data = as_json([ONE, ONE])
    middle = data.index(b"}") + 1
    assert form.feed(data[:middle]) == [ONE]
    assert form.head == Head(ARN, TAKEN)
    assert form.feed(data[middle:]) == [ONE]


def test_the_head_may_follow_the_list() -> None:
    """The order of keys means nothing, and unknown ones are passed over."""
    document = {
        "Marker": [{"a": [1]}],
        "ArchiveList": [fields(ONE)],
        "VaultARN": ARN,
        "Version": 345,
        "InventoryDate": None,
    }
    reader = Reader()
    assert list(read((bytes([byte]) for byte in json.dumps(document).encode()), reader)) == [ONE]
    assert reader.head == Head(ARN, None)


def test_a_description_may_be_missing_or_null() -> None:
    """Other tools upload without one."""
    (null,) = read([as_json([ONE]).replace(b'"a description"', b"null")])
    (missing,) = read([as_json([ONE]).replace(b'"ArchiveDescription": "a description", ', b"")])
    assert null.description == missing.description == ""


def test_halves_of_surrogate_pairs_are_replaced() -> None:
    """No journal could hold them."""
    data = as_json([ONE]).replace(b"a description", b"\\ud83d\\ude00 \\ud800")
    (found,) = read([data])
    assert found.description == "\U0001f600 \ufffd\ufffd\ufffd"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('"id"', '""', "ArchiveId"),
        ('"id"', '"i d"', "ArchiveId"),
        ('"id"', "7", "ArchiveId"),
        ('"a description"', "7", "ArchiveDescription"),
        ("2140123", "-1", "Size"),
        ("2140123", "true", "Size"),
        ("2140123", "1.5", "Size"),
        ("2140123", '"1"', "Size"),
        ("2012-05-15T", "2012-13-15T", "CreationDate"),
        ("2012-05-15T", "2012-05-15 ", "CreationDate"),
        ("2012-05-15T17", "2012-05-15T24", "CreationDate"),
        (bytes(range(32)).hex(), bytes(31).hex(), "SHA256TreeHash"),
        (bytes(range(32)).hex(), " " * 32 + bytes(16).hex(), "SHA256TreeHash"),
        (bytes(range(32)).hex(), "g" * 64, "SHA256TreeHash"),
    ],
)
def test_a_wrong_field_is_named(old: str, new: str, field: str) -> None:
    """With the number of its archive."""
    head, tail = as_json([ONE, ONE]).decode().rsplit(old, 1)
    with pytest.raises(Corrupt, match=f"^Archive 2 of the inventory has a wrong {field} "):
        list(read([f"{head}{new}{tail}".encode()]))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"{}", "has no ArchiveList"),
        (b'{"ArchiveList":[]} x', "goes on after its end"),
        (b'{"ArchiveList":[],"ArchiveList":[]}', "ArchiveList twice"),
        (b'{"ArchiveList":{}}', "is not the JSON of an inventory"),
        (b'{"ArchiveList":[7]}', "something that is no archive"),
        (b'{"ArchiveList":[],}', "ends in the middle"),
        (b"{1:2}", "is not the JSON of an inventory"),
        (b'{"a":' + b"[" * 100_000, "is not the JSON of an inventory"),
        (b'{"ArchiveList":[{"ArchiveId":"' + b"x" * 100_000, "is not the JSON of an inventory"),
        (b'{"VaultARN":"\xff"}', "no UTF-8"),
        (b'{"VaultARN":"\xc3', "ends in the middle"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, words: str) -> None:
    """In a sentence."""
    with pytest.raises(Corrupt, match=f"^The inventory .*{words}.*; fetch it again|^The inventory is empty"):
        list(read([data]))


def test_endless_input_is_not_held() -> None:
    """What is no inventory is refused after some KiB of it, not after all of it."""
    read_bytes = 0

    def endless() -> Iterator[bytes]:
        nonlocal read_bytes
        yield b'{"ArchiveList":['
        while True:
            read_bytes += 1024
            yield b'{"ArchiveId":"' + b"x" * 1010

    with pytest.raises(Corrupt):
        list(islice(read(endless()), 1))
    assert read_bytes < 1 << 20
