"""What is read of a listing without a parser is what a parser reads."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transfer.errors import Corrupt
from transfer.wire import listing
from transfer.wire.listing import ListingPage, parse_page
from transfer.wire.rows import plain_rows

_START = '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
_ENCODED = "<EncodingType>url</EncodingType>"
_MORE = "<IsTruncated>true</IsTruncated><NextContinuationToken>1/&lt;a==</NextContinuationToken>"
_END = "</ListBucketResult>"
_TIME = "<LastModified>2026-01-02T03:04:05.000Z</LastModified>"
_AWS = (
    f"<Contents><Key>p/a+b%20c</Key>{_TIME}<ETag>&quot;d41d8&quot;</ETag>"
    "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"
    "<Size>17</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
_OWNED = (
    f'<Contents><Key>p/d</Key>{_TIME}<ETag>"e"</ETag><Size>0</Size>'
    "<Owner><ID>1</ID><DisplayName>me</DisplayName></Owner><StorageClass></StorageClass></Contents>"
)
_BARE = f"<Contents><Key>p/</Key>{_TIME}<ETag></ETag><Size>1</Size></Contents>"
_OSS = (
    f'<Contents><Key>p/o</Key>{_TIME}<ETag>"E"</ETag><Type>Normal</Type><Size>5</Size>'
    "<StorageClass>IA</StorageClass></Contents>"
)
_LINK = _OSS.replace("Normal", "Symlink")
_PLAIN = (_AWS, _OWNED, _BARE, _OSS)

fragments = st.sampled_from(
    [
        *_PLAIN,
        _LINK,
        _START,
        _END,
        _ENCODED,
        _MORE,
        "<Contents>",
        "</Contents>",
        "<Contents/>",
        "<Contents ",
        "<Key>p/z</Key>",
        "<Size>3</Size>",
        "<Size>x</Size>",
        "<Other><Contents>",
        "<Other>",
        "</Other>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?pi ?>",
        "<!DOCTYPE a>",
        "&amp;",
        "&#233;",
        "&",
        "<",
        ">",
        "é",
        "\ufffe",
        "\0",
        "\r\n",
        " ",
        "\x85",
        "p/",
        "%FF",
        "'",
        '"',
    ]
)


def _page(*rows: str) -> str:
    return "".join((_START, _ENCODED, _MORE, *rows, _END))


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Listings, most of them with something in them that does not belong there."""
    text = _page(*draw(st.lists(st.sampled_from(_PLAIN), max_size=4)))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 12)) | st.integers(start, len(text)))
        text = text[:start] + draw(fragments | st.just("")) + text[end:]
    return text.encode()


def _read(body: bytes) -> ListingPage | None:
    try:
        return parse_page(body, "p/")
    except Corrupt:
        return None


@given(documents())
@example(_page(f"<Other>{_AWS}</Other>").encode())
@example(_page(f"<!--{_AWS}-->").encode())
@example(_page(f"{_AWS}<Contents><Key>p/x</Key></Contents>{_AWS}").encode())
@example(_page(_AWS.replace("</Contents>", " </Contents>"), "-", _AWS).encode())
@example(_page(_AWS + "<Contents>" + _AWS + _AWS + "</Contents>").encode())
@example(_page(_AWS).replace("<IsTruncated>", "<Contents/><IsTruncated>").encode())
@example(_page(_AWS).replace("UTF-8", "UTF-16").encode())
def test_it_makes_no_difference(body: bytes) -> None:
    """Each document gives the same page, or none, with and without the short way."""
    with patch.object(listing, "plain_rows", lambda body: None):
        parsed = _read(body)
    assert _read(body) == parsed


@pytest.mark.parametrize("row", _PLAIN, ids=["like AWS", "with an owner", "bare", "like OSS"])
def test_the_usual_needs_no_parser(row: str) -> None:
    """Such rows are read by the pattern, all of them."""
    found = plain_rows(_page(row, row).encode())
    assert found is not None
    assert (found[0].decode(), len(found[1])) == (_page(), 2)


def test_the_unusual_is_left_to_the_parser() -> None:
    """A name that was not encoded may be anything; of a symlink the row tells nothing of what is read."""
    assert plain_rows(_page(_AWS.replace("p/a", "p/é")).encode()) is None
    assert plain_rows(_page(_OSS, _LINK).encode()) is None
