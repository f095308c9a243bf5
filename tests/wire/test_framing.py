"""Bodies in chunks come out as they went in, however the network cut them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.wire.framing import Chunked, Sized, Unsized
from transfer.wire.head import BadReply


def _encode(chunks: list[bytes], extension: bytes, trailer: bytes) -> bytes:
    body = b"".join(b"%x%b\r\n%b\r\n" % (len(chunk), extension, chunk) for chunk in chunks if chunk)
    return body + b"0\r\n" + trailer + b"\r\n"


def _decode(data: bytes, cuts: list[int], room: int) -> tuple[bytes, bytes, bool]:
    """The body, what is left behind it, and whether it has ended."""
    body, framing, view, held = bytearray(), Chunked(), memoryview(bytearray(room)), b""
    for start, end in pairwise([0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]):
        held += data[start:end]
        while True:
            used, given_ = framing.take(memoryview(held), view)
            body += view[:given_]
            held = held[used:]
            if not used:
                break
    return bytes(body), held, framing.ended


@given(
    st.lists(st.binary(max_size=40), max_size=5),
    st.sampled_from([b"", b";a=b"]),
    st.sampled_from([b"", b"x-amz-checksum: y\r\n"]),
    st.lists(st.integers(0, 300), max_size=8),
    st.integers(1, 50),
)
def test_chunks(chunks: list[bytes], extension: bytes, trailer: bytes, cuts: list[int], room: int) -> None:
    """Cut anywhere, and read into buffers of any size; what follows the body is left alone."""
    data = _encode(chunks, extension, trailer)
    assert _decode(data + b"next", cuts, room) == (b"".join(chunks), b"next", True)
    assert not _decode(data[:-1], cuts, room)[2]


@pytest.mark.parametrize("data", [b"x\r\n", b"\r\n", b"-1\r\n", b"3\nabc", b"3\r\nabcd\r\n", b"1" * 5000, b"0x1\r\na"])
def test_what_are_no_chunks(data: bytes) -> None:
    """They are refused, not guessed."""
    with pytest.raises(BadReply):
        _decode(data, [], 100)


def test_sized() -> None:
    """It gives so many bytes, of which some may have been received directly, and no more."""
    framing, view = Sized(10), memoryview(bytearray(20))
    assert framing.take(memoryview(b"abc"), view) == (3, 3)
    assert framing.room == 7
    framing.direct(5)
    assert not framing.closed()
    assert framing.take(memoryview(b"xyz"), view) == (2, 2)
    assert framing.ended
    assert Sized(0).ended


def test_unsized() -> None:
    """It ends with the connection, and only so."""
    framing, view = Unsized(), memoryview(bytearray(2))
    assert framing.take(memoryview(b"abc"), view) == (2, 2)
    assert not framing.ended
    assert framing.closed()
    assert framing.ended
