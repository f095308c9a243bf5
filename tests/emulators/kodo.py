"""A strict emulator of Qiniu Kodo, in memory.

By hand: ``python -m tests.emulators.qiniu --help``.

It speaks the native protocol of all services at one address, and gives each bucket's objects at a port of its own,
as a domain would. What it is faithful to, and what is assumed, is in ``FIDELITY.md``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import MultipartReader, web
from multidict import CIMultiDictProxy

from tests.emulators import kodo_s3
from tests.emulators import kodo_services as services
from tests.emulators.controls import Controls, Fault, Seen
from tests.emulators.kodo_auth import Asked, Keys, Refusal
from tests.emulators.kodo_bucket import Bucket, Rules
from tests.emulators.kodo_fetching import Fetching
from tests.emulators.messages import Reply
from tests.emulators.running import cancel_rest
from tests.emulators.server import LONG_SECONDS, abort, send
from transfer.plugin import Location

_HOST = "127.0.0.1"
_KEY = "TESTACCESSKEY"
_SECRET = "test-secret-key"
_LARGEST = 2**31
_BY_STATUS = ("throttle", "refuse")
"""Faults that are answers of Kodo's."""
_POSTED = {5: "begin", 6: "finish"}
"""By the number of words in the address of an upload."""


class Kodo:
    """The server, in a thread of its own. ``rules`` may be turned at any time; ``asked`` tells what was asked."""

    def __init__(self, keys: Mapping[str, str] | None = None, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.buckets: dict[str, Bucket] = {}
        self.asked: list[str] = []
        self.controls = Controls()
        self.fetching = Fetching(self.buckets, self.rules)
        self.port = 0
        self._secrets = dict(keys or {_KEY: _SECRET})
        self._keys = Keys(self._secrets, self.rules.now)
        self._loop = asyncio.new_event_loop()
        self._runner: Any = None

    @property
    def endpoint(self) -> str:
        return f"http://{_HOST}:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """What a remote of this server has in ``transfer.toml``."""
        access_key, secret_key = next(iter(self._secrets.items()))
        return {"endpoint": self.endpoint, "access_key": access_key, "secret_key": secret_key, "scheme": "http"}

    def location(self, bucket: str, prefix: str = "", **settings: str) -> Location:
        """Where the plugin finds the bucket, or a prefix in it; ``settings`` come on top of our own."""
        return Location(f"kodo://{bucket}/{prefix}", "kodo", bucket, prefix, {**self.settings, **settings})

    def create_bucket(self, name: str, **traits: Any) -> Bucket:
        """Make a bucket, and a port where its objects can be downloaded."""
        bucket = Bucket(name, self.rules, **traits)
        port = asyncio.run_coroutine_threadsafe(self._listen(0), self._loop).result(10)
        bucket.domain = f"{_HOST}:{port}"
        self.buckets[name] = bucket
        return bucket

    @contextlib.contextmanager
    def running(self, port: int = 0) -> Iterator[Kodo]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._start(port), self._loop).result(10)
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(10)
            self._loop.close()

    async def _start(self, port: int) -> None:
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        await self._runner.setup()
        self.port = await self._listen(port)
        self.rules.s3_port = await self._listen(0)

    async def _listen(self, port: int) -> int:
        site = web.TCPSite(self._runner, _HOST, port)
        await site.start()
        server: Any = site._server
        return int(server.sockets[0].getsockname()[1])

    async def _stop(self) -> None:
        await self.fetching.stop()
        await self._runner.cleanup()
        await cancel_rest()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.raw_path}")
        verb = self._verb(request)
        fault = self.controls.fault(verb, "")
        self.controls.calls[verb] += 1
        if fault is not None and fault.kind == "hang":
            await asyncio.sleep(LONG_SECONDS)
        if fault is not None and fault.kind == "reset":
            return abort(request)
        try:
            answer = await self._refused(request, fault) or await self._answered(request)
        except Refusal as refusal:
            answer = services.Answer({"error": refusal.told}, refusal.status)
        self.controls.seen.append(Seen(verb, request.method, "", "", answer.status))
        if fault is not None and fault.kind == "lost":
            return abort(request)
        response = self._response(request, answer)
        if fault is None or fault.kind in _BY_STATUS:
            return response
        body = bytes(response.body) if isinstance(response.body, bytes) else b""
        return await send(request, Reply(response.status, dict(response.headers), body), fault)

    def _verb(self, request: web.BaseRequest) -> str:
        """``stat``, ``list`` and so on, as Kodo's addresses begin; ``form``; ``part`` and its kin; ``download``."""
        assert request.transport is not None
        if request.transport.get_extra_info("sockname")[1] != self.port:
            return "download"
        words = request.raw_path.partition("?")[0].strip("/").split("/")
        if words[0] == "buckets" and len(words) > 1:
            return {"PUT": "part", "GET": "parts", "DELETE": "abort"}.get(request.method, _POSTED.get(len(words), ""))
        return words[-1 if words[0] in ("v2", "v4") else 0] or "form"

    async def _refused(self, request: web.BaseRequest, fault: Fault | None) -> services.Answer | None:
        if fault is not None and fault.kind in _BY_STATUS:
            await request.content.read()
            return services.Answer({"error": "as the test says"}, 573 if fault.kind == "throttle" else fault.status)
        if not self.rules.refuse:
            return None
        await request.content.read()
        return services.Answer({"error": "as the test says"}, self.rules.refuse.pop(0))

    async def _answered(self, request: web.BaseRequest) -> services.Answer:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, request.raw_path, headers)
        assert request.transport is not None
        port = request.transport.get_extra_info("sockname")[1]
        if port == self.rules.s3_port:
            found, plain = kodo_s3.readable(self.buckets.values(), self._secrets, asked, self.rules.now())
            return services.at_s3(found, plain)
        if port != self.port:
            bucket = next(each for each in self.buckets.values() if each.domain == f"{_HOST}:{port}")
            return services.download(bucket, self._keys, asked)
        if asked.path == "/" and asked.method == "POST":
            return await self._form(request)
        asked = replace(asked, body=await request.content.read())
        if asked.path.startswith("/buckets/"):
            return services.resumable(self.buckets, self._keys, asked)
        if asked.path == "/v4/query":
            return services.query_hosts(self.buckets, self._keys, asked.query, asked.headers["host"])
        self._keys.check_managing(asked)
        return self._managed(asked)

    def _managed(self, asked: Asked) -> services.Answer:
        match asked.path:
            case "/list":
                return services.listing(self.buckets, asked.query)
            case "/batch":
                return services.batch(self.buckets, asked.body)
            case "/buckets":
                return services.Answer(list(self.buckets))
            case "/v2/domains":
                return services.domains(self.buckets, asked.query)
            case "/sisyphus/fetch":
                return self.fetching.answer(asked)
            case path:
                return services.operate(self.buckets, path)

    async def _form(self, request: web.BaseRequest) -> services.Answer:
        fields: dict[str, str] = {}
        data, mime = None, ""
        reader = MultipartReader(CIMultiDictProxy(request.headers.copy()), request.content)
        while (part := await reader.next()) is not None:
            assert not isinstance(part, MultipartReader)
            content = bytes(await part.read())
            if part.name == "file":
                data, mime = content, part.headers.get("Content-Type", "")
            else:
                fields[part.name or ""] = content.decode()
        if data is None:
            raise Refusal(400, "file is not specified in multipart")
        return services.form(self.buckets, self._keys, fields, data, mime)

    def _response(self, request: web.BaseRequest, answer: services.Answer) -> web.Response:
        headers = {"X-Reqid": "test-request", **answer.headers}
        if answer.data is not None:
            return web.Response(status=answer.status, body=answer.data, headers=headers)
        body = b"" if answer.document is None else json.dumps(answer.document).encode()
        return web.Response(status=answer.status, body=body, headers={"Content-Type": "application/json", **headers})
