"""An emulator in a thread of its own, as a context manager, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from tests.emulators.api import Api
from tests.emulators.controls import Controls, Fault
from tests.emulators.keys import Key
from tests.emulators.server import HOST, Server
from tests.emulators.service import Service
from tests.emulators.state import Bucket

A = TypeVar("A", bound=Api)
S = TypeVar("S", bound=Service)

KEY = Key("TESTACCESSKEYID", "test-secret-access-key")


@dataclass(frozen=True, slots=True)
class Emulator(Generic[A]):
    """One that runs. ``service`` is its state: tests may look at it, and set its controls, limits and clock."""

    service: A
    port: int
    tls_port: int = 0

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://{self.address}"

    @property
    def tls_endpoint(self) -> str:
        """Its URL by HTTPS, if it was given a certificate."""
        return f"https://{HOST}:{self.tls_port}"

    @property
    def controls(self) -> Controls:
        """Switches, faults and what was called."""
        return self.service.controls

    def fail(self, fault: Fault) -> None:
        """Let something go wrong."""
        self.controls.faults.append(fault)

    def fresh_bucket(self: Emulator[S], suffix: str = "") -> Bucket:
        """A new one."""
        return self.service.make_bucket(f"bucket-{uuid.uuid4().hex[:12]}{suffix}")


@contextlib.contextmanager
def serving(make: Callable[[str], A], tls: ssl.SSLContext | None = None) -> Iterator[Emulator[A]]:
    """The emulator, on free ports of loopback, with one key."""
    with tempfile.TemporaryDirectory(prefix="transfer-emulator-") as folder:
        service = make(folder)
        service.keys[KEY.id] = KEY
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="emulator", daemon=True)
        thread.start()

        async def start() -> tuple[Server, int, int]:
            server = Server(service)
            port = await server.start()
            return server, port, await server.start(tls=tls) if tls is not None else 0

        server, port, tls_port = asyncio.run_coroutine_threadsafe(start(), loop).result()
        try:
            yield Emulator(service, port, tls_port)
        finally:
            asyncio.run_coroutine_threadsafe(_end(server), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


async def _end(server: Server) -> None:
    """Stop it, and whatever still waits for a client."""
    await server.stop()
    await cancel_rest()


async def cancel_rest() -> None:
    """End all other tasks of the loop: answers that hang, for one."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
