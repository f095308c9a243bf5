"""A bucket of Kodo, by qiniu."""

from __future__ import annotations

import uuid
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any
from urllib.parse import quote, unquote

import requests

from tests.emulators.controls import Fault
from tests.emulators.kodo import Kodo
from tests.emulators.kodo_bucket import Bucket
from tests.matrix.sides.base import PREFIX, STORM, UNNAMED, Asked, Side
from tests.matrix.things import INFREQUENT, Thing

qiniu: Any = import_module("qiniu")
regions: Any = import_module("qiniu.http.region")
endpoints: Any = import_module("qiniu.http.endpoint")

_META = "x-qn-meta-"
_LINE, _ARCHIVE = 1, 2
"""The numbers of the classes for what is read seldom, and for what must be thawed."""
_PACKED = "b64="
"""Ahead of what holds a text in base64, for the characters that Kodo does not take."""


class KodoSide(Side):
    """At the emulator."""

    part = 1 << 20

    def __init__(self, server: Kodo) -> None:
        self.server = server
        self.bucket: Bucket = server.create_bucket(f"bucket-{uuid.uuid4().hex[:12]}")
        self._read = len(server.asked)
        keys = server.settings
        self._auth = qiniu.Auth(keys["access_key"], keys["secret_key"])
        services = {
            name: [endpoints.Endpoint(f"127.0.0.1:{server.port}", default_scheme="http")]
            for name in regions.ServiceName
        }
        self._regions = [regions.Region(services=services)]
        self.manager = qiniu.BucketManager(self._auth, regions=self._regions, preferred_scheme="http")
        # Its uploads know no other way to be told of a scheme.
        qiniu.set_default(default_zone=qiniu.Region(scheme="http"))

    @property
    def url(self) -> str:
        return f"kodo://{self.bucket.name}/{PREFIX}"

    @property
    def settings(self) -> Mapping[str, str]:
        return self.server.settings

    def write(self, key: str, thing: Thing) -> Thing:
        """Of user metadata, it takes no text that is not ASCII."""
        name = f"{PREFIX}/{key}"
        user = {each: value for each, value in thing.user.items() if value.isascii()}
        headers = {each: value for each, value in thing.headers.items() if each != "content-type"}
        metadata = {f"{_META}!{each.title()}": value for each, value in headers.items()}
        metadata |= {_META + each: value for each, value in user.items()}
        policy = {"fileType": _LINE} if thing.tier == INFREQUENT else {}
        token = self._auth.upload_token(self.bucket.name, name, 3600, policy)
        mime = thing.headers.get("content-type", "application/octet-stream")
        if thing.data:
            _, info = qiniu.put_data(token, name, thing.data, mime_type=mime, metadata=metadata, regions=self._regions)
            assert info.status_code == 200, info
        else:
            # Which the SDK takes for a mistake.
            fields = {"token": token, "key": name, **metadata}
            files = {"file": ("file", b"", mime)}
            requests.post(self.server.endpoint, fields, files=files, timeout=9).raise_for_status()
        return Thing(thing.data, thing.headers, user, thing.tier)

    def read(self, key: str) -> Thing:
        name = f"{PREFIX}/{key}"
        told, info = self.manager.stat(self.bucket.name, name)
        assert info.status_code == 200, info
        address = self._auth.private_download_url(f"http://{self.bucket.domain}/{quote(name)}")
        with requests.get(address, stream=True, timeout=9) as reply:
            assert reply.status_code == 200
            data = reply.raw.read(decode_content=False)
        named = told.get("x-qn-meta", {})
        headers = {each[1:].lower(): value for each, value in named.items() if each.startswith("!")}
        headers["content-type"] = told["mimeType"]
        user = {each: _unpacked(value) for each, value in named.items() if not each.startswith("!")}
        return Thing(data, headers, user, INFREQUENT if told["type"] == _LINE else "")

    def keys(self) -> set[str]:
        found: set[str] = set()
        marker: str | None = None
        while True:
            told, _, _ = self.manager.list(self.bucket.name, prefix=f"{PREFIX}/", marker=marker)
            found |= {each["key"].removeprefix(f"{PREFIX}/") for each in told["items"]}
            marker = told.get("marker")
            if not marker:
                return found

    def remove(self, key: str) -> None:
        self.manager.delete(self.bucket.name, f"{PREFIX}/{key}")

    def asked(self) -> Sequence[Asked]:
        seen = self.server.asked[self._read :]
        self._read += len(seen)
        return [_asked(each) for each in seen]

    def open_uploads(self) -> int:
        return len(self.bucket.uploads)

    def throttle(self) -> None:
        self.server.controls.faults.append(Fault("throttle", times=STORM))

    def calm(self) -> None:
        self.server.controls.faults.clear()

    def allow_parts_of(self, size: int) -> None:
        self.server.rules.min_part = size

    def archive(self, key: str) -> None:
        name = f"{PREFIX}/{key}"
        self.bucket.objects[name] = replace(self.bucket.objects[name], type=_ARCHIVE)

    def let_thaw(self) -> None:
        for name, found in self.bucket.objects.items():
            self.bucket.objects[name] = replace(found, thawed=2 if found.thawed else None)


def _unpacked(value: str) -> str:
    if not value.startswith(_PACKED):
        return value
    packed = value.removeprefix(_PACKED)
    return urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()


def _asked(each: str) -> Asked:
    """Operations and uploads name their object in base64, and a domain by its path; a form names it in its body."""
    method, _, target = each.partition(" ")
    path = target.partition("?")[0]
    first, *rest = path.strip("/").split("/")
    match first:
        case "list" | "v2" | "v4":
            return Asked(method, "")
        case "buckets":
            return Asked(method, urlsafe_b64decode(rest[2]).decode())
        case "stat" | "chgm" | "chtype" | "copy" | "move" | "delete" | "restoreAr":
            return Asked("HEAD" if first == "stat" else method, urlsafe_b64decode(rest[0]).decode().partition(":")[2])
        case "" if method == "HEAD":
            return Asked(method, "")
        case "" | "batch":
            return Asked(method, UNNAMED)
    return Asked(method, unquote(path.removeprefix("/")))
