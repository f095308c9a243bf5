"""The same controls over HTTP, for an emulator that is a process of its own.

``GET /.emulator/`` tells what was called; ``POST`` of JSON to ``switches``, ``faults``, ``clock``,
``keys`` or ``reset`` below it sets what a test would set in Python.
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
    else:
        raise web.HTTPNotFound
    return web.json_response({})
