"""Whether an OSS request is signed as it must be."""

from __future__ import annotations

import datetime as dt
import hmac
import re
from dataclasses import dataclass

from tests.emulators.clock import http_date, iso_date, parse_http_date
from tests.emulators.keys import Key
from tests.emulators.messages import Call, Refused
from tests.emulators.oss_signing import ALGORITHM, UNSIGNED, canonical_v4, sign_v1, sign_v4, string_v1, string_v4
from tests.emulators.service import Service

_SKEW = dt.timedelta(minutes=15)
_LONGEST = 604_800


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a version 4 request says of its signature."""

    credential: str
    signature: str
    additional: tuple[str, ...]
    moment: str

    @property
    def key_id(self) -> str:
        return self.credential.partition("/")[0]

    @property
    def scope(self) -> str:
        return self.credential.partition("/")[2]


def authenticate(service: Service, call: Call) -> str:
    """Whose key signed it; empty where nobody did. Raises Refused."""
    header = call.headers.get("authorization", "")
    if header.startswith(ALGORITHM):
        return _header_v4(service, call, header)
    if header.startswith("OSS "):
        return _header_v1(service, call, header)
    if header:
        raise _invalid("Authorization header is invalid.", "0002-00000001")
    if "x-oss-signature-version" in call.query:
        return _url_v4(service, call)
    if "OSSAccessKeyId" in call.query or "Signature" in call.query:
        return _url_v1(service, call)
    return ""


def _header_v1(service: Service, call: Call, header: str) -> str:
    key_id, _, signature = header.removeprefix("OSS ").partition(":")
    key = _key(service, key_id, call.headers.get("x-oss-security-token", ""))
    date = call.headers.get("x-oss-date") or call.headers.get("date", "")
    moment = parse_http_date(date)
    if moment is None:
        raise Refused(403, "AccessDenied", "OSS authentication requires a valid Date.", fields={"EC": "0002-00000203"})
    string = string_v1(call.method, call.bucket, call.key, call.query, call.headers, date)
    _compare(key, sign_v1(key.secret, string), signature, {"StringToSign": string}, "0002-00000040")
    _check_skew(service, moment)
    return key.id


def _url_v1(service: Service, call: Call) -> str:
    missing = [name for name in ("OSSAccessKeyId", "Signature", "Expires") if not call.query.get(name)]
    if missing:
        message = "Query-string authentication requires the Signature, Expires and OSSAccessKeyId parameters"
        raise Refused(403, "AccessDenied", message)
    key = _key(service, call.query["OSSAccessKeyId"], call.query.get("security-token", ""))
    expires = call.query["Expires"]
    string = string_v1(call.method, call.bucket, call.key, call.query, call.headers, expires)
    _compare(key, sign_v1(key.secret, string), call.query["Signature"], {"StringToSign": string}, "0002-00000307")
    if not expires.isdigit() or int(expires) < service.clock.now().timestamp():
        raise _expired(service, "0002-00000069")
    return key.id


def _header_v4(service: Service, call: Call, header: str) -> str:
    fields = dict(re.findall(r"(Credential|AdditionalHeaders|Signature)=([^,\s]*)", header))
    claim = _Claim(
        fields.get("Credential", ""),
        fields.get("Signature", ""),
        tuple(filter(None, fields.get("AdditionalHeaders", "").split(";"))),
        call.headers.get("x-oss-date", ""),
    )
    if call.headers.get("x-oss-content-sha256") != UNSIGNED:
        raise _invalid(f"The x-oss-content-sha256 header must be {UNSIGNED}.", "0002-00000226")
    moment = _moment(service, claim)
    key = _key(service, claim.key_id, call.headers.get("x-oss-security-token", ""))
    _compare_v4(key, call, claim)
    _check_skew(service, moment)
    return key.id


def _url_v4(service: Service, call: Call) -> str:
    query = call.query
    claim = _Claim(
        query.get("x-oss-credential", ""),
        query.get("x-oss-signature", ""),
        tuple(filter(None, query.get("x-oss-additional-headers", "").split(";"))),
        query.get("x-oss-date", ""),
    )
    if query["x-oss-signature-version"] != ALGORITHM:
        raise _invalid("The x-oss-signature-version is invalid.", "0002-00000201")
    moment, seconds = _moment(service, claim), query.get("x-oss-expires", "")
    if not seconds.isdigit() or not 1 <= int(seconds) <= _LONGEST:
        raise _invalid("The x-oss-expires parameter must be between 1 and 604800.", "0002-00000222")
    key = _key(service, claim.key_id, query.get("x-oss-security-token", ""))
    _compare_v4(key, call, claim)
    now = service.clock.now()
    if moment + dt.timedelta(seconds=int(seconds)) < now:
        raise _expired(service, "0002-00000223")
    if moment - _SKEW > now:
        raise _skewed(service, moment)
    return key.id


def _moment(service: Service, claim: _Claim) -> dt.datetime:
    """When it was signed, if its scope is right."""
    if not re.fullmatch(r"\d{8}T\d{6}Z", claim.moment):
        raise Refused(403, "AccessDenied", "OSS authentication requires a valid Date.", fields={"EC": "0002-00000203"})
    parts = claim.scope.split("/")
    if len(parts) != 4 or parts[0] != claim.moment[:8] or parts[2:] != ["oss", "aliyun_v4_request"]:
        raise _invalid("The credential is invalid.", "0002-00000202")
    if parts[1] != service.region:
        message = "Invalid signing region in Authorization header."
        raise Refused(403, "SignatureDoesNotMatch", message, fields={"EC": "0002-00000215"})
    return dt.datetime.strptime(claim.moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)


def _compare_v4(key: Key, call: Call, claim: _Claim) -> None:
    missing = [name for name in claim.additional if name.lower() not in call.headers]
    if missing:
        raise _invalid(f"The additional header '{missing[0]}' is not there.", "0002-00000216")
    canonical = canonical_v4(call.method, call.bucket, call.key, call.query.items(), call.headers, claim.additional)
    string = string_v4(canonical, claim.moment, claim.scope)
    fields = {"StringToSign": string, "CanonicalRequest": canonical}
    _compare(key, sign_v4(key.secret, string, claim.scope), claim.signature, fields, "0002-00000040")


def _compare(key: Key, wanted: str, given: str, fields: dict[str, str], ec: str) -> None:
    if hmac.compare_digest(wanted.encode(), given.encode(errors="replace")):
        return
    message = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method."
    )
    told = {"OSSAccessKeyId": key.id, "SignatureProvided": given, **fields, "EC": ec}
    raise Refused(403, "SignatureDoesNotMatch", message, fields=told)


def _key(service: Service, key_id: str, token: str) -> Key:
    key = service.keys.get(key_id)
    if key is None or (key.token and not token):
        message = "The OSS Access Key Id you provided does not exist in our records."
        raise Refused(403, "InvalidAccessKeyId", message, fields={"OSSAccessKeyId": key_id, "EC": "0002-00000902"})
    if key.token != token:
        if not key.token:
            message = "The OSS access key id and security token you provided does not match."
            raise Refused(403, "AccessKeyIdAndSecurityTokenNotMatch", message)
        message = "The security token you provided is invalid."
        raise Refused(403, "InvalidSecurityToken", message, fields={"EC": "0002-00000012"})
    if key.expired(service.clock.now()):
        message = "The security token you provided has expired."
        raise Refused(403, "SecurityTokenExpired", message, fields={"EC": "0002-00000007"})
    return key


def _check_skew(service: Service, moment: dt.datetime) -> None:
    if service.controls.switches.clock_skew_checked and abs(service.clock.now() - moment) > _SKEW:
        raise _skewed(service, moment)


def _skewed(service: Service, moment: dt.datetime) -> Refused:
    fields = {
        "MaxAllowedSkewMilliseconds": "900000",
        "RequestTime": iso_date(moment),
        "ServerTime": iso_date(service.clock.now()),
        "EC": "0002-00000504",
    }
    message = "The difference between the request time and the current time is too large."
    return Refused(403, "RequestTimeTooSkewed", message, fields=fields)


def _expired(service: Service, ec: str) -> Refused:
    fields = {"ServerTime": http_date(service.clock.now()), "EC": ec}
    return Refused(403, "AccessDenied", "Request has expired.", fields=fields)


def _invalid(message: str, ec: str) -> Refused:
    return Refused(400, "InvalidArgument", message, fields={"EC": ec})
