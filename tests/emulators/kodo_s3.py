"""Kodo's S3 endpoint, as far as objects are read there: signed by AWS's version 4, refused in S3's documents."""

from __future__ import annotations

import datetime as dt
import hmac
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from tests.emulators.documents import document
from tests.emulators.keys import Key
from tests.emulators.kodo_auth import Asked, Refusal
from tests.emulators.messages import Call, Refused, Reply, xml
from tests.emulators.s3_signing import ALGORITHM, canonical, sign, string_to_sign

REGION = "cn-east-1"
_HEADER = re.compile(rf"{ALGORITHM} Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]+)")
_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_SKEW = 15 * 60
_LONGEST = 7 * 86_400
_TOO_FAST = 573
_REFUSALS = {
    403: (403, "InvalidObjectState", "The operation is not valid for the object's storage class."),
    404: (404, "NoSuchKey", "The specified key does not exist."),
    412: (412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold."),
    416: (416, "InvalidRange", "The requested range is not satisfiable."),
    _TOO_FAST: (503, "SlowDown", "Please reduce your request rate."),
    631: (404, "NoSuchBucket", "The specified bucket does not exist."),
}
"""What is said here for Kodo's own numbers."""


def refused(refusal: Refused) -> Refused:
    """A refusal of Kodo's, in S3's words."""
    return Refused(*_REFUSALS[refusal.status]) if refusal.status in _REFUSALS else refusal


def error(call: Call, told: Refused) -> Reply:
    """S3's document, with its code."""
    said = refused(told) if isinstance(told, Refusal) else told
    elements = [("Code", said.code), ("Message", said.message), ("Resource", call.path), ("RequestId", call.request_id)]
    return xml(document("Error", elements), said.status)


def common_headers(call: Call) -> dict[str, str]:
    """Which request it was."""
    return {"x-amz-request-id": call.request_id, "X-Reqid": call.request_id}


def check(keys: Mapping[str, Key], asked: Asked, now: dt.datetime) -> None:
    """Raises Refused where it is not signed, or not as it should be."""
    query = dict(parse_qsl(asked.query, keep_blank_values=True))
    if found := _HEADER.fullmatch(asked.headers.get("authorization", "")):
        credential, names, signature = found.groups()
        moment, payload = asked.headers.get("x-amz-date", ""), asked.headers.get("x-amz-content-sha256", "")
        unsigned = {each for each in asked.headers if each.startswith("x-amz-")} | {"host"}
        if payload != _EMPTY or not unsigned <= set(names.split(";")):
            raise _denied("There were headers present in the request which were not signed.")
        seconds = _SKEW
    else:
        parts = ("Credential", "SignedHeaders", "Signature", "Date", "Expires")
        credential, names, signature, moment, life = (query.get(f"X-Amz-{part}", "") for part in parts)
        if not signature:
            raise _denied("Access Denied.")
        payload, seconds = "UNSIGNED-PAYLOAD", _seconds(life)
    _check_moment(moment, seconds, now, presigned=not found)
    access_key, _, scope = credential.partition("/")
    key = keys.get(access_key)
    if key is None or key.expired(now):
        raise Refused(403, "InvalidAccessKeyId", "The access key ID you provided does not exist in our records.")
    if scope != f"{moment[:8]}/{REGION}/s3/aws4_request":
        raise Refused(400, "AuthorizationHeaderMalformed", "The credential's scope is wrong.")
    text = canonical(asked.method, unquote(asked.path), query.items(), asked.headers, names.split(";"), payload)
    if not hmac.compare_digest(sign(key.secret, string_to_sign(text, moment, scope), scope), signature):
        message = "The request signature we calculated does not match the signature you provided."
        raise Refused(403, "SignatureDoesNotMatch", message)


def _check_moment(text: str, seconds: int, now: dt.datetime, *, presigned: bool) -> None:
    try:
        moment = dt.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        raise _denied("AWS authentication requires a valid Date or x-amz-date header.") from None
    age = (now - moment).total_seconds()
    if presigned and age > seconds:
        raise _denied("Request has expired.")
    if not -_SKEW <= age <= seconds:
        message = "The difference between the request time and the server's time is too large."
        raise Refused(403, "RequestTimeTooSkewed", message)


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _LONGEST:
        message = f"X-Amz-Expires must be a number of seconds, of at least 1 and at most {_LONGEST}."
        raise Refused(400, "AuthorizationQueryParametersError", message)
    return int(text)


def _denied(message: str) -> Refused:
    return Refused(403, "AccessDenied", message)
