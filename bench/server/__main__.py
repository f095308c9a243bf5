"""``python -m bench.server --port N [--host H] [--certificate PEM] [--md5-only]``"""

from __future__ import annotations

import argparse
import asyncio
import signal
import ssl

from bench.server.connection import Connection
from bench.server.service import Service
from transfer.loop import runner

READY = "listening"
"""What is printed when clients may come."""


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.server", description="A light S3 server, all in memory.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", metavar="PEM", help="speak TLS with the certificate and key in this file")
    parser.add_argument("--md5-only", action="store_true", help="know no checksum but MD5")
    chosen = parser.parse_args()
    tls = None
    if chosen.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(chosen.certificate)
    serving = _serve(chosen.host, chosen.port, tls, Service(knows_checksums=not chosen.md5_only))
    with runner() as loop:
        loop.run(serving)


async def _serve(host: str, port: int, tls: ssl.SSLContext | None, service: Service) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    server = await loop.create_server(lambda: Connection(service), host, port, ssl=tls, backlog=1024)
    print(READY, flush=True)
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    main()
