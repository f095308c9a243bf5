"""Whether a COS request is signed as it must be."""

from __future__ import annotations

import datetime as dt
import hmac
import re
from collections.abc import Mapping

from tests.emulators.clock import iso_date
from tests.emulators.cos_signing import ALGORITHM, http_string, sign
from tests.emulators.keys import Key
from tests.emulators.messages import Call, Refused
from tests.emulators.service import Service

_FIELDS = (
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
)


def authenticate(service: Service, call: Call) -> str:
    """Whose key signed it; empty where nobody did. Raises Refused."""
    header = call.headers.get("authorization", "")
    if header:
        fields = dict(pair.partition("=")[::2] for pair in header.split("&"))
    elif "q-signature" in call.query:
        fields = {name: call.query[name] for name in _FIELDS if name in call.query}
    else:
        return ""
    if set(fields) != set(_FIELDS) or fields["q-sign-algorithm"] != ALGORITHM:
        raise Refused(403, "AccessDenied", "The authorization format is invalid.")
    token = call.headers.get("x-cos-security-token") or call.query.get("x-cos-security-token", "")
    key = _key(service, fields["q-ak"], token)
    _check_lists(fields)
    _check_signature(key, call, fields)
    _check_times(service, fields)
    return key.id


def _key(service: Service, key_id: str, token: str) -> Key:
    key = service.keys.get(key_id)
    if key is None or key.token != token:
        message = "The Access Key Id you provided does not exist in our records."
        raise Refused(403, "InvalidAccessKeyId", message)
    if key.expired(service.clock.now()):
        raise Refused(400, "ExpiredToken", "The provided token has expired.")
    return key


def _check_lists(fields: Mapping[str, str]) -> None:
    """Names are in lower case and in order."""
    for name in ("q-header-list", "q-url-param-list"):
        names = fields[name].split(";")
        if names != sorted(names) or fields[name] != fields[name].lower():
            raise Refused(403, "AccessDenied", f"The {name} is not in order.")


def _check_signature(key: Key, call: Call, fields: Mapping[str, str]) -> None:
    parameters, names = (list(filter(None, fields[name].split(";"))) for name in ("q-url-param-list", "q-header-list"))
    string = ""
    for host in _hosts(call):
        try:
            string = http_string(
                call.method, f"/{call.key}", call.query, {**call.headers, "host": host}, parameters, names
            )
        except KeyError:
            break
        wanted = sign(key.secret, fields["q-key-time"], fields["q-sign-time"], string)
        if hmac.compare_digest(wanted.encode(), fields["q-signature"].encode(errors="replace")):
            return
    message = "The Signature you specified is invalid."
    raise Refused(403, "SignatureDoesNotMatch", message, fields={"FormatString": string})


def _hosts(call: Call) -> set[str]:
    """The real one is at its scheme's port, which nobody writes: whether it is signed does not show there."""
    return {call.host, call.host.partition(":")[0]}


def _check_times(service: Service, fields: Mapping[str, str]) -> None:
    now = service.clock.now()
    spans = []
    for name in ("q-key-time", "q-sign-time"):
        found = re.fullmatch(r"(\d{1,11});(\d{1,11})", fields[name])
        if found is None or int(found[1]) >= int(found[2]):
            raise Refused(403, "AccessDenied", f"The {name} is not valid.")
        spans.append((int(found[1]), int(found[2])))
    begins, ends = max(begin for begin, _ in spans), min(end for _, end in spans)
    if not service.controls.switches.clock_skew_checked:
        return
    if now.timestamp() > ends:
        raise Refused(403, "Request has expired", "Request has expired.", fields={"ServerTime": iso_date(now)})
    if now.timestamp() < begins:
        fields = {"RequestTime": iso_date(dt.datetime.fromtimestamp(begins, dt.UTC)), "ServerTime": iso_date(now)}
        message = "The difference between the request time and the current time is too large."
        raise Refused(403, "RequestTimeTooSkewed", message, fields=fields)
