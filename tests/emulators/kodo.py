"""A strict emulator of Qiniu Kodo, in memory.

By hand: ``python -m tests.emulators.qiniu --help``.

It speaks the native protocol of all services at one address, and gives each bucket's objects at a port of its own,
as a domain would. What it is faithful to, and what is assumed, is in ``FIDELITY.md``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import md5
from typing import Any, ClassVar
from urllib.parse import parse_qs

from tests.emulators import kodo_handlers as handlers
from tests.emulators import kodo_s3
from tests.emulators.api import Api, Route
from tests.emulators.controls import Fault
from tests.emulators.kodo_auth import Asked, Keys, Refusal, decoded
from tests.emulators.kodo_bucket import Bucket, Rules
from tests.emulators.kodo_fetching import Fetching
from tests.emulators.kodo_forms import Form, read_form
from tests.emulators.kodo_services import Answer, scope_of
from tests.emulators.messages import Call, Held, Refused, Reply
from tests.emulators.server import HOST
from transfer.plugin import Location

_OPERATIONS = ("stat", "copy", "move", "delete", "chgm", "chtype", "restoreAr")
_SERVICES = {
    "list": "list",
    "batch": "batch",
    "buckets": "buckets",
    "v4/query": "query",
    "v2/domains": "domains",
    "sisyphus/fetch": "fetch",
}
_UPLOADS = {5: "uploads", 6: "upload", 7: "part"}
"""By the number of words in the address of an upload."""
_TOO_FAST = 573
_SIGNED_WITHIN = ("form", *_UPLOADS.values(), "query")
"""What needs no signature of its own: a token in it, or that of nobody."""


class Kodo(Api):
    """All of one account. ``rules`` may be turned at any time; ``asked`` tells what was asked."""

    prefix = "x-qiniu-"
    routes: ClassVar[Sequence[Route]] = (
        Route("form", "POST", "form", handlers.form),
        Route("begin", "POST", "uploads", handlers.resumable),
        Route("part", "PUT", "part", handlers.resumable),
        Route("parts", "GET", "upload", handlers.resumable),
        Route("finish", "POST", "upload", handlers.resumable),
        Route("abort", "DELETE", "upload", handlers.resumable),
        *(Route(verb, method, verb, handlers.operate) for verb in _OPERATIONS for method in ("GET", "POST")),
        Route("list", "GET", "list", handlers.listing),
        Route("list", "POST", "list", handlers.listing),
        Route("batch", "POST", "batch", handlers.batch),
        Route("buckets", "GET", "buckets", handlers.buckets),
        Route("buckets", "POST", "buckets", handlers.buckets),
        Route("query", "GET", "query", handlers.query),
        Route("domains", "GET", "domains", handlers.domains),
        Route("domains", "POST", "domains", handlers.domains),
        Route("fetch", "POST", "fetch", handlers.fetch),
        Route("fetch_status", "GET", "fetch", handlers.fetch),
        Route("download", "GET", "domain", handlers.download),
        Route("download", "HEAD", "domain", handlers.download),
        Route("download", "GET", "s3", handlers.download_by_s3),
        Route("download", "HEAD", "s3", handlers.download_by_s3),
    )

    def __init__(self, folder: str = "", region: str = "z0") -> None:
        super().__init__(folder, region)
        self.rules = Rules()
        self.buckets: dict[str, Bucket] = {}
        self.asked: list[str] = []
        self.fetching = Fetching(self.buckets, self.rules)
        self.authority = Keys(self.keys, self.clock)
        self.port = 0
        self.s3_port = 0
        self._regions: dict[int, str] = {}
        """By port: services of that region alone. All are at the first."""
        self._another: Callable[[], int] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """What a remote of this server has in ``transfer.toml``."""
        key = next(iter(self.keys.values()))
        return {"endpoint": self.endpoint, "access_key": key.id, "secret_key": key.secret, "scheme": "http"}

    def location(self, bucket: str, prefix: str = "", **settings: str) -> Location:
        """Where the plugin finds the bucket, or a prefix in it; ``settings`` come on top of our own."""
        return Location(f"kodo://{bucket}/{prefix}", "kodo", bucket, prefix, {**self.settings, **settings})

    def create_bucket(self, name: str, **traits: Any) -> Bucket:
        """Make a bucket, and a port where its objects can be downloaded."""
        bucket = Bucket(name, self.rules, self.clock, **{"region": self.region, **traits})
        self._give_domain(bucket)
        self.buckets[name] = bucket
        return bucket

    def open_region(self, region: str) -> None:
        """Have its services at an address of their own, which knows no buckets but its own."""
        assert self._another is not None
        self._regions[self._another()] = region

    def host_of(self, bucket: Bucket, host: str) -> str:
        """Where the bucket's services are, as one is told who asks at ``host``."""
        return next((f"{HOST}:{port}" for port, region in self._regions.items() if region == bucket.region), host)

    def served(self, port: int, another: Callable[[], int]) -> None:
        self.port, self._another = port, another
        self.s3_port = another()
        for bucket in self.buckets.values():
            self._give_domain(bucket)

    def _give_domain(self, bucket: Bucket) -> None:
        if self._another is not None:
            bucket.domain = f"{HOST}:{self._another()}"

    # Where requests go.

    async def receive(self, call: Call) -> None:
        self.asked.append(f"{call.method} {call.target}")
        data = b"".join([chunk async for chunk in call.body.chunks()])
        is_form = call.method == "POST" and self.scope(call) == "form"
        call.body = await read_form(call.headers.get("content-type", ""), data) if is_form else Held(data)

    def locate(self, call: Call) -> None:
        call.bucket, call.key = self._about(call)

    def _about(self, call: Call) -> tuple[str, str]:
        scope, words = self.scope(call), _words(call)
        if scope == "domain":
            return self.at_port(call.port).name, call.path[1:]
        if scope == "s3":
            bucket, _, key = call.path[1:].partition("/")
            return bucket, key
        if isinstance(call.body, Form):
            return scope_of(call.body.fields.get("token", "")), call.body.fields.get("key", "")
        if scope in _UPLOADS.values():
            return words[1], decoded(words[3])
        if scope in _OPERATIONS and len(words) > 1:
            bucket, _, key = decoded(words[1]).partition(":")
            return bucket, key
        query = parse_qs(call.target.partition("?")[2])
        return query.get("tbl" if scope == "domains" else "bucket", [""])[0], ""

    def scope(self, call: Call) -> str:
        if call.port == self.s3_port:
            return "s3"
        if call.port != self.port and call.port not in self._regions:
            return "domain"
        words = _words(call)
        if words[0] == "buckets" and len(words) > 1:
            return _UPLOADS.get(len(words), "")
        return "form" if words == [""] else _SERVICES.get("/".join(words), words[0])

    def at_port(self, port: int) -> Bucket:
        """The bucket whose domain that is."""
        return next(each for each in self.buckets.values() if each.domain == f"{HOST}:{port}")

    def authenticate(self, call: Call) -> str:
        scope, asked = self.scope(call), Asked.of(call)
        if scope == "s3":
            kodo_s3.check(self.keys, asked, self.clock.now())
        elif scope == "domain":
            if self.at_port(call.port).private:
                self.authority.check_download(f"http://{call.host}{call.target}")
        elif scope not in _SIGNED_WITHIN:
            self.authority.check_managing(asked)
        return ""

    def admit(self, call: Call, route: Route) -> None:
        region, bucket = self._regions.get(call.port), self.buckets.get(call.bucket)
        if region is None or bucket is None or bucket.region == region:
            return
        if route.scope in ("form", *_UPLOADS.values()):
            raise Refusal(400, f"incorrect region, please use up-{bucket.region}.qiniup.com")
        raise Refusal(631, "no such bucket")

    def unknown(self, call: Call) -> Refused:
        if self.scope(call) == "s3":
            return super().unknown(call)
        return Refusal(400, "invalid operation")

    def error(self, call: Call, refused: Refused) -> Reply:
        if self.scope(call) == "s3":
            return kodo_s3.error(call, refused)
        return Answer({"error": refused.message}, refused.status).reply()

    def common_headers(self, call: Call) -> dict[str, str]:
        return kodo_s3.common_headers(call) if self.scope(call) == "s3" else {"X-Reqid": call.request_id}

    def throttled(self, fault: Fault) -> Refused:
        return Refusal(_TOO_FAST, fault.code or "too many requests")

    def spoil_checksum(self, reply: Reply) -> None:
        """Kodo tells them in its documents."""
        document = json.loads(reply.body) if reply.headers.get("Content-Type") == "application/json" else None
        if isinstance(document, dict):
            spoiled = {name: _other(document[name]) for name in ("hash", "etag", "md5") if document.get(name)}
            reply.body = json.dumps(document | spoiled).encode()

    # The control endpoint.

    def tell(self, what: str) -> object | None:
        """``objects/BUCKET`` are the MD5s of what it holds, ``domains`` where buckets' objects are downloaded."""
        kind, _, name = what.partition("/")
        if kind == "domains":
            return {bucket.name: bucket.domain for bucket in self.buckets.values()}
        if kind == "objects" and name in self.buckets:
            return {key: md5(found.data).hexdigest() for key, found in self.buckets[name].objects.items()}
        return None

    def turn(self, what: str, wanted: dict[str, Any]) -> bool:
        """``buckets`` and ``drop`` take a name, and the first what else a bucket has; ``rules`` those to change."""
        if what == "buckets":
            self.create_bucket(**wanted)
        elif what == "drop":
            del self.buckets[wanted["name"]]
        elif what == "rules":
            for name, value in wanted.items():
                setattr(self.rules, name, value)
        else:
            return False
        return True


def _words(call: Call) -> list[str]:
    return call.target.partition("?")[0].strip("/").split("/")


def _other(checksum: str) -> str:
    at = len(checksum) // 2
    return f"{checksum[:at]}{'1' if checksum[at] == '0' else '0'}{checksum[at + 1 :]}"
