"""Whether a Glacier request is signed as it must be."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re

from tests.emulators.api import Api
from tests.emulators.glacier_checks import missing
from tests.emulators.keys import Key
from tests.emulators.messages import Call, Held, Refused
from tests.emulators.s3_signing import ALGORITHM, canonical, sign, string_to_sign

_SKEW = dt.timedelta(minutes=5)
_MOMENT = "%Y%m%dT%H%M%SZ"
_SIGNED = ("host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token")
"""Headers that must be signed where they are there."""


def authenticate(api: Api, call: Call) -> str:
    """Whose key signed it. Raises Refused."""
    header = call.headers.get("authorization", "")
    if not header:
        raise Refused(400, "MissingAuthenticationTokenException", "Request is missing Authentication Token")
    found = re.fullmatch(
        rf"{ALGORITHM} Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)", header
    )
    if found is None:
        raise _refused("The authorization header is malformed.")
    key_id, _, scope = found[1].partition("/")
    signed, moment = found[2].split(";"), call.headers.get("x-amz-date") or call.headers.get("date", "")
    if not re.fullmatch(r"\d{8}T\d{6}Z", moment):
        raise _refused("Date must be in ISO-8601 'basic format'.")
    _check_scope(api, scope, moment)
    unsigned = [name for name in _SIGNED if name in call.headers and name not in signed]
    if unsigned:
        raise _refused(f"'{unsigned[0]}' must be a signed header.")
    key = _key(api, call, key_id)
    _compare(call, key, moment, scope, signed, found[3])
    _check_skew(api, moment)
    return key.id


def _check_scope(api: Api, scope: str, moment: str) -> None:
    parts = scope.split("/")
    if len(parts) != 4 or parts[0] != moment[:8] or parts[2:] != ["glacier", "aws4_request"]:
        raise _refused("Credential should be scoped to a valid date and to the service 'glacier'.")
    if parts[1] != api.region:
        raise _refused(f"Credential should be scoped to a valid region, not '{parts[1]}'.")


def _key(api: Api, call: Call, key_id: str) -> Key:
    given, key = call.headers.get("x-amz-security-token", ""), api.keys.get(key_id)
    if key is None or key.token != given:
        message = "The security token included in the request is invalid."
        raise Refused(400, "UnrecognizedClientException", message)
    if key.expired(api.clock.now()):
        raise Refused(403, "ExpiredTokenException", "The security token included in the request is expired")
    return key


def _compare(call: Call, key: Key, moment: str, scope: str, signed: list[str], signature: str) -> None:
    payload = call.headers.get("x-amz-content-sha256", "")
    if not payload and isinstance(call.body, Held):
        payload = hashlib.sha256(call.body.data).hexdigest()
    elif not payload:
        raise missing("x-amz-content-sha256")
    path = normal(call.target.partition("?")[0])
    try:
        request = canonical(call.method, path, call.query.items(), call.headers, signed, payload)
    except KeyError:
        request = ""
    wanted = sign(key.secret, string_to_sign(request, moment, scope), scope)
    if not request or not hmac.compare_digest(wanted, signature):
        message = "The request signature we calculated does not match the signature you provided. Check your AWS "
        message += "Secret Access Key and signing method. Consult the service documentation for details."
        raise _refused(f"{message}\n\nThe Canonical String for this request should have been\n'{request}'\n")
    check_payload(call, payload)


def check_payload(call: Call, payload: str) -> None:
    """Raises Refused where a body that is there already is not the one that was signed."""
    if isinstance(call.body, Held):
        compare_payload(payload, hashlib.sha256(call.body.data).hexdigest())


def compare_payload(expected: str, computed: str) -> None:
    """Raises Refused where it is another one."""
    if expected != computed:
        message = "The value passed in as x-amz-content-sha256 does not match the computed payload hash. "
        raise _refused(f"{message}Computed digest: {computed} expected hash: {expected}")


def normal(path: str) -> str:
    """The path as it was sent, without empty segments and dots. It is encoded once more when it is signed."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    whole = "/" + "/".join(kept)
    return f"{whole}/" if kept and path.endswith("/") else whole


def _check_skew(api: Api, moment: str) -> None:
    if not api.controls.switches.clock_skew_checked:
        return
    signed, now = dt.datetime.strptime(moment, _MOMENT).replace(tzinfo=dt.UTC), api.clock.now()
    if signed < now - _SKEW:
        edge = f"{now - _SKEW:{_MOMENT}} ({now:{_MOMENT}} - 5 min.)"
        raise _refused(f"Signature expired: {moment} is now earlier than {edge}")
    if signed > now + _SKEW:
        edge = f"{now + _SKEW:{_MOMENT}} ({now:{_MOMENT}} + 5 min.)"
        raise _refused(f"Signature not yet current: {moment} is still later than {edge}")


def _refused(message: str) -> Refused:
    return Refused(403, "InvalidSignatureException", message)
