"""Files of names, as AWS's solution takes them: read, checked line by line, and written."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.errors import Misconfigured
from transfer_glacier.archive import Archive
from transfer_glacier.journal import fault_of
from transfer_glacier.names_csv import Named, open_names, read_names, write_names

HEADER = "GlacierArchiveID,FileName\n"


def read(text: str) -> list[Named]:
    return list(read_names(io.StringIO(text, newline=""), "names.csv"))


def archive(archive_id: str, name: str) -> Archive:
    return Archive(archive_id, name, 1, None, bytes(32), 0)


def test_a_file_by_hand() -> None:
    """Quoted names may have commas and quotes; lines are counted as editors do."""
    text = HEADER + 'id1,a/b.txt\r\nid2,"one, ""two"""\n\nid3, blanks stay \n'
    assert read(text) == [
        Named("id1", "a/b.txt", 2),
        Named("id2", 'one, "two"', 3),
        Named("id3", " blanks stay ", 5),
    ]


def test_the_header_may_be_missing() -> None:
    """AWS's solution keeps it in a file of its own, with an empty line below it."""
    assert read("id1,a\n") == [Named("id1", "a", 1)]
    assert read("GlacierArchiveID,FileName\n,") == []
    assert read("") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id1\n", "line 2, has 1 columns; write GlacierArchiveID,FileName"),
        ("id1,a,b\n", "line 2, has 3 columns"),
        (",a\n", "line 2: '' is not the id"),
        ("i d,a\n", "line 2: 'i d' is not the id"),
        ("id1,\n", "line 2: the name '' is empty"),
        ("id1,/etc/passwd\n", "line 2: the name '/etc/passwd' begins with '/'"),
        ("id1,a/../b\n", "line 2: the name 'a/../b' has a component that is empty, '.' or '..'"),
        ("id1,a\nid2,b/\n", "line 3: the name 'b/' has a component that is empty"),
        ("id1,a\tb\n", "line 2: the name 'a\tb' has a line break or a tab"),
        ('id1,"a\nb"\n', "line 3: the name 'a\nb' has a line break"),
        ("id1,a\0\n", "line 2: the name 'a\0' has a NUL in it"),
        ('id1,"a"b\n', "line 2, is not CSV"),
        ('id1,"a', "line 2, is not CSV"),
        ("id1," + "x" * 200_000, "line 2, is not CSV"),
    ],
)
def test_wrong_lines_are_named(text: str, words: str) -> None:
    """By the file, the number of the line, and what is wrong."""
    with pytest.raises(Misconfigured) as caught:
        read(HEADER + text)
    assert str(caught.value).startswith("names.csv, " + words)


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12).filter(
    lambda name: fault_of(name) is None
)


@given(found=st.dictionaries(st.text("aZ0_-", min_size=1, max_size=6), names, max_size=8))
def test_round_trips(found: dict[str, str]) -> None:
    """What is written is read again, whatever the names."""
    file = io.StringIO(newline="")
    assert write_names([archive(*each) for each in found.items()], file) == len(found)
    assert file.getvalue().startswith(HEADER)
    assert {each.archive_id: each.name for each in read(file.getvalue())} == found


def test_names_on_disk(tmp_path: Path) -> None:
    """A mapping; a byte order mark, as spreadsheets write it, is passed over."""
    path = tmp_path / "names.csv"
    path.write_bytes(b"\xef\xbb\xbf" + HEADER.encode() + b"id2,b\nid1,a\n")
    with open_names(str(path)) as found:
        assert dict(found) == {"id1": "a", "id2": "b"}
        assert len(found) == 2
        assert found.get("id3") is None
        assert "id3" not in found


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"id1,a\nid2,b\nid1,c\n", r"line 4, names archive id1, as line 2 does; name it once\."),
        (b"id1,\xff\n", "is not UTF-8"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, data: bytes, words: str) -> None:
    """With their path."""
    path = tmp_path / "names.csv"
    path.write_bytes(HEADER.encode() + data)
    with pytest.raises(Misconfigured, match=words) as caught, open_names(str(path)):
        raise AssertionError
    assert str(path) in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """In a sentence."""
    with (
        pytest.raises(Misconfigured, match=r"can't be read: No such file or directory\."),
        open_names(str(tmp_path / "x")),
    ):
        raise AssertionError
