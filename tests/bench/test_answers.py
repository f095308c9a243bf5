"""The pages and bodies of the bench's S3 server, where our own client does not show them."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[2]))  # the bench is not installed; what is comes first

from bench.server.bodies import received, unchunked
from bench.server.buckets import GeneratedBucket
from bench.server.listing import page
from bench.server.messages import Request, Response, S3Error
from bench.server.objects import span_of
from bench.server.service import Service
from transfer.checksums import digest
from transfer.model import Algorithm

_NAMES = st.lists(st.text("ab/é", min_size=1, max_size=5), unique=True).map(sorted)


def told(keys: list[str], prefix: str, delimiter: str) -> list[str]:
    """Keys and folders, by looking at every key."""
    found: dict[str, None] = {}
    for key in keys:
        if key.startswith(prefix):
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            found[key if end < 0 else key[: end + 1]] = None
    return list(found)


@example(keys=["/", "/a"], prefix="/", delimiter="/", most=1)
@given(keys=_NAMES, prefix=st.text("ab/", max_size=2), delimiter=st.sampled_from(["", "/"]), most=st.integers(1, 4))
def test_pages_tell_everything_once(keys: list[str], prefix: str, delimiter: str, most: int) -> None:
    """Page by page, each name and each folder is told once, in order."""
    found: list[str] = []
    after = ""
    while True:
        one = page(keys, prefix, delimiter, after, most)
        names = sorted([*one.keys, *one.folders])
        assert len(names) <= most
        found += names
        if one.last is None:
            break
        after = one.last
    assert found == told(keys, prefix, delimiter)


def test_generated_buckets_are_full() -> None:
    """A bucket of a million objects is there at once; each of its keys is found, and no other."""
    bucket = GeneratedBucket(1_000_000)
    keys = bucket.keys
    assert len(keys) == 1_000_000
    assert keys[999_999] == "000999/000999999.bin"
    assert list(keys[999:1001]) == ["000000/000000999.bin", "000001/000001000.bin"]
    assert bucket.get(keys[123_456]).size == 4096
    with pytest.raises(S3Error, match="NoSuchKey"):
        bucket.get("000999/000999999.bi")
    with pytest.raises(S3Error, match="AccessDenied"):
        bucket.put("new", bucket.get(keys[0]))


def test_generated_listings_go_on() -> None:
    """Its listing goes on behind any key, by version 1 and 2."""
    ask = Service()
    behind = Request("GET", "/generated-5000-a", {"list-type": "2", "start-after": "000003/000003999.bin"}, {})
    marked = Request("GET", "/generated-5000-a", {"marker": "000003/000003999.bin", "max-keys": "1"}, {})
    for request, count in ((behind, 1000), (marked, 1)):
        answer = ask(request)
        assert isinstance(answer, Response)
        body = bytes(answer.body[0])
        assert body.count(b"<Contents>") == count
        assert b"<Key>000004/000004000.bin</Key>" in body


def test_chunks_are_put_together() -> None:
    """A body in signed or unsigned chunks is its bytes; what trails it are headers; a torn one is refused."""
    body = b"5;chunk-signature=abc\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n"
    assert unchunked(body) == (b"hello world", {"x-amz-checksum-crc32": "DUoRhQ=="})
    with pytest.raises(S3Error, match="IncompleteBody"):
        unchunked(body[:20])


@pytest.mark.parametrize("algorithm", [Algorithm.CRC32, Algorithm.CRC64NVME, Algorithm.SHA256, Algorithm.MD5])
def test_wrong_checksums_are_refused(algorithm: Algorithm) -> None:
    """Whatever checksum comes with a body is compared with it."""
    name = "content-md5" if algorithm is Algorithm.MD5 else f"x-amz-checksum-{algorithm}"
    for hashed in (b"bytes", b"other"):
        value = base64.b64encode(digest(hashed, [algorithm])[algorithm]).decode()
        request = Request("PUT", "/bucket/key", {}, {name: value}, b"bytes")
        if hashed == b"bytes":
            assert received(request, knows_checksums=True).data == b"bytes"
        else:
            with pytest.raises(S3Error, match="BadDigest"):
                received(request, knows_checksums=True)


def test_ranges() -> None:
    """From a byte to another, from a byte on, the last bytes; what begins behind the end is refused."""
    assert [span_of(asked, 10) for asked in ("bytes=2-4", "bytes=7-", "bytes=-3", "bytes=0-99")] == [
        (2, 5),
        (7, 10),
        (7, 10),
        (0, 10),
    ]
    with pytest.raises(S3Error, match="InvalidRange"):
        span_of("bytes=10-", 10)
