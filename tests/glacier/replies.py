"""A Glacier server that answers as a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.plugins.scripted import KEYS, Script, ScriptedServer, scripted
from transfer.plugin import Location, StoreOptions
from transfer_glacier.client import Client
from transfer_glacier.opening import open_vault


@asynccontextmanager
async def vault(script: Script, **settings: str) -> AsyncIterator[tuple[Client, ScriptedServer]]:
    """A client of its vault ``photos``, and what the server saw."""
    async with scripted(script) as server:
        given = {"endpoint": server.endpoint, "region": "eu-west-1", **KEYS, **settings}
        opened = await open_vault(Location("glacier://photos/", "glacier", "photos", "", given), StoreOptions())
        try:
            yield opened.client, server
        finally:
            await opened.client.aclose()


def told(fields: object, status: int = 200, **headers: str) -> web.Response:
    """A JSON reply; underscores in the headers' names are dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.json_response(fields, status=status, headers=named)


def error(code: str, status: int, message: str = "told so") -> web.Response:
    """An error as Glacier tells it."""
    return told({"code": code, "message": message, "type": "Client"}, status, x_amzn_RequestId="r1")
