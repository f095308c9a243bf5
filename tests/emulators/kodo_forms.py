"""Forms with a small object, as they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import MultipartReader, StreamReader
from aiohttp.base_protocol import BaseProtocol

from tests.emulators.kodo_auth import Refusal
from tests.emulators.messages import Held


@dataclass(frozen=True, slots=True)
class Form(Held):
    """Its fields, and the object with its type; none where there is no file in it."""

    fields: Mapping[str, str] = field(default_factory=dict)
    file: bytes | None = field(default=None, repr=False)
    mime: str = ""


async def read_form(kind: str, data: bytes) -> Form:
    """The form whose type and bytes these are. Raises Refusal."""
    fields: dict[str, str] = {}
    file, mime = None, ""
    try:
        reader = MultipartReader({"Content-Type": kind}, _stream(data))
        while (part := await reader.next()) is not None:
            assert not isinstance(part, MultipartReader)
            content = bytes(await part.read())
            if part.name == "file":
                file, mime = content, part.headers.get("Content-Type", "")
            else:
                fields[part.name or ""] = content.decode()
    except (ValueError, AssertionError):
        raise Refusal(400, "invalid multipart format") from None
    return Form(data, fields, file, mime)


def _stream(data: bytes) -> StreamReader:
    loop = asyncio.get_running_loop()
    stream = StreamReader(BaseProtocol(loop), len(data) + 1, loop=loop)
    stream.feed_data(data)
    stream.feed_eof()
    return stream
