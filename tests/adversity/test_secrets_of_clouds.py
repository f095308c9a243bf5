"""The same at OSS, COS and Kodo: secrets are planted, runs go well and badly, and all that is left is searched."""

from __future__ import annotations

import contextlib
import html
import json
import logging
import re
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from tests.adversity.gate import gate, refusal
from tests.adversity.secrecy import SECRET, TOKEN, Search, chain, run, search_folders
from tests.adversity.trees import fill, write
from tests.emulators.cos import Cos
from tests.emulators.keys import Key
from tests.emulators.kodo import Kodo
from tests.emulators.oss import Oss
from tests.emulators.running import KEY, serving
from transfer import Options, sync
from transfer.errors import TransferError
from transfer.plugin import Location

_ID = "AKIAPLANTED"
_BUCKET = "bucket-1250000000"


@dataclass(frozen=True)
class Cloud:
    """One cloud's words for what is secret."""

    scheme: str
    region: str
    names: tuple[str, ...]
    """The settings that hold the id of the key, the secret, and the token if there is one."""
    variables: tuple[str, ...]
    """Those of the environment that hold the same."""
    signature: re.Pattern[str]
    """Finds signatures in headers, addresses and forms."""
    writes: Callable[[web.Request], bool]
    """Whether it is the write of a small object."""
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> dict[str, str]:
        return dict(zip(self.names, (_ID, SECRET, TOKEN), strict=False))

    @property
    def environment(self) -> dict[str, str]:
        return dict(zip(self.variables, (_ID, SECRET, TOKEN), strict=False))

    def settings(self, endpoint: str) -> dict[str, str]:
        """All but the keys."""
        return {"endpoint": endpoint, "region": self.region, **self.more}

    def refuse(self, message: str) -> web.Response:
        """As it refuses, with a sentence of ours."""
        if self.scheme == "kodo":
            return web.Response(status=400, text=json.dumps({"error": message}), content_type="application/json")
        reply = refusal(400, "UnheardOf", html.escape(message, quote=False))
        detail = f"<StringToSign>{html.escape(message)}</StringToSign></Error>"
        reply.text = (reply.text or "").replace("</Error>", detail)
        return reply


def _is_put(request: web.Request) -> bool:
    return request.method == "PUT" and "/x/" in request.path and not request.query


_OSS = (
    ("access_key_id", "access_key_secret", "security_token"),
    ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
)
_CLOUDS = {
    "oss-v4": Cloud("oss", "cn-hangzhou", *_OSS, re.compile(r"Signature=([0-9a-f]{64})"), _is_put),
    "oss-v1": Cloud("oss", "cn-hangzhou", *_OSS, re.compile(rf"OSS {_ID}:([\w+/=]+)"), _is_put, {"signature": "v1"}),
    "cos": Cloud(
        "cos",
        "ap-guangzhou",
        ("secret_id", "secret_key", "token"),
        ("COS_SECRET_ID", "COS_SECRET_KEY", "COS_TOKEN"),
        re.compile(r"q-signature=([0-9a-f]{40})"),
        _is_put,
    ),
    "kodo": Cloud(
        "kodo",
        "z0",
        ("access_key", "secret_key"),
        ("QINIU_ACCESS_KEY", "QINIU_SECRET_KEY"),
        re.compile(rf"{_ID}(?::|%3A)([\w-]{{20,}})"),
        lambda request: request.method == "POST" and request.path == "/",
    ),
}


@pytest.fixture(params=_CLOUDS)
def cloud(request: pytest.FixtureRequest) -> Cloud:
    return _CLOUDS[request.param]


@contextlib.contextmanager
def started(cloud: Cloud) -> Iterator[tuple[str, Callable[[], str]]]:
    """The emulator's address, and what was asked of it elsewhere than there."""
    if cloud.scheme == "kodo":
        with serving(Kodo) as emulator:
            kodo = emulator.service
            del kodo.keys[KEY.id]
            kodo.keys[_ID] = Key(_ID, SECRET)
            kodo.create_bucket(_BUCKET)
            yield kodo.endpoint, lambda: "\n".join(kodo.asked)
        return
    with serving(Oss) if cloud.scheme == "oss" else serving(Cos) as emulator:
        emulator.service.keys = {_ID: Key(_ID, SECRET, TOKEN)}
        emulator.service.make_bucket(_BUCKET)
        yield emulator.endpoint, str


@contextlib.asynccontextmanager
async def listening(cloud: Cloud, *, refusing: bool) -> AsyncIterator[tuple[str, Search]]:
    """A gate before the emulator, that learns each signature and perhaps refuses small objects by quoting requests."""
    turn, search = 0, Search(set())

    def hear(request: web.Request) -> web.Response | None:
        nonlocal turn
        turn += 1
        headers = [f"{name}: {value}" for name, value in request.headers.items()]
        first = turn % len(headers)
        body = (request._read_bytes or b"")[:4096].decode(errors="replace") if cloud.scheme == "kodo" else ""
        quoted = "\n".join([*headers[first:], *headers[:first], request.raw_path, body])
        search.signatures.update(cloud.signature.findall(quoted))
        return cloud.refuse(f"Refused {SECRET} {quoted}") if refusing and cloud.writes(request) else None

    with started(cloud) as (address, asked):
        async with gate(address, hear) as opened:
            yield opened.endpoint, search
            search.signatures.update(cloud.signature.findall(asked()))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a tree; runs leave everything in it."""
    folder = tmp_path / "place"
    fill(folder / "tree", 5, 50)
    write(folder / "tree/large", bytes(9 << 20))
    return folder


def configure(folder: Path, settings: Mapping[str, str]) -> None:
    lines = [f'{name} = "{value}"\n' for name, value in settings.items()]
    write(folder / "transfer.toml", f"[remote.there]\n{''.join(lines)}".encode())
    (folder / "transfer.toml").chmod(0o600)


@pytest.mark.parametrize("refusing", [False, True], ids=["all well", "refused"])
async def test_nothing_secret_is_left_behind(place: Path, own_surroundings: Path, cloud: Cloud, refusing: bool) -> None:
    """Not in checkpoints, logs, reports, profiles, output and process lists, up and down, and whatever is quoted.

    The keys are in the environment if all goes well, and in ``transfer.toml`` if not.
    """
    async with listening(cloud, refusing=refusing) as (endpoint, search):
        kind = {"type": cloud.scheme, **cloud.settings(endpoint)}
        configure(place, {**kind, **cloud.keys} if refusing else kind)
        environment = {} if refusing else cloud.environment
        options = ("--log-level", "debug", "--retries", "1", "--multipart-threshold", "5MiB", "--part-size", "5MiB")
        there = f"there://{_BUCKET}/x"
        for verb, source, target in (("up", "tree", there), ("down", there, "back")):
            kept = ("--log-file", f"{verb}.log", "--report", f"{verb}.jsonl", "--profile", f"{verb}.json")
            ran, said, lines = await run(place, environment, "sync", source, target, *options, *kept)
            assert ran == (1 if refusing and verb == "up" else 0), said
            assert (place / f"{verb}.log").stat().st_size > 300
            search("the output", said)
            search("a command line", lines)
        listed, told, _ = await run(place, environment, "jobs", "--json")
        assert listed == 0
        search("the list of jobs", told)
    assert len(search.signatures) > 5
    (place / "transfer.toml").unlink()
    search_folders(search, place, own_surroundings)


async def test_the_api_shows_no_secret(place: Path, cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    """Neither results nor events, exceptions, their causes, options, places or anybody's debug log."""
    events: list[object] = []
    async with listening(cloud, refusing=True) as (endpoint, search):
        settings = {**cloud.settings(endpoint), **cloud.keys}
        options = Options(target_settings=settings, source_settings={}, retries=1)
        target = f"{cloud.scheme}://{_BUCKET}"
        with caplog.at_level(logging.DEBUG):
            result = await sync(str(place / "tree"), f"{target}/x", options, listener=events.append)
            wrong = Options(target_settings={**settings, "endpoint": endpoint.replace("127", "128")}, retries=0)
            with pytest.raises(TransferError) as raised:
                await sync(str(place / "tree"), f"{target}/y", wrong)
    assert len(result.failures) == 6
    search("the result", repr(result))
    search("the events", repr(events))
    search("the options", repr(options))
    search("a location", repr(Location(f"{target}/k", cloud.scheme, _BUCKET, "k", settings)))
    search("the log", caplog.text)
    for error in chain(raised.value):
        search("an exception", repr(error) + "".join(traceback.format_exception(error)))
