"""The same controls over HTTP, for an emulator that is a process of its own.

``GET /.emulator/`` tells what was called, ``objects/BUCKET`` below it the MD5s of what that bucket holds; ``POST`` of
JSON to ``switches``, ``faults``, ``clock``, ``keys``, ``buckets``, ``drop`` (a bucket, with all that is in it) or
``reset`` sets what a test would set in Python.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from aiohttp import web

from tests.emulators.controls import Fault
from tests.emulators.keys import Key
from tests.emulators.service import Service

CONTROL = "/.emulator/"


async def control(service: Service, request: web.BaseRequest) -> web.Response:
    """Carry out what is asked."""
    what = request.path.removeprefix(CONTROL)
    if request.method == "GET" and what.startswith("objects/"):
        return web.json_response(_objects(service, what.removeprefix("objects/")))
    if request.method == "GET":
        seen = [dataclasses.asdict(each) for each in service.controls.seen]
        return web.json_response({"calls": dict(service.controls.calls), "seen": seen})
    wanted: dict[str, Any] = await request.json() if request.can_read_body else {}
    if what == "switches":
        for name, value in wanted.items():
            setattr(service.controls.switches, name, value)
    elif what == "faults":
        service.controls.faults.append(Fault(**wanted))
    elif what == "clock":
        service.clock.turn(**wanted)
    elif what == "keys":
        seconds = wanted.pop("seconds", None)
        expires = None if seconds is None else service.clock.now() + dt.timedelta(seconds=seconds)
        service.keys[wanted["id"]] = Key(**wanted, expires=expires)
    elif what == "buckets":
        service.make_bucket(wanted["name"])
    elif what == "drop":
        del service.buckets[wanted["name"]]
    elif what == "reset":
        service.controls.reset()
    else:
        raise web.HTTPNotFound
    return web.json_response({})


def _objects(service: Service, name: str) -> dict[str, str]:
    bucket = service.buckets[name]
    current = {key: bucket.current(key) for key in bucket.keys_from()}
    return {key: found.blob.md5.hex() for key, found in current.items() if found is not None and not found.marker}
