"""Whether an S3 request is signed as it must be."""

from __future__ import annotations

import datetime as dt
import hmac
import re
from dataclasses import dataclass

from tests.emulators.clock import iso_date
from tests.emulators.keys import Key
from tests.emulators.messages import Call, Refused
from tests.emulators.s3_signing import ALGORITHM, canonical, sign, string_to_sign
from tests.emulators.service import Service

UNSIGNED = "UNSIGNED-PAYLOAD"
TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_SKEW = dt.timedelta(minutes=15)
_LONGEST = 604_800


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a request says of its signature."""

    key_id: str
    scope: str
    moment: str
    signed: tuple[str, ...]
    signature: str
    payload: str


def authenticate(service: Service, call: Call) -> str:
    """Whose key signed it; empty where nobody did. Raises Refused."""
    header = call.headers.get("authorization", "")
    if header and "X-Amz-Algorithm" in call.query:
        raise _invalid("InvalidArgument", "Only one auth mechanism allowed.")
    if header:
        return _by_header(service, call, header)
    return _by_url(service, call) if "X-Amz-Algorithm" in call.query else ""


def _by_header(service: Service, call: Call, header: str) -> str:
    found = re.fullmatch(
        rf"{ALGORITHM} Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)", header
    )
    if found is None:
        raise _invalid("AuthorizationHeaderMalformed", "The authorization header is malformed.")
    payload = call.headers.get("x-amz-content-sha256", "")
    _check_payload(payload)
    key_id, _, scope = found[1].partition("/")
    claim = _Claim(key_id, scope, call.headers.get("x-amz-date", ""), tuple(found[2].split(";")), found[3], payload)
    moment, key = _examined(service, call, claim)
    if service.controls.switches.clock_skew_checked and abs(service.clock.now() - moment) > _SKEW:
        raise _skewed(service, claim.moment)
    return key.id


def _by_url(service: Service, call: Call) -> str:
    query = call.query
    names = ("Credential", "Date", "SignedHeaders", "Signature", "Expires")
    credential, date, signed, signature, seconds = (query.get(f"X-Amz-{name}", "") for name in names)
    if query["X-Amz-Algorithm"] != ALGORITHM or not all((credential, date, signed, signature, seconds)):
        message = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
        message += "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        raise _invalid("AuthorizationQueryParametersError", message)
    if not seconds.isdigit() or not 1 <= int(seconds) <= _LONGEST:
        message = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be "
        raise _invalid("AuthorizationQueryParametersError", f"{message}less than 604800 seconds")
    key_id, _, scope = credential.partition("/")
    claim = _Claim(key_id, scope, date, tuple(signed.split(";")), signature, UNSIGNED)
    moment, key = _examined(service, call, claim)
    now = service.clock.now()
    if now > moment + dt.timedelta(seconds=int(seconds)):
        fields = {"X-Amz-Expires": seconds, "ServerTime": iso_date(now)}
        raise Refused(403, "AccessDenied", "Request has expired", fields=fields)
    if moment - _SKEW > now:
        raise Refused(403, "AccessDenied", "Request is not valid yet", fields={"ServerTime": iso_date(now)})
    return key.id


def _check_payload(payload: str) -> None:
    if not payload:
        raise _invalid("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if payload in (UNSIGNED, TRAILER) or re.fullmatch(r"[0-9a-f]{64}", payload):
        return
    if payload.startswith("STREAMING-"):
        raise Refused(501, "NotImplemented", f"Bodies of the kind {payload} are not taken.")
    message = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, or a valid sha256 value."
    raise _invalid("InvalidArgument", message)


def _examined(service: Service, call: Call, claim: _Claim) -> tuple[dt.datetime, Key]:
    """When it was signed, and with which key, if all of it is right."""
    if not re.fullmatch(r"\d{8}T\d{6}Z", claim.moment):
        message = "AWS authentication requires a valid Date or x-amz-date header"
        raise Refused(403, "AccessDenied", message)
    _check_scope(service, claim)
    key = _key(service, call, claim.key_id)
    _check_signed(call, claim)
    _compare(key, call, claim)
    return dt.datetime.strptime(claim.moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC), key


def _check_scope(service: Service, claim: _Claim) -> None:
    parts = claim.scope.split("/")
    if len(parts) != 4 or parts[0] != claim.moment[:8] or parts[2:] != ["s3", "aws4_request"]:
        raise _invalid("AuthorizationHeaderMalformed", "The authorization header is malformed; the scope is wrong.")
    if parts[1] != service.region:
        message = (
            f"The authorization header is malformed; the region '{parts[1]}' is wrong; expecting '{service.region}'"
        )
        raise Refused(400, "AuthorizationHeaderMalformed", message, fields={"Region": service.region})


def _check_signed(call: Call, claim: _Claim) -> None:
    own = {name for name in call.headers if name.startswith("x-amz-")} | {"host"}
    missing = sorted(own - set(claim.signed))
    if missing:
        message = "There were headers present in the request which were not signed"
        raise Refused(403, "AccessDenied", message, fields={"HeadersNotSigned": ", ".join(missing)})


def _compare(key: Key, call: Call, claim: _Claim) -> None:
    try:
        request = canonical(call.method, call.path, call.query.items(), call.headers, claim.signed, claim.payload)
    except KeyError:
        request = ""
    string = string_to_sign(request, claim.moment, claim.scope)
    wanted = sign(key.secret, string, claim.scope)
    if request and hmac.compare_digest(wanted.encode(), claim.signature.encode(errors="replace")):
        return
    message = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method."
    )
    fields = {
        "AWSAccessKeyId": key.id,
        "StringToSign": string,
        "SignatureProvided": claim.signature,
        "CanonicalRequest": request,
    }
    raise Refused(403, "SignatureDoesNotMatch", message, fields=fields)


def _key(service: Service, call: Call, key_id: str) -> Key:
    token = call.headers.get("x-amz-security-token") or call.query.get("X-Amz-Security-Token", "")
    key = service.keys.get(key_id)
    if key is None or (key.token and not token):
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise Refused(403, "InvalidAccessKeyId", message, fields={"AWSAccessKeyId": key_id})
    if key.token != token:
        raise _invalid("InvalidToken", "The provided token is malformed or otherwise invalid.")
    if key.expired(service.clock.now()):
        raise _invalid("ExpiredToken", "The provided token has expired.")
    return key


def _skewed(service: Service, moment: str) -> Refused:
    fields = {
        "RequestTime": moment,
        "ServerTime": iso_date(service.clock.now()),
        "MaxAllowedSkewMilliseconds": "900000",
    }
    message = "The difference between the request time and the current time is too large."
    return Refused(403, "RequestTimeTooSkewed", message, fields=fields)


def _invalid(code: str, message: str) -> Refused:
    return Refused(400, code, message)
