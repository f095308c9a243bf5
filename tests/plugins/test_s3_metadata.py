"""Metadata survives as headers, or is told as lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.model import Metadata, Posix
from transfer.restxml.metadata import from_headers, to_headers
from transfer.restxml.words import decode_words, encode_words, is_plain, received
from transfer_s3.dialect import S3

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
_PLAIN = st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True)
_OPTIONAL = st.none() | _PLAIN
_NAMES = st.from_regex(r"[a-z0-9_.-]{1,10}", fullmatch=True).filter(
    lambda name: name not in {"mtime", "mode", "uid", "gid", "symlink-target"}
)
_METADATA = st.builds(
    Metadata,
    content_type=_OPTIONAL,
    content_encoding=st.none() | st.sampled_from(["gzip", "br, gzip"]),
    content_language=_OPTIONAL,
    content_disposition=_OPTIONAL,
    cache_control=_OPTIONAL,
    expires=_OPTIONAL,
    website_redirect=_OPTIONAL,
    user=st.dictionaries(_NAMES, _TEXT, max_size=4),
    storage_class=st.none() | st.sampled_from(["GLACIER", "STANDARD_IA"]),
    posix=st.builds(
        Posix, mtime_ns=st.none() | st.integers(0, 2**62), mode=st.none() | st.integers(0o100000, 0o107777)
    ),
)


@given(_METADATA)
def test_round_trip(metadata: Metadata) -> None:
    """All fields, names and values come back; headers are ASCII, and nothing breaks out of its line."""
    headers, lost = to_headers(S3, metadata, genuine=True)
    assert lost == ()
    assert all(name == name.lower() and is_plain(value) for name, value in headers.items())
    assert from_headers(S3, headers) == metadata


@given(_TEXT)
def test_encoded_words(text: str) -> None:
    """Any text comes back from RFC 2047, whose words have at most 75 characters."""
    encoded = encode_words(text)
    assert decode_words(encoded) == text
    assert is_plain(encoded)
    assert encoded == text or all(len(word) <= 75 for word in encoded.split(" "))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?UTF-8?Q?=C3=84_b?=", "Ä b"),
        ("=?utf-8?b?w4Q?=", "Ä"),
        ("=?UTF-8?B?w4Q=?= =?UTF-8?B?w4Q=?=", "ÄÄ"),
        ("=?ISO-8859-1?Q?=C4?=", "Ä"),
        ("=?x-unknown?Q?=C4?=", "=?x-unknown?Q?=C4?="),
        ("=?UTF-8?B?!?=", "=?UTF-8?B?!?="),
        ("=?utf-7?Q?+2AA-?=", "=?utf-7?Q?+2AA-?="),
        ("a =? b", "a =? b"),
    ],
)
def test_words_of_others(value: str, text: str) -> None:
    """What S3 and other tools encode is read; what only looks like it is left alone."""
    assert decode_words(value) == text


def test_bytes_that_are_not_utf8() -> None:
    """A header in Latin-1, as old tools wrote it, is read as such and can be written again."""
    assert received(b"caf\xe9".decode("utf-8", "surrogateescape")) == "café"
    assert received("café") == "café"


@pytest.mark.parametrize(
    ("metadata", "lost"),
    [
        (Metadata(content_type="text/plain\r\nx-amz-acl: public-read"), "content-type"),
        (Metadata(content_disposition="filename=ä"), "content-disposition"),
        (Metadata(user={"no name": "v"}), "user metadata 'no name'"),
        (Metadata(user={"ü": "v"}), "user metadata 'ü'"),
        (Metadata(user={"a": "1", "A": "2"}), "user metadata 'A'"),
        (Metadata(user={"big": "x" * 2050}), "user metadata 'big'"),
        (Metadata(tags={f"t{n:02}": "v" for n in range(11)}), "tag 't10'"),
        (Metadata(tags={"a&b": "v"}), "tag 'a&b'"),
        (Metadata(storage_class="FASTEST"), "storage class 'FASTEST'"),
    ],
)
def test_what_can_not_be_held_is_told(metadata: Metadata, lost: str) -> None:
    """By name; and it never gets into a request."""
    headers, named = to_headers(S3, metadata, genuine=True)
    assert named == (lost,)
    assert "public-read" not in str(headers)


def test_what_fits_stays() -> None:
    """One value too many does not take the others along; what a disk knows comes first."""
    metadata = Metadata(user={"a": "x" * 1990, "b": "y" * 100, "c": "z"}, posix=Posix(mtime_ns=1, mode=0o644))
    headers, lost = to_headers(S3, metadata, genuine=True)
    assert lost == ("user metadata 'b'",)
    assert {"x-amz-meta-mtime", "x-amz-meta-mode", "x-amz-meta-a", "x-amz-meta-c"} <= headers.keys()


def test_a_class_of_another_server() -> None:
    """Of AWS's classes the one of that kind; elsewhere the server decides. The usual one is not spelled out."""
    assert to_headers(S3, Metadata(storage_class="LINE"), genuine=True)[0] == {"x-amz-storage-class": "STANDARD_IA"}
    assert to_headers(S3, Metadata(storage_class="WARM"), genuine=False)[0] == {"x-amz-storage-class": "WARM"}
    assert to_headers(S3, Metadata(storage_class="STANDARD"), genuine=True) == ({}, ())


def test_chunking_is_no_encoding() -> None:
    """Some servers keep ``aws-chunked``, which was of the transport."""
    assert from_headers(S3, {"content-encoding": "aws-chunked"}).content_encoding is None
    assert from_headers(S3, {"content-encoding": "gzip,aws-chunked"}).content_encoding == "gzip"
