"""What was planted, a run of the command, and a search through what it left behind."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import html
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.adversity.trees import contents

SECRET = "pLanTed/Secret+Access&Key=0123456789abcd"
TOKEN = "tokenpLanTed//IQoJb3JpZ2luX2VjEJr++++%3D=="
CONFIGURED = "configured-pLanTed-secret"
CUSTOMER_KEY = b"customer-pLanTed-key-of-32-bytes"
PLANTED = (SECRET, TOKEN, CONFIGURED, CUSTOMER_KEY.decode(), base64.b64encode(CUSTOMER_KEY).decode())
_TELLING = 12
"""Characters of a secret that must not be seen either."""


@dataclass(slots=True)
class Search:
    """Looks for what was planted, and for the signatures that went over the wire, in whatever form, also cut short."""

    signatures: set[str]

    def __call__(self, where: str, data: bytes | str) -> None:
        text = data if isinstance(data, str) else data.decode("utf-8", "surrogateescape")
        for secret in (*PLANTED, *self.signatures):
            for form in {secret, quote(secret), quote(secret, safe=""), html.escape(secret), json.dumps(secret)[1:-1]}:
                form = form[:_TELLING]
                assert form not in text, f"{where} holds {form!r}: …{_around(text, form)}…"


def _around(text: str, form: str) -> str:
    start = text.index(form)
    return text[max(0, start - 60) : start + len(form) + 20]


def search_folders(search: Search, *folders: Path) -> None:
    """In all that is in them."""
    for folder in folders:
        for name, data in contents(folder).items() if folder.exists() else ():
            search(name, data)


async def run(folder: Path, environment: Mapping[str, str], *arguments: str) -> tuple[int, str, str]:
    """Run the command in ``folder``; returns its status, all that it said, and the command lines of its processes."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "transfer", *arguments),
        cwd=folder,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    watch = asyncio.create_task(_command_lines(process.pid))
    out, _ = await process.communicate()
    watch.cancel()
    lines = await watch
    assert lines
    assert process.returncode is not None
    return process.returncode, out.decode(), "\n".join(lines)


async def _command_lines(session: int) -> set[str]:
    """Those of all processes of the session, until cancelled."""
    seen: set[str] = set()
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            for process in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    if os.getsid(int(process.name)) == session:
                        seen.add((process / "cmdline").read_bytes().decode(errors="replace"))
            await asyncio.sleep(0.1)
    return seen


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
