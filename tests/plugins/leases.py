"""A service that tells credentials, and temporary ones that an emulator knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.emulators.keys import Key
from tests.plugins.emulated import EmulatedPlace


@dataclass(slots=True)
class Service:
    """A service that tells credentials: ``leases`` one after the other, the last for ever."""

    leases: list[dict[str, Any]]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    """Method, path and token of each request."""
    token: str = ""
    """What has to be asked for ahead, as at Aliyun, if anything."""

    def answer(self, request: web.BaseRequest) -> web.Response:
        """What it says to a request."""
        given = request.headers.get("X-Aliyun-Ecs-Metadata-Token", "")
        self.asked.append(f"{request.method} {request.path} {given}".strip())
        if request.path == "/latest/api/token":
            return web.Response(text=self.token) if self.token else web.Response(status=404)
        if given != self.token:
            return web.Response(status=403)
        lease = self.leases.pop(0) if len(self.leases) > 1 else self.leases[0]
        return web.json_response(lease)


@asynccontextmanager
async def telling(*leases: dict[str, Any], token: str = "") -> AsyncIterator[Service]:
    """Such a service, on loopback."""
    service = Service(list(leases), token=token)

    async def answer(request: web.BaseRequest) -> web.Response:
        return service.answer(request)

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}/creds"
    try:
        yield service
    finally:
        await runner.cleanup()


def temporary(place: EmulatedPlace[Any], name: str, seconds: float) -> Key:
    """A temporary key that the server knows, good for so many seconds."""
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    key = Key(name, f"secret of {name}", f"token of {name}", ends)
    place.server.service.keys[name] = key
    return key


def end(place: EmulatedPlace[Any], name: str) -> None:
    """End a temporary key at once."""
    keys = place.server.service.keys
    keys[name] = Key(name, keys[name].secret, keys[name].token, dt.datetime.now(dt.UTC))
