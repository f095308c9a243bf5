"""Runs an emulator from a command line."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import tempfile
from collections.abc import Callable

from tests.emulators.api import Api
from tests.emulators.keys import Key
from tests.emulators.server import HOST, Server
from tests.emulators.service import Service


def main(make: Callable[..., Service]) -> None:
    """Serve until it is interrupted."""
    parser = options_of(make)
    parser.add_argument("--data", help="a folder for large bodies while it runs; a temporary one by default")
    parser.add_argument("--bucket", action="append", default=[], metavar="NAME", help="a bucket; may be repeated")
    options = parser.parse_args()
    if options.data:
        os.makedirs(options.data, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="transfer-emulator-", dir=options.data) as folder:
        service = make(folder, options.region) if options.region else make(folder)
        for name in options.bucket:
            service.make_bucket(name)
        serve(service, options)


def options_of(make: Callable[..., Api]) -> argparse.ArgumentParser:
    """Reads the options that all have."""
    parser = argparse.ArgumentParser(description=make.__doc__)
    parser.add_argument("--port", type=int, default=0, help="where to listen; any free port by default")
    parser.add_argument("--region", help="which region to be")
    parser.add_argument("--key", action="append", default=[], metavar="ID:SECRET", help="a key; may be repeated")
    return parser


def serve(service: Api, options: argparse.Namespace) -> None:
    """Serve it, with these keys, until it is interrupted."""
    for pair in options.key:
        key_id, _, secret = pair.partition(":")
        service.keys[key_id] = Key(key_id, secret)
    asyncio.run(_serve(service, options.port))


async def _serve(service: Api, port: int) -> None:
    server, stop = Server(service), asyncio.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wanted, stop.set)
    bound = await server.start(port)
    print(f"Listening at http://{HOST}:{bound}", flush=True)  # noqa: T201
    try:
        await stop.wait()
    finally:
        await server.stop()
