"""Addresses with which anybody can read one object for a while, got with a plain HTTP client."""

from __future__ import annotations

import base64
import logging
import re
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.emulators.conftest import cos_server, cos_started
from tests.emulators.cos import Cos
from tests.emulators.keys import Key
from tests.emulators.kodo import Kodo
from tests.emulators.running import KEY, Emulator
from tests.plugins.ossplace import OssPlace
from transfer.errors import Unsupported
from transfer.model import Body, Entry, Metadata
from transfer.plugin import Location, Store, StoreOptions
from transfer_cos import plugin as cos_plugin
from transfer_qiniu import plugin as kodo_plugin
from transfer_s3 import plugin as s3_plugin

__all__ = ["cos_server", "cos_started"]

_KEY = "a b+c%20/é ☃.txt"
_DATA = b"the object's bytes"
_TEMPORARY = Key("TEMPORARY", "temporary-secret", "a token/+=")


async def got(url: str) -> tuple[int, bytes]:
    """Status and body; nothing is added to the address, nor decoded."""
    plain = aiohttp.ClientSession(auto_decompress=False)
    async with plain as session, session.get(URL(url, encoded=True)) as reply:
        return reply.status, await reply.read()


async def _given(store: Store) -> str:
    return await store.signed_url((await store.put(_KEY, Body(_DATA), Metadata())).entry, 600)


@pytest.mark.parametrize("signature", ["v4", "v1"])
async def test_of_oss(oss: OssPlace, signature: str) -> None:
    """By both versions, with a temporary key as well, and until it ends."""
    url = await _given(await oss.open("x", signature=signature))
    assert await got(url) == (200, _DATA)
    oss.server.service.keys[_TEMPORARY.id] = _TEMPORARY
    store = await oss.open(
        "x",
        signature=signature,
        access_key_id=_TEMPORARY.id,
        access_key_secret=_TEMPORARY.secret,
        security_token=_TEMPORARY.token,
    )
    assert await got(await _given(store)) == (200, _DATA)
    oss.server.service.clock.turn(seconds=700)
    assert (await got(url))[0] == 403


async def test_of_oss_where_the_requester_pays(oss: OssPlace) -> None:
    """The address says so, since nobody else's headers will."""
    store = await oss.open("x", StoreOptions(request_payer=True))
    url = await _given(store)
    assert "x-oss-request-payer=requester" in url
    assert await got(url) == (200, _DATA)


@pytest.fixture
def cos(cos_server: Emulator[Cos]) -> Emulator[Cos]:
    cos_server.service.make_bucket("signed-1250000000")
    return cos_server


async def _cos_store(server: Emulator[Cos], key: Key) -> Store:
    settings = {"endpoint": server.endpoint, "region": "ap-guangzhou", "secret_id": key.id, "secret_key": key.secret}
    settings |= {"token": key.token} if key.token else {}
    location = Location("cos://signed-1250000000/x", "cos", "signed-1250000000", "x", settings)
    return await cos_plugin.open(location, StoreOptions())


async def test_of_cos(cos: Emulator[Cos]) -> None:
    """With a temporary key as well, and until it ends."""
    cos.service.keys[_TEMPORARY.id] = _TEMPORARY
    for key in (KEY, _TEMPORARY):
        store = await _cos_store(cos, key)
        url = await _given(store)
        assert await got(url) == (200, _DATA)
        await store.aclose()
    cos.service.clock.turn(seconds=700)
    assert (await got(url))[0] == 403


async def test_of_kodo(kodo_server: Kodo) -> None:
    """Of private buckets until it ends; those of public ones need no signature."""
    private = kodo_server.create_bucket(f"bucket-{uuid.uuid4().hex[:12]}")
    public = kodo_server.create_bucket(f"bucket-{uuid.uuid4().hex[:12]}", private=False)
    urls = []
    for bucket, more in ((private, {}), (public, {"private": "false"})):
        store = await kodo_plugin.open(kodo_server.location(bucket.name, "x", **more), StoreOptions())
        urls.append(await _given(store))
        await store.aclose()
        assert await got(urls[-1]) == (200, _DATA)
    assert "token=" not in urls[1]
    assert abs(int(urls[0].partition("?e=")[2].partition("&")[0]) - time.time() - 600) < 60


async def test_with_a_key_of_ones_own_there_is_none(tmp_path: Path) -> None:
    """Since it goes with each request, in headers (SSE-C)."""
    (tmp_path / "key").write_text(base64.b64encode(bytes(32)).decode())
    settings: Mapping[str, object] = {"endpoint": "https://127.0.0.1:1", "access_key_id": "a", "secret_access_key": "b"}
    location = Location("s3://bucket/x", "s3", "bucket", "x", settings)
    store = await s3_plugin.open(location, StoreOptions(sse_c_key_file=str(tmp_path / "key")))
    assert not store.capabilities.signs
    with pytest.raises(Unsupported):
        await store.signed_url(Entry("k"), 600)


async def test_nothing_of_it_is_logged(oss: OssPlace, cos: Emulator[Cos], caplog: pytest.LogCaptureFixture) -> None:
    """Who has one may read the object."""
    caplog.set_level(logging.DEBUG)
    store = await _cos_store(cos, KEY)
    for each in (store, await oss.open("x")):
        url = await each.signed_url(Entry("k"), 600)
        signature = re.search(r"signature=(\w{40,})", url)
        assert signature is not None
        assert signature[1] not in caplog.text
    await store.aclose()
