"""Keys as paths."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given

from transfer.errors import Unsupported
from transfer.testing.strategies import keys
from transfer_local import names
from transfer_local.entries import content_type
from transfer_local.spelling import probe_name


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "empty"),
        ("/", "starts with '/'"),
        ("/x", "starts with '/'"),
        ("a//b", "'//'"),
        ("a//", "'//'"),
        ("..", "'..'"),
        ("../x", "'..'"),
        ("a/../../x", "'..'"),
        ("a/./b", "'.'"),
        ("a\0b", "NUL"),
        ("x" * 256, "255 bytes"),
        ("é" * 128, "255 bytes"),
        ("/".join(["x" * 200] * 21), "4095 bytes"),
        ("a/.transfer-12345678.tmp", "temporary"),
        ("\udc80", "Unicode"),
    ],
)
def test_what_cannot_be_a_path_is_refused_with_its_reason(key: str, reason: str) -> None:
    """Each key that no path can stand for is refused by name, saying why."""
    with pytest.raises(Unsupported, match=reason) as refused:
        names.segments(key)
    assert refused.value.key == key
    assert str(refused.value).isprintable()


@given(keys())
def test_segments_never_lead_out(key: str) -> None:
    """Whatever the key, its segments are names of things in a folder, or it is refused."""
    try:
        path = names.segments(key)
    except Unsupported:
        return
    assert all(name not in (b"", b".", b"..") and b"/" not in name and b"\0" not in name for name in path)
    assert b"/".join(path).decode() == key.removesuffix("/")


def test_an_upload_is_found_by_its_key_only() -> None:
    """The name of an upload's file tells its key and nothing else's."""
    upload = names.new_upload("a/b")
    name = names.of_upload(upload).decode()
    found = names.upload_in(name, "a/b")
    assert found is not None
    assert found[0] == upload
    assert names.upload_in(name, "a/c") is None
    assert names.upload_in(names.temporary().decode(), "a/b") is None
    assert names.upload_in(".transfer-garbage.parts.tmp", "a/b") is None


def test_temporary_names_are_ours() -> None:
    """Everything that is written under a name not its own is recognized."""
    assert names.is_temporary(names.temporary().decode())
    assert names.is_temporary(names.of_upload(names.new_upload("k")).decode())
    assert not names.is_parts(names.temporary().decode())
    assert names.is_temporary(probe_name())
    assert names.is_temporary(unicodedata.normalize("NFD", probe_name()))


@pytest.mark.parametrize(
    "name",
    [
        "notes.tmp",
        ".transfer-notes.tmp",
        ".transfer-.tmp",
        ".transfer-0123abc.tmp",
        ".transfer-0123ABCD.tmp",
        ".transfer-0123abcd.tmp.tmp",
        ".transfer-0123abcd.parts.tmp",
        ".transfer-mine.parts.tmp",
        "x.transfer-0123abcd.tmp",
    ],
)
def test_names_like_ours_are_somebody_elses(name: str) -> None:
    """Only what has exactly the form of ours is taken for ours, for it may be removed."""
    assert not names.is_temporary(name)
    assert names.segments(f"a/{name}") == (b"a", name.encode())


@pytest.mark.parametrize(
    ("key", "guess"),
    [
        ("a/index.html", "text/html"),
        ("photo.JPG", "image/jpeg"),
        ("x.tar.gz", "application/gzip"),
        ("x.tgz", "application/gzip"),
        ("x.csv.bz2", "application/x-bzip2"),
        ("data:text/html,x", None),
        (".bashrc", None),
        ("a.b/Makefile", None),
        ("v1.2.txt", "text/plain"),
    ],
)
def test_a_compressed_file_is_typed_as_what_it_is(key: str, guess: str | None) -> None:
    """A type is guessed from the name; a ``.gz`` is a gzip file, whatever it holds."""
    assert content_type(key) == guess
