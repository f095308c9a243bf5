"""OSS's signature of version 1, in headers or in an address.

Source: "Include signatures in the Authorization header" and "Add signatures to URLs" (V1) at help.aliyun.com.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping

from transfer.restxml.signing import Target
from transfer.wire.quoting import quote_query
from transfer.wire.sigv4 import Credentials
from transfer.wire.times import http_date

_SIGNED = frozenset(
    """
    accessPoint accessPointPolicy acl append asyncFetch bucketArchiveDirectRead bucketInfo callback callback-var cname
    comp continuation-token cors delete encryption endTime group httpsConfig inventory inventoryId lifecycle link live
    location logging metaQuery objectInfo objectMeta partNumber policy position publicAccessBlock qos qosInfo
    qosRequester redundancyTransition referer regionList replication replicationLocation replicationProgress
    requestPayment requesterQosInfo resourceGroup resourcePool resourcePoolBuckets resourcePoolInfo
    response-cache-control response-content-disposition response-content-encoding response-content-language
    response-content-type response-expires restore security-token sequential startTime stat status style styleName
    symlink tagging transferAcceleration uploadId uploads versionId versioning versions vod website worm wormExtend
    wormId x-oss-ac-forward-allow x-oss-ac-source-ip x-oss-ac-subnet-mask x-oss-ac-vpc-id x-oss-access-point-name
    x-oss-async-process x-oss-process x-oss-redundancy-transition-taskid x-oss-request-payer
    x-oss-target-redundancy-type x-oss-traffic-limit x-oss-write-get-object-response
    """.split()  # noqa: SIM905
)
"""Parameters that say what is asked for. The others, like those of a listing, are not covered."""


class V1:
    def sign(
        self, target: Target, headers: Mapping[str, str], credentials: Credentials, now: float
    ) -> Mapping[str, str]:
        """``headers`` with those of the signature added."""
        signed = {**headers, "date": http_date(int(now))}
        if credentials.session_token:
            signed["x-oss-security-token"] = credentials.session_token
        date = signed.get("x-oss-date") or signed["date"]
        signature = _signature(target, target.parameters, signed, date, credentials)
        signed["authorization"] = f"OSS {credentials.access_key_id}:{signature}"
        return signed

    def presign(self, target: Target, seconds: int, credentials: Credentials, now: float) -> str:
        """The encoded query, which is good for ``seconds``."""
        asked = dict(target.parameters)
        if credentials.session_token:
            asked["security-token"] = credentials.session_token
        ends = str(int(now) + seconds)
        signature = _signature(target, asked, {}, ends, credentials)
        own = {"OSSAccessKeyId": credentials.access_key_id, "Expires": ends, "Signature": signature}
        return quote_query({**asked, **own})


def _signature(
    target: Target, parameters: Mapping[str, str], headers: Mapping[str, str], date: str, credentials: Credentials
) -> str:
    own = "".join([f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-oss-")])
    fixed = f"{headers.get('content-md5', '')}\n{headers.get('content-type', '')}\n{date}"
    text = f"{target.method}\n{fixed}\n{own}{_resource(target, parameters)}"
    return base64.b64encode(hmac.digest(credentials.secret_access_key.encode(), text.encode(), "sha1")).decode()


def _resource(target: Target, parameters: Mapping[str, str]) -> str:
    """What the request is about. Nothing in it is encoded."""
    path = f"/{target.bucket}/{target.name or ''}" if target.bucket else "/"
    names = sorted(_SIGNED.intersection(parameters))
    pairs = [f"{name}={parameters[name]}" if parameters[name] else name for name in names]
    return f"{path}?{'&'.join(pairs)}" if pairs else path
