"""The same controls over HTTP, for an emulator that is a process of its own.

``GET /.emulator/`` tells what was called, ``objects/BUCKET`` below it the MD5s of what that bucket holds; ``POST`` of
JSON to ``switches``, ``faults``, ``clock``, ``keys``, ``buckets``, ``drop`` (a bucket, with all that is in it) or
``reset`` sets what a test would set in Python. Some emulators have more: see their ``tell`` and ``turn``.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from aiohttp import web

from tests.emulators.api import Api
from tests.emulators.controls import Fault
from tests.emulators.keys import Key

CONTROL = "/.emulator/"


async def control(service: Api, request: web.BaseRequest) -> web.Response:
    """Carry out what is asked."""
    what = request.path.removeprefix(CONTROL)
    if request.method == "GET" and what:
        told = service.tell(what)
        if told is None:
            raise web.HTTPNotFound
        return web.json_response(told)
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
    elif what == "reset":
        service.controls.reset()
    elif not service.turn(what, wanted):
        raise web.HTTPNotFound
    return web.json_response({})
