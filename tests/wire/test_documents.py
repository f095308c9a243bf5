"""Error documents, times, names and XML as object stores write them."""

from __future__ import annotations

from email.utils import formatdate
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.wire import xml
from transfer.wire.errordoc import ErrorDocument, read_error
from transfer.wire.quoting import quote_path, quote_query, unquote_listed
from transfer.wire.times import http_date, http_ns, iso_ns

_ANY = st.text(st.characters(exclude_categories=["Cs"]))


def test_an_error_document() -> None:
    """Code, message, request id and the rest by name."""
    body = b"<Error><Code>A</Code><Message>m</Message><RequestId>r</RequestId><Region>x</Region></Error>"
    document = read_error(body)
    assert (document.code, document.message, document.request_id) == ("A", "m", "r")
    assert document.detail("Region") == "x"
    assert document.detail("Endpoint") == ""


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"<Error><Code>half", b"\xff\x00"])
def test_no_error_document(body: bytes) -> None:
    """Anything else says nothing, and is no failure of its own."""
    assert read_error(body) == ErrorDocument()


def test_white_space_ahead_of_a_document() -> None:
    """With it a server keeps a connection alive while it puts an object together, and then says how that went."""
    blank = b" \n" * 3 + b'<?xml version="1.0" encoding="UTF-8"?>\n'
    assert xml.text(xml.parse(blank + b"<Result><ETag>x</ETag></Result>", "a finish"), "ETag") == "x"
    assert read_error(blank + b"<Error><Code>InternalError</Code></Error>").code == "InternalError"


@given(_ANY)
def test_a_name_in_an_address_comes_back(name: str) -> None:
    """Encoding loses nothing, and leaves only unreserved characters and slashes."""
    encoded = quote_path(name)
    assert unquote_listed(encoded) == name
    assert all(c.isascii() and (c.isalnum() or c in "-._~/%") for c in encoded)


def test_a_query_is_canonical() -> None:
    """Sorted by encoded name, blanks as %20, every name with its sign."""
    assert quote_query({"uploads": "", "prefix": "a b/", "A": "~"}) == "A=~&prefix=a%20b%2F&uploads="


@given(_ANY.filter(xml.holds))
def test_an_element_comes_back(content: str) -> None:
    """Whatever XML can hold survives a parser, white space included."""
    assert (fromstring(xml.element("K", content)).text or "") == content


@pytest.mark.parametrize("content", ["\x00", "\x1f", "a\ufffeb", "\ud800"])
def test_what_xml_can_not_hold(content: str) -> None:
    """Control characters and half pairs are told before they make a document that nobody can read."""
    assert not xml.holds(content)


def test_times() -> None:
    """Both spellings are read to the nanosecond; anything else is no time."""
    assert iso_ns("2026-01-02T03:04:05.678Z") == 1_767_323_045_678_000_000
    assert iso_ns("2026-01-02T03:04:05Z") == 1_767_323_045_000_000_000
    assert http_ns("Fri, 02 Jan 2026 03:04:05 GMT") == 1_767_323_045_000_000_000
    for text in ("", "soon", None, "Fri, 02 Foo 2026 03:04:05 GMT"):
        assert iso_ns(text) is None
        assert http_ns(text) is None


@given(st.integers(0, 2**33))
def test_dates_are_written(second: int) -> None:
    """As the standard library writes them, and so that they are read again."""
    assert http_date(second) == formatdate(second, usegmt=True)
    assert http_ns(http_date(second)) == second * 1_000_000_000
