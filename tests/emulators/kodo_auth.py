"""Kodo's credentials, checked by the vendor's description of them and not by its signer.

https://developer.qiniu.com/kodo/1201/access-token, 1208/upload-token, 1206/put-policy, 1202/download-token
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import strptime
from typing import Any

from tests.emulators.clock import Clock
from tests.emulators.keys import Key
from tests.emulators.messages import Call, Held, Refused

_SKEW = 15 * 60
_FORM = "application/x-www-form-urlencoded"


class Refusal(Refused):
    """A reply that is no success: Kodo's own status, and its sentence. It has no codes beside the status."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(status, str(status), told)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived. ``target`` is the undecoded path and query; names of ``headers`` are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, call: Call) -> Asked:
        """The call, whose body has arrived."""
        assert isinstance(call.body, Held)
        return cls(call.method, call.target, call.headers, call.body.data)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


class Keys:
    """Who may ask for what, by the server's time."""

    def __init__(self, keys: Mapping[str, Key], clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def knows(self, access_key: str) -> bool:
        return access_key in self._keys

    def check_managing(self, asked: Asked) -> None:
        """Refuse a request to a managing service that is not signed as it should be."""
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme == "Qiniu":
            self._check_date(asked)
            self._check(token, _new_text(asked))
        elif scheme == "QBox":
            self._check(token, _old_text(asked))
        else:
            raise Refusal(401, "bad token")

    def check_upload(self, token: str, bucket: str, name: str) -> Mapping[str, Any]:
        """The policy of an upload token that lets ``name`` be written."""
        credentials, _, packed = token.rpartition(":")
        self._check(credentials, packed.encode())
        policy: Mapping[str, Any] = json.loads(urlsafe_b64decode(packed))
        if policy["deadline"] <= self._clock.now().timestamp():
            raise Refusal(401, "expired token")
        allowed, colon, key = policy["scope"].partition(":")
        within = name.startswith(key) if policy.get("isPrefixalScope") else name == key
        if allowed != bucket or (colon and not within):
            raise Refusal(401, "key doesn't match with scope")
        return policy

    def check_download(self, url: str) -> None:
        """Refuse an address of a private object that is not signed, or not any more."""
        signed, mark, token = url.rpartition("&token=")
        deadline = signed.rpartition("e=")[2]
        if not mark or not deadline.isdecimal():
            raise Refusal(401, "token not specified")
        self._check(token, signed.encode())
        if int(deadline) <= self._clock.now().timestamp():
            raise Refusal(401, "token out of date")

    def _check(self, token: str, text: bytes) -> None:
        access_key, _, signature = token.partition(":")
        key = self._keys.get(access_key)
        if key is None or key.expired(self._clock.now()):
            raise Refusal(401, "bad token")
        computed = urlsafe_b64encode(hmac.digest(key.secret.encode(), text, "sha1")).decode()
        if not hmac.compare_digest(computed, signature):
            raise Refusal(401, "bad token")

    def _check_date(self, asked: Asked) -> None:
        text = asked.headers.get("x-qiniu-date")
        if text is None:
            return
        try:
            moment = timegm(strptime(text, "%Y%m%dT%H%M%SZ"))
        except ValueError:
            raise Refusal(400, "invalid X-Qiniu-Date") from None
        if abs(moment - self._clock.now().timestamp()) > _SKEW:
            raise Refusal(403, "request time is too skewed")


def decoded(packed: str) -> str:
    """A name as addresses have it. Raises Refusal."""
    try:
        return urlsafe_b64decode(packed).decode()
    except ValueError:
        raise Refusal(400, "invalid base64") from None


def _new_text(asked: Asked) -> bytes:
    """Method, target, host, type, Qiniu's own headers, and a body that is no opaque one."""
    kind = asked.headers.get("content-type", "")
    lines = [f"{asked.method} {asked.target}", f"Host: {asked.headers['host']}"]
    if kind:
        lines.append(f"Content-Type: {kind}")
    own = sorted(name for name in asked.headers if name.startswith("x-qiniu-"))
    lines += [f"{name.title()}: {asked.headers[name]}" for name in own]
    signed = asked.body if kind and kind != "application/octet-stream" else b""
    return "\n".join(lines).encode() + b"\n\n" + signed


def _old_text(asked: Asked) -> bytes:
    body = asked.body if asked.headers.get("content-type") == _FORM else b""
    return asked.target.encode() + b"\n" + body
