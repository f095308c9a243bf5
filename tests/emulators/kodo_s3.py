"""Kodo's S3 endpoint, as far as objects are read there: signed by AWS's version 4, buckets by their S3 names."""

from __future__ import annotations

import hmac
import re
from calendar import timegm
from collections.abc import Iterable, Mapping
from dataclasses import replace
from time import strptime
from urllib.parse import parse_qsl, unquote

from tests.emulators.kodo_auth import Asked, Refusal
from tests.emulators.kodo_bucket import Bucket
from tests.emulators.s3_signing import ALGORITHM, canonical, sign, string_to_sign

REGION = "cn-east-1"
_HEADER = re.compile(rf"{ALGORITHM} Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]+)")
_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_SKEW = 15 * 60


def readable(buckets: Iterable[Bucket], secrets: Mapping[str, str], asked: Asked, now: float) -> tuple[Bucket, Asked]:
    """The bucket that is read, and the request as one for its object. Raises Refusal."""
    _check(secrets, asked, now)
    if asked.method not in ("GET", "HEAD"):
        raise Refusal(405, "MethodNotAllowed")
    name, _, key = asked.path[1:].partition("/")
    bucket = next((bucket for bucket in buckets if bucket.s3_name == unquote(name)), None)
    if bucket is None:
        raise Refusal(404, "NoSuchBucket")
    return bucket, replace(asked, target=f"/{key}")


def _check(secrets: Mapping[str, str], asked: Asked, now: float) -> None:
    query = dict(parse_qsl(asked.query, keep_blank_values=True))
    if found := _HEADER.fullmatch(asked.headers.get("authorization", "")):
        credential, names, signature = found.groups()
        moment, payload, seconds = (
            asked.headers.get("x-amz-date", ""),
            asked.headers.get("x-amz-content-sha256", ""),
            _SKEW,
        )
        unsigned = {each for each in asked.headers if each.startswith("x-amz-")} | {"host"}
        if payload != _EMPTY or not unsigned <= set(names.split(";")):
            raise Refusal(403, "AccessDenied")
    else:
        parts = ("Credential", "SignedHeaders", "Signature", "Date", "Expires")
        credential, names, signature, moment, life = (query.get(f"X-Amz-{part}", "") for part in parts)
        payload, seconds = "UNSIGNED-PAYLOAD", int(life or 0)
    key, _, scope = credential.partition("/")
    if key not in secrets or scope != f"{moment[:8]}/{REGION}/s3/aws4_request":
        raise Refusal(403, "AccessDenied")
    if not -_SKEW <= now - timegm(strptime(moment, "%Y%m%dT%H%M%SZ")) <= seconds:
        raise Refusal(403, "RequestTimeTooSkewed")
    text = canonical(asked.method, unquote(asked.path), query.items(), asked.headers, names.split(";"), payload)
    if not hmac.compare_digest(sign(secrets[key], string_to_sign(text, moment, scope), scope), signature):
        raise Refusal(403, "SignatureDoesNotMatch")
