"""Secrets are planted, runs go well and badly, and then all that they left behind is searched."""

from __future__ import annotations

import contextlib
import html
import logging
import re
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web

from tests.adversity.gate import Gate, gate, refusal
from tests.adversity.secrecy import CONFIGURED, CUSTOMER_KEY, SECRET, TOKEN, Search, chain, run, search_folders
from tests.adversity.trees import fill, write
from tests.certificates import make_certificate, serving
from transfer import Options, sync
from transfer.errors import TransferError
from transfer.plugin import Location, StoreOptions
from transfer.testing.servers import Server

_SIGNATURE = re.compile(r"Signature=([0-9a-f]{64})")


@dataclass(slots=True)
class Eavesdropper:
    """Stands before a server, learns every signature, and refuses some requests by quoting them.

    Each time another header is quoted first, as what is quoted may be cut short.
    """

    code: str = ""
    status: int = 400
    signatures: set[str] = field(default_factory=set)
    _turn: int = 0

    def refuse(self, request: web.Request) -> web.Response | None:
        self._turn += 1
        headers = [f"{name}: {value}" for name, value in request.headers.items()]
        first = self._turn % len(headers)
        quoted = "\n".join([*headers[first:], *headers[:first]])
        self.signatures |= set(_SIGNATURE.findall(quoted))
        if not self.code or request.method != "PUT" or "/x/" not in request.path or request.query:
            return None
        message = f"Refused {quoted}"
        reply = refusal(self.status, self.code, html.escape(message, quote=False))
        detail = (
            f"<StringToSign>{html.escape(quoted)}</StringToSign><SecretKey>{html.escape(SECRET)}</SecretKey></Error>"
        )
        reply.text = (reply.text or "").replace("</Error>", detail)
        return reply


@contextlib.asynccontextmanager
async def listening(server: Server, certificate: Path, code: str, status: int) -> AsyncIterator[tuple[Gate, Search]]:
    ear = Eavesdropper(code, status)
    async with gate(server.endpoint, ear.refuse, serving(certificate)) as opened:
        yield opened, Search(ear.signatures)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path / "ca.pem")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a tree, a configuration with a secret, and a key; runs leave everything in it."""
    folder = tmp_path / "place"
    fill(folder / "tree", 12, 50)
    write(folder / "tree/large", bytes(11 << 20))
    write(folder / "key", CUSTOMER_KEY)
    config = f'[remote.hk]\ntype = "s3"\naccess_key_id = "HKKEY"\nsecret_access_key = "{CONFIGURED}"\n'
    write(folder / "transfer.toml", config.encode())
    (folder / "transfer.toml").chmod(0o600)
    return folder


@pytest.mark.parametrize(
    ("code", "status", "ends", "shown"),
    [
        pytest.param("", 0, 0, (), id="all well"),
        pytest.param("", 0, 0, ("--json",), id="all well, json"),
        pytest.param("UnheardOf", 400, 1, (), id="refused"),
        pytest.param("UnheardOf", 400, 1, ("--json",), id="refused, json"),
        pytest.param("SignatureDoesNotMatch", 403, 1, ("--json",), id="wrong signature"),
        pytest.param("InternalError", 500, 1, ("--json",), id="broken"),
    ],
)
async def test_nothing_secret_is_left_behind(
    place: Path,
    own_surroundings: Path,
    certificate: Path,
    moto_server: Server,
    moto_bucket: str,
    code: str,
    status: int,
    ends: int,
    shown: tuple[str, ...],
) -> None:
    """Not in checkpoints, logs, reports, output and process lists, however it ends and whatever the server quotes."""
    async with listening(moto_server, certificate, code, status) as (opened, search):
        environment = {
            "AWS_ENDPOINT_URL": opened.endpoint,
            "AWS_CA_BUNDLE": str(certificate),
            "AWS_ACCESS_KEY_ID": "AKIAPLANTED",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": TOKEN,
        }
        options = ("--log-level", "debug", "--log-file", "log", "--report", "report.jsonl", "--retries", "1")
        asked = ("--sse-c-key-file", "key", "--multipart-threshold", "5MiB", "--part-size", "5MiB", *options, *shown)
        ran, said, lines = await run(place, environment, "sync", "tree", f"s3://{moto_bucket}/x", *asked)
        assert ran == ends, said
        assert (place / "log").stat().st_size > 1000
        assert (place / "report.jsonl").stat().st_size > 1000
        assert search.signatures
        search("the output", said)
        search("a command line", lines)
        (place / "key").unlink()
        (place / "transfer.toml").unlink()
        search_folders(search, place, own_surroundings)
        listed, told, _ = await run(place, environment, "jobs", "--json")
        assert listed == 0
        search("the list of jobs", told)


@pytest.mark.parametrize("shown", [(), ("--json",)], ids=["summary", "json"])
async def test_secrets_of_the_configuration_stay_there(
    place: Path, own_surroundings: Path, seaweed_server: Server, seaweed_bucket: str, shown: tuple[str, ...]
) -> None:
    """A wrong one from ``transfer.toml`` is refused by a server that checks, and shown by nobody."""
    with (place / "transfer.toml").open("a") as config:
        config.write(f'endpoint = "{seaweed_server.endpoint}"\nregion = "us-east-1"\n')
    asked = ("--log-level", "debug", "--log-file", "log", *shown)
    ran, said, lines = await run(place, {}, "sync", "tree", f"hk://{seaweed_bucket}/x", *asked)
    assert ran == 2
    assert "access key" in said
    search = Search(set())
    search("the output", said)
    search("a command line", lines)
    (place / "transfer.toml").unlink()
    (place / "key").unlink()
    search_folders(search, place, own_surroundings)


SIGNED = f"X-Amz-Credential=AKIA&X-Amz-Security-Token={quote(TOKEN, safe='')}&X-Amz-Signature={'5e' * 32}"


@pytest.mark.parametrize(
    ("source", "proxy"),
    [
        (f"https://bucket.s3.amazonaws.com/key?{SIGNED}", ""),
        (f"s3://AKIAPLANTED:{SECRET}@bucket/key", ""),
        ("s3://bucket/key", f"http://user:{CONFIGURED}@127.0.0.1:9"),
        ("s3://bucket/key", f"socks9://user:{CONFIGURED}@127.0.0.1:9"),
    ],
    ids=["presigned", "in the URL", "proxy", "strange proxy"],
)
async def test_what_is_mistyped_is_not_repeated(place: Path, own_surroundings: Path, source: str, proxy: str) -> None:
    """Addresses that are secrets, or hold some, are refused, and what is said of them does not show them."""
    environment = {"AWS_ACCESS_KEY_ID": "AKIAPLANTED", "AWS_SECRET_ACCESS_KEY": SECRET, "HTTPS_PROXY": proxy}
    ran, said, _ = await run(place, environment, "sync", source, "out", "--log-file", "log", "--retries", "0")
    assert ran in (1, 2)
    assert said.startswith("transfer: ")
    search = Search({"5e" * 32})
    search("the output", said)
    for name in ("key", "transfer.toml"):
        (place / name).unlink()
    search_folders(search, place, own_surroundings)


@pytest.mark.parametrize("code", ["UnheardOf", "InvalidArgument", "SignatureDoesNotMatch"])
async def test_the_api_shows_no_secret(
    place: Path,
    certificate: Path,
    moto_server: Server,
    moto_bucket: str,
    caplog: pytest.LogCaptureFixture,
    code: str,
) -> None:
    """Neither results nor events, exceptions, their causes, options, places or anybody's debug log."""
    events: list[object] = []
    async with listening(moto_server, certificate, code, 400) as (opened, search):
        settings = {
            "endpoint": opened.endpoint,
            "ca_bundle": str(certificate),
            "access_key_id": "AKIAPLANTED",
            "secret_access_key": SECRET,
            "session_token": TOKEN,
        }
        stores = StoreOptions(sse_c_key_file=str(place / "key"))
        options = Options(target_settings=settings, source_settings={}, stores=stores, retries=1)
        with caplog.at_level(logging.DEBUG):
            result = await sync(str(place / "tree"), f"s3://{moto_bucket}/x", options, listener=events.append)
            wrong = Options(target_settings={**settings, "endpoint": opened.endpoint.replace("127", "128")}, retries=0)
            with pytest.raises(TransferError) as raised:
                await sync(str(place / "tree"), f"s3://{moto_bucket}/y", wrong)
    assert len(result.failures) == 13
    search("the result", repr(result))
    search("the events", repr(events))
    search("the options", repr(options))
    search("a location", repr(Location("s3://b/k", "s3", "b", "k", settings)))
    search("the log", caplog.text)
    for error in chain(raised.value):
        search("an exception", repr(error) + "".join(traceback.format_exception(error)))
