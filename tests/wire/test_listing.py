"""A page of a listing is read as the server means it."""

from __future__ import annotations

import pytest

from transfer.errors import Corrupt
from transfer.model import Cold, Entry, Unlisted
from transfer.restxml.coldness import listed
from transfer.wire.listing import ListingPage, Restore, parse_page
from transfer_oss.dialect import OSS

_ROW = (
    "<Contents><Key>{}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>"
    "<ETag>&quot;abc&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>"
)


def _page(*keys: str, more: str = "<EncodingType>url</EncodingType>", space: str = ' xmlns="urn:any"') -> bytes:
    rows = "".join(_ROW.format(key) for key in keys)
    return f"<?xml version='1.0'?><ListBucketResult{space}>{more}{rows}</ListBucketResult>".encode()


def test_all_that_is_told_is_read() -> None:
    """Size, time, ETag and class are in the entry; the key comes without the prefix."""
    (entry,) = parse_page(_page("p/k"), "p/").items
    assert entry == Entry("k", 7, modified_ns=1_767_323_045_678_000_000, etag="abc", storage_class="STANDARD")


@pytest.mark.parametrize("space", ["", ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'])
def test_any_namespace(space: str) -> None:
    """Servers that leave the namespace out are understood too."""
    assert [item.key for item in parse_page(_page("k", space=space), "").items] == ["k"]


@pytest.mark.parametrize(
    ("written", "meant"), [("a+b", "a b"), ("a%2Bb", "a+b"), ("a%20b", "a b"), ("%01%25", "\x01%"), ("%C3%A9", "é")]
)
def test_encoded_names(written: str, meant: str) -> None:
    """With an echoed encoding-type names are decoded, and a plus is a space."""
    assert [item.key for item in parse_page(_page(written), "").items] == [meant]


def test_names_that_are_not_encoded() -> None:
    """A server that does not echo the encoding means its names literally."""
    assert [item.key for item in parse_page(_page("a+b%20c", more=""), "").items] == ["a+b%20c"]


def test_a_name_that_is_not_utf8_is_told() -> None:
    """It can't be an entry, and protects its counterpart from deletion."""
    (item,) = parse_page(_page("%FF"), "").items
    assert isinstance(item, Unlisted)
    assert item.failed


def test_the_folder_itself_is_left_out() -> None:
    """The object that marks the prefix is none of its keys."""
    page = parse_page(_page("p/", "p/k"), "p/")
    assert [item.key for item in page.items] == ["k"]


def test_of_a_symlink_only_the_name_is_known() -> None:
    """What OSS lists of it is the link's own, and not what a read would give."""
    row = _ROW.replace("<Size>", "<Type>Symlink</Type><Size>")
    page = _page("a").replace(b"</ListBucketResult>", row.format("link").encode() + b"</ListBucketResult>")
    first, link = parse_page(page, "").items
    assert isinstance(first, Entry)
    assert first.size == 7
    assert link == Entry("link")


def test_how_it_goes_on() -> None:
    """Truncation, the token and the last name are told."""
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
    page = parse_page(_page("a", "b", more=more), "")
    assert (page.truncated, page.token, page.last, page.marker) == (True, "t", "b", None)


def test_a_marker_is_a_name() -> None:
    """It is encoded where names are; one that is no text leads nowhere."""
    for written, marker in (("a%20b", "a b"), ("%ff", None)):
        more = f"<EncodingType>url</EncodingType><NextMarker>{written}</NextMarker>"
        assert parse_page(_page("a", more=more), "").marker == marker
    assert parse_page(_page("a", more="<NextMarker>a%20b</NextMarker>"), "").marker == "a%20b"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>busy</html>",
        _page("outside"),
        _page("p/k")[:-30],
        _page("p/k").replace(b"<Size>7<", b"<Size>seven<"),
        _page("p/k").replace(b"<?xml version='1.0'?>", b"<?xml version='1.0' encoding='any'?>"),
        _page("p/k").replace(b"<?xml version='1.0'?>", b"<?xml version='1.0' encoding='utf-32'?>"),
    ],
)
def test_no_listing(body: bytes) -> None:
    """What is cut off, is something else, or lists other folders is never taken for a listing."""
    with pytest.raises(Corrupt):
        parse_page(body, "p/")


_EXPIRY = "<RestoreExpiryDate>2026-01-02T00:00:00.000Z</RestoreExpiryDate>"


@pytest.mark.parametrize(
    ("told", "restore"),
    [
        ("<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>", Restore(ongoing=True)),
        (
            f"<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>{_EXPIRY}</RestoreStatus>",
            Restore(ongoing=False, until_ns=1_767_312_000 * 10**9),
        ),
        ('<RestoreInfo>ongoing-request="true"</RestoreInfo>', Restore(ongoing=True)),
        (
            '<RestoreInfo>ongoing-request="false", expiry-date="Fri, 02 Jan 2026 00:00:00 GMT"</RestoreInfo>',
            Restore(ongoing=False, until_ns=1_767_312_000 * 10**9),
        ),
        ("<RestoreInfo>what else</RestoreInfo>", None),
        ("<RestoreStatus></RestoreStatus>", None),
        ("", None),
    ],
)
def test_what_was_asked_of_cold_storage_is_told(told: str, restore: Restore | None) -> None:
    """As S3 and as OSS write it, under the name that the object has here."""
    row = "<Contents><Key>p/a%20b</Key><Size>1</Size><StorageClass>GLACIER</StorageClass>{}</Contents>"
    body = f"<ListBucketResult><EncodingType>url</EncodingType>{row.format(told)}</ListBucketResult>"
    page = parse_page(body.encode(), "p/")
    assert [item.key for item in page.items] == ["a b"]
    assert page.restores == ({} if restore is None else {"a b": restore})


def test_silence_means_frozen_only_where_listings_tell() -> None:
    """And only of classes that can't be read whatever the bucket's settings."""
    entries = tuple(Entry(name, 1, storage_class=name) for name in ("Archive", "ColdArchive", "IA"))
    page = ListingPage(entries, None, truncated=False, token=None)
    assert listed(OSS, page, tells_all=False) == entries
    told = listed(OSS, page, tells_all=True)
    assert [item.cold for item in told if isinstance(item, Entry)] == [None, Cold.FROZEN, None]
