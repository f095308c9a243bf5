"""The signature is the one that AWS's own SDK makes."""

from __future__ import annotations

import datetime as dt
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials
from hypothesis import given
from hypothesis import strategies as st

from transfer.wire.quoting import quote_path, quote_query
from transfer.wire.sigv4 import EMPTY, UNSIGNED, Credentials, SigV4

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_KEYS = st.one_of(st.sampled_from(["a b+c%d", "a//b", "./x", "a/../b", "~", "é😀", "\x01"]), _TEXT)
_VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)
_HEADERS = st.dictionaries(st.from_regex(r"x-amz-meta-[a-z0-9-]{1,8}", fullmatch=True), _VALUES, max_size=4)
_SECRETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
_SECONDS = st.integers(0, 2**32)
_signer = SigV4("s3")


@given(
    method=st.sampled_from(["GET", "PUT", "POST", "HEAD", "DELETE"]),
    key=_KEYS,
    query=st.dictionaries(_TEXT.filter(bool), _TEXT, max_size=4),
    headers=_HEADERS,
    secret=_SECRETS,
    token=st.none() | _SECRETS,
    region=st.sampled_from(["us-east-1", "cn-north-1", "eu-west-3"]),
    now=_SECONDS,
    payload=st.sampled_from([EMPTY, UNSIGNED]),
)
def test_equals_the_sdk(
    method: str,
    key: str,
    query: dict[str, str],
    headers: dict[str, str],
    secret: str,
    token: str | None,
    region: str,
    now: int,
    payload: str,
) -> None:
    """For any method, key, query, headers, token, region and day, ours is botocore's signature."""
    path, asked = "/bucket/" + quote_path(key), quote_query(query)
    url = f"http://host:8333{path}" + (f"?{asked}" if asked else "")
    theirs = AWSRequest(method, url, headers={**headers, "X-Amz-Content-SHA256": payload})
    sdk = S3SigV4Auth(SdkCredentials("AKID", secret, token), "s3", region)
    with (
        mock.patch("botocore.auth.get_current_datetime", return_value=dt.datetime.fromtimestamp(now, dt.UTC)),
        mock.patch.object(sdk, "payload", return_value=payload),
    ):
        sdk.add_auth(theirs)
    ours = _signer.sign(
        method, "host:8333", path, asked, headers, payload, Credentials("AKID", secret, token), region, now
    )
    assert ours["authorization"] == theirs.headers["Authorization"]
    assert ours["x-amz-date"] == theirs.headers["X-Amz-Date"]


@given(
    key=_KEYS,
    query=st.dictionaries(st.sampled_from(["versionId", "x-amz-request-payer"]), _TEXT, max_size=2),
    secret=_SECRETS,
    token=st.none() | _SECRETS,
    now=_SECONDS,
    seconds=st.integers(1, 604_800),
)
def test_addresses_equal_the_sdks(
    key: str, query: dict[str, str], secret: str, token: str | None, now: int, seconds: int
) -> None:
    """For any object, the signature in an address is botocore's."""
    path = "/bucket/" + quote_path(key)
    theirs = AWSRequest("GET", f"http://host:8333{path}" + (f"?{quote_query(query)}" if query else ""))
    sdk = S3SigV4QueryAuth(SdkCredentials("AKID", secret, token), "s3", "eu-west-3", expires=seconds)
    with mock.patch("botocore.auth.get_current_datetime", return_value=dt.datetime.fromtimestamp(now, dt.UTC)):
        sdk.add_auth(theirs)
    ours = _signer.presign(
        "GET", "host:8333", path, query, seconds, Credentials("AKID", secret, token), "eu-west-3", now
    )
    wanted = dict(parse_qsl(urlsplit(theirs.url).query, keep_blank_values=True))
    assert dict(parse_qsl(ours, keep_blank_values=True)) == wanted


def test_secrets_are_not_shown() -> None:
    """Printing credentials shows the id alone."""
    shown = repr(Credentials("AKID", "sesame", "open"))
    assert "AKID" in shown
    assert "sesame" not in shown
    assert "open" not in shown


def test_signing_keys_are_few() -> None:
    """A job that runs for months does not keep a key for each day."""
    signer = SigV4("s3")
    for day in range(100):
        signer.sign("GET", "h", "/", "", {}, EMPTY, Credentials("a", "b"), "r", day * 86_400)
    assert len(signer._version4._keys) <= 16
