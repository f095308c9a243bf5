"""The rows of a listing, read without a parser where they are written the way nearly all servers write them.

An XML parser makes an object of each element, which takes longer than all else about a listing.
So a page that is plain from end to end is read by a pattern. Anything it does not foresee (another
order, blanks, comments, references, characters beyond ASCII) is left to the parser.
"""

from __future__ import annotations

import re

Row = tuple[str, str, str, str, str]
"""Texts of Key, LastModified, ETag, Size and StorageClass; empty where there is none."""

_OPEN, _CLOSE = "<Contents>", "</Contents>"
_TEXT = r"[ -%'-;=?-~]*"
"""Printable ASCII but what has a meaning in XML."""
_QUOTE = r'(?:&quot;|&#34;|")?'
_ROW = re.compile(
    rf"{_OPEN}<Key>({_TEXT})</Key><LastModified>({_TEXT})</LastModified>"
    rf"<ETag>{_QUOTE}([ !#-%'-;=?-~]*){_QUOTE}</ETag>"
    rf"(?:<ChecksumAlgorithm>{_TEXT}</ChecksumAlgorithm>)*(?:<ChecksumType>{_TEXT}</ChecksumType>)?"
    # OSS's kinds of objects. Of a symlink the row tells other things than a read: that is for the parser.
    r"(?:<Type>(?:Normal|Multipart|Appendable)</Type>)?"
    r"<Size>([0-9]{1,19})</Size>"
    rf"(?:<Owner>(?:<ID>{_TEXT}</ID>)?(?:<DisplayName>{_TEXT}</DisplayName>)?</Owner>)?"
    rf"(?:<StorageClass>({_TEXT})</StorageClass>)?"
    rf"{_CLOSE}"
)
_LEAVES = r"(?:<(\w+)>[^<]*</\1>|<\w+/>)*"
_BEFORE = re.compile(
    r"""(?:<\?xml version=["']1.0["'](?: encoding=["'](?:UTF|utf)-8["'])?\?>)?\s*"""
    rf"<ListBucketResult(?: xmlns=[\"'][^\"'<&]*[\"'])?>{_LEAVES}"
)
_AFTER = re.compile(rf"{_LEAVES}</ListBucketResult>\s*")


def plain_rows(body: bytes) -> tuple[bytes, list[Row]] | None:
    """The document without its rows, and the rows; None where a parser has to read it.

    Rows that are given are what a parser would find. The rest is yet to be parsed.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    first, end = text.find(_OPEN), text.rfind(_CLOSE) + len(_CLOSE)
    if first < 0 or not _frames(text[:first], text[end:]):
        return None
    rows: list[Row] = _ROW.findall(text, first, end)
    # As many beginnings, ends and seams as that: so each row was read whole, and there is nothing between them.
    counts = (text.count(_OPEN), text.count(_CLOSE), text.count(_CLOSE + _OPEN) + 1)
    if counts != (len(rows),) * 3:
        return None
    return (text[:first] + text[end:]).encode(), rows


def _frames(before: str, after: str) -> bool:
    """Whether the rows are children of the root, and all of them."""
    return (
        "<Contents" not in before
        and "<Contents" not in after
        and _BEFORE.fullmatch(before) is not None
        and _AFTER.fullmatch(after) is not None
    )
