"""What the plugin asks of Kodo, how often, and what it makes of the answers."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from tests.emulators.controls import Fault
from tests.emulators.kodo import Kodo
from tests.emulators.kodo_bucket import Bucket, hash_of
from tests.plugins.scripted import scripted
from transfer.checksums import digest
from transfer.errors import (
    Changed,
    Corrupt,
    Denied,
    Frozen,
    Misconfigured,
    NotFound,
    Throttled,
    Unsupported,
)
from transfer.model import Algorithm, Body, Entry, Metadata, Proof, Proven, Receipt, Span
from transfer.plugin import Location, Store, StoreOptions
from transfer.testing.checks.harness import checksums, fetch, keys, noise, put, send, split
from transfer_qiniu import QiniuPlugin, plugin
from transfer_qiniu.deleting import _failures
from transfer_qiniu.store import KodoStore
from transfer_qiniu.transport import Transport

_MIB = 1024 * 1024
Open = Callable[..., Awaitable[Store]]


@pytest.fixture
def bucket(kodo_server: Kodo) -> Bucket:
    return kodo_server.create_bucket(f"bucket-{uuid.uuid4().hex[:12]}")


@pytest.fixture
async def opened(kodo_server: Kodo, bucket: Bucket) -> AsyncIterator[Open]:
    """``await opened(name=None, folder="", **settings)``: a store of the bucket, closed in the end.

    Empty settings are none.
    """
    stores: list[Store] = []

    async def open_it(name: str | None = None, folder: str = "", **settings: str) -> Store:
        location = kodo_server.location(name or bucket.name, folder, **settings)
        kept = {setting: value for setting, value in location.settings.items() if value != ""}
        stores.append(await plugin.open(replace(location, settings=kept), StoreOptions()))
        return stores[-1]

    yield open_it
    for store in stores:
        await store.aclose()
    kodo_server.controls.reset()
    kodo_server.rules.plain_headers = False


def asked(server: Kodo, word: str, since: int) -> int:
    """How many requests with this word there were."""
    return sum(word in each for each in server.asked[since:])


# Where things are


async def test_servers_are_asked_for_once(kodo_server: Kodo, opened: Open) -> None:
    """Without an endpoint, Qiniu is asked where the bucket is; the answer is kept."""
    store = await opened(endpoint="", uc=kodo_server.endpoint)
    before = len(kodo_server.asked)
    await store.check(write=True)
    await put(store, "k", b"1")
    assert await fetch(store, Entry("k")) == b"1"
    assert asked(kodo_server, "/v4/query", before) == 1
    assert asked(kodo_server, "/v2/domains", before) == 1


@pytest.mark.parametrize(("ttl", "times"), [(0, 3), (86_400, 1)])
async def test_servers_are_asked_for_again_after_a_while(kodo_server: Kodo, opened: Open, ttl: int, times: int) -> None:
    """As long as Qiniu says, its answer holds."""
    here = {name: {"domains": [f"127.0.0.1:{kodo_server.port}"]} for name in ("up", "rs", "rsf")}
    told = json.dumps({"hosts": [{"region": "z0", "ttl": ttl, **here}]})
    async with scripted(lambda _: web.Response(text=told)) as server:
        store = await opened(endpoint="", uc=server.endpoint)
        for _ in range(3):
            await put(store, "k", b"1")
        assert len(server.asked) == times


async def test_another_run_need_not_ask(kodo_server: Kodo, opened: Open, own_surroundings: Path) -> None:
    """For as long as Qiniu says; what is kept tells nothing of the account, and damaged files count for nothing."""
    before = len(kodo_server.asked)
    for _ in range(2):
        await put(await opened(endpoint="", uc=kodo_server.endpoint), "k", b"1")
    assert asked(kodo_server, "/v4/query", before) == 1
    (file,) = (own_surroundings / "kodo").iterdir()
    access_key = kodo_server.settings["access_key"]
    assert access_key not in file.name + file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    whole = json.loads(file.read_text())
    for number, damaged in enumerate(
        (
            "no JSON",
            "[]",
            json.dumps({**whole, "asked": whole["asked"] - 86_400}),
            json.dumps({**whole, "asked": whole["asked"] + 3600}),
            json.dumps({**whole, "answer": {"ttl": 86_400, "region": "z0"}}),
        )
    ):
        file.write_text(damaged)
        await put(await opened(endpoint="", uc=kodo_server.endpoint), "k", b"1")
        assert asked(kodo_server, "/v4/query", before) == 2 + number
    assert json.loads(file.read_text())["answer"] == whole["answer"]
    # Another account's answer may be another one.
    with pytest.raises(Misconfigured, match="access key is not known"):
        await (await opened(endpoint="", uc=kodo_server.endpoint, access_key="someone")).stat("k")


async def test_runs_that_begin_together(kodo_server: Kodo, opened: Open, own_surroundings: Path) -> None:
    """Each writes a file of its own, and the last one counts; nothing else is left."""
    stores = [await opened(endpoint="", uc=kodo_server.endpoint) for _ in range(8)]
    await asyncio.gather(*(put(store, f"k{number}", b"1") for number, store in enumerate(stores)))
    (file,) = (own_surroundings / "kodo").iterdir()
    assert json.loads(file.read_text())["answer"]["region"] == "z0"


@pytest.mark.parametrize("told", [{"hosts": []}, {"hosts": [{"region": "z0", "up": {}}]}, [], None])
async def test_strange_answers_about_servers(opened: Open, told: object) -> None:
    """Are told as such."""
    async with scripted(lambda _: web.json_response(told)) as server:
        store = await opened(endpoint="", uc=server.endpoint)
        with pytest.raises(Corrupt, match="in a form that is not known"):
            await store.stat("k")


async def test_no_such_bucket(kodo_server: Kodo, opened: Open) -> None:
    """Is told in a sentence, by whichever service is asked first."""
    for settings in ({}, {"endpoint": "", "uc": kodo_server.endpoint}):
        store = await opened("nowhere", **settings)
        with pytest.raises(Misconfigured, match=r"'kodo://nowhere.*bucket that does not exist"):
            await store.check(write=False)


async def test_unknown_keys(kodo_server: Kodo, opened: Open) -> None:
    """Are told as such, and shown nowhere."""
    store = await opened(endpoint="", uc=kodo_server.endpoint, access_key="someone", secret_key="else-secret")
    with pytest.raises(Misconfigured, match="access key is not known"):
        await store.check(write=False)
    wrong = await opened(secret_key="else-secret")
    for call in (wrong.check(write=False), put(wrong, "k", b"1"), wrong.stat("k")):
        with pytest.raises(Denied) as raised:
            await call
        assert "else-secret" not in str(raised.value)


async def test_without_a_bound_domain(kodo_server: Kodo, opened: Open) -> None:
    """The bucket's source domain serves; without that one too, the remedy is told ahead of all else."""
    source = kodo_server.create_bucket(f"source-{uuid.uuid4().hex[:8]}", bound=False)
    store = await opened(source.name)
    await put(store, "k", b"1")
    assert await fetch(store, Entry("k")) == b"1"
    none = kodo_server.create_bucket(f"none-{uuid.uuid4().hex[:8]}", bound=False, source=False)
    store = await opened(none.name)
    with pytest.raises(Misconfigured, match="no domain to download from: bind one to it, or name one by 'domain'"):
        await store.check(write=False)
    await store.check(write=True)


@pytest.mark.parametrize("named", [False, True])
async def test_by_the_s3_endpoint(kodo_server: Kodo, opened: Open, named: bool) -> None:
    """Where there is no domain, or its name there is given: whole, in spans, guarded, and by addresses for others."""
    name = f"s3-{uuid.uuid4().hex[:8]}"
    made = kodo_server.create_bucket(name, bound=named, source=named, s3_name=f"{name}-u1" if named else name)
    store = await opened(name, "a b", **({"s3_bucket": f"{name}-u1"} if named else {}))
    await store.check(write=False)
    entry = (await put(store, "é+%", noise(1000))).entry
    before = len(kodo_server.asked)
    assert await fetch(store, entry) == noise(1000)
    assert await fetch(store, entry, Span(10, 20)) == noise(1000)[10:30]
    assert asked(kodo_server, f"GET /{made.s3_name}/a%20b/", before) == 2
    assert asked(kodo_server, "token=", before) == 0
    url = await store.signed_url(entry, 60)
    async with aiohttp.ClientSession() as session, session.get(URL(url, encoded=True)) as reply:
        assert (reply.status, await reply.read()) == (200, noise(1000))
    await put(store, "é+%", noise(1000, seed=2))
    for span in (None, Span(10, 20)):
        with pytest.raises(Changed):
            await fetch(store, entry, span)


async def test_the_s3_endpoint_is_strict(kodo_server: Kodo, opened: Open) -> None:
    """What is not signed, or for another bucket, is refused."""
    name = f"s3-{uuid.uuid4().hex[:8]}"
    kodo_server.create_bucket(name, bound=False, source=False, s3_name=name)
    store = await opened(name)
    entry = (await put(store, "k", b"1")).entry
    url = await store.signed_url(entry, 60)
    async with aiohttp.ClientSession() as session:
        for wrong, status in ((url.partition("?")[0], 403), (url.replace("/k?", "/l?"), 403), (url[:-1] + "x", 403)):
            async with session.get(URL(wrong, encoded=True)) as reply:
                assert reply.status == status
    other = await opened(name, s3_bucket="another")
    with pytest.raises(Misconfigured, match=r"S3 endpoint \(status 404\): set 's3_bucket' to the bucket's S3 name"):
        await other.check(write=False)


async def test_refusals_of_the_s3_endpoint(kodo_server: Kodo, opened: Open) -> None:
    """They are S3's documents: the code, the sentence and the request are told, also of a clock that is wrong."""
    name = f"s3-{uuid.uuid4().hex[:8]}"
    bucket = kodo_server.create_bucket(name, bound=False, source=False, s3_name=name)
    store = await opened(name)
    entry = (await put(store, "k", noise(9))).entry
    span = Span(0, 9)
    kodo_server.controls.faults.append(Fault("refuse", verb="download", status=403, code="AccountProblem"))
    with pytest.raises(Denied, match="AccountProblem") as denied:
        await fetch(store, entry, span)
    assert denied.value.code == "AccountProblem"
    assert denied.value.request_id
    kodo_server.controls.faults.append(Fault("throttle", verb="download"))
    with pytest.raises(Throttled) as slowed:
        await fetch(store, entry, span)
    assert slowed.value.code == "SlowDown"
    kodo_server.clock.turn(hours=1)
    try:
        with pytest.raises(Misconfigured, match=r"this machine's clock is 3(600|599) s behind the server's") as skewed:
            await fetch(store, entry, span)
        with pytest.raises(Misconfigured, match=r"this machine's clock is 3(600|599) s behind the server's"):
            await (await opened(name)).check(write=False)
    finally:
        kodo_server.clock.turn(hours=-1)
    assert skewed.value.code == "RequestTimeTooSkewed"
    bucket.s3_name = "another"
    with pytest.raises(Misconfigured, match="set 's3_bucket'") as lost:
        await fetch(store, entry, span)
    assert lost.value.code == "NoSuchBucket"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("X-Amz-Date=yesterday", "AccessDenied"),
        ("X-Amz-Expires=never", "AuthorizationQueryParametersError"),
        ("X-Amz-Expires=-1", "AuthorizationQueryParametersError"),
        ("X-Amz-Expires=9999999", "AuthorizationQueryParametersError"),
    ],
)
async def test_malformed_times_are_refused(kodo_server: Kodo, opened: Open, wrong: str, code: str) -> None:
    """By the S3 endpoint, as S3 refuses them."""
    name = f"s3-{uuid.uuid4().hex[:8]}"
    kodo_server.create_bucket(name, bound=False, source=False, s3_name=name)
    store = await opened(name)
    url = await store.signed_url((await put(store, "k", b"1")).entry, 60)
    asked = re.sub(rf"{wrong.partition('=')[0]}=[^&]*", wrong, url)
    async with aiohttp.ClientSession() as session, session.get(URL(asked, encoded=True)) as reply:
        assert (reply.status // 100, f"<Code>{code}</Code>" in await reply.text()) == (4, True)


@pytest.mark.parametrize("verb", ["form", "stat", "begin"])
async def test_a_bucket_made_anew_elsewhere(kodo_server: Kodo, opened: Open, verb: str) -> None:
    """Where it was is forgotten at the first refusal, by the same store and by the next run."""
    regions = [f"{verb}-{place}" for place in ("first", "second", "third")]
    for region in regions:
        kodo_server.open_region(region)
    name = f"bucket-{uuid.uuid4().hex[:12]}"

    async def works(store: Store) -> None:
        if verb == "begin":
            assert (await store.begin("k", Metadata(), size=1, part_size=1 << 22)).id
        elif verb == "form":
            assert (await put(store, "k", b"1")).entry.size == 1
        else:
            with pytest.raises(NotFound):
                await store.stat("k")

    kodo_server.create_bucket(name, region=regions[0])
    store = await opened(name, endpoint="", uc=kodo_server.endpoint)
    await works(store)
    kodo_server.create_bucket(name, region=regions[1])
    await works(store)
    kodo_server.create_bucket(name, region=regions[2])
    before = len(kodo_server.asked)
    await works(await opened(name, endpoint="", uc=kodo_server.endpoint))
    await works(await opened(name, endpoint="", uc=kodo_server.endpoint))
    assert asked(kodo_server, "/v4/query", before) == 1
    del kodo_server.buckets[name]
    with pytest.raises(Misconfigured, match="a bucket that does not exist"):
        await works(await opened(name, endpoint="", uc=kodo_server.endpoint))


async def test_a_bucket_that_has_not_moved_is_looked_up_once(
    kodo_server: Kodo, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many requests are refused as if it had; and none of them is sent again where it was refused."""
    store = await opened(endpoint="", uc=kodo_server.endpoint)
    await put(store, "k", b"1")
    sent: list[str] = []

    async def refuse(transport: Transport, method: str, url: str, *_: object, **__: object) -> object:
        sent.append(url)
        raise Misconfigured("is in another region", code="400")

    monkeypatch.setattr(Transport, "manage", refuse)
    before = len(kodo_server.asked)
    for _ in range(3):
        with pytest.raises(Misconfigured, match="in another region"):
            await store.stat("k")
    assert (len(sent), asked(kodo_server, "/v4/query", before)) == (3, 1)


async def test_domains_on_trial_come_last(kodo_server: Kodo, opened: Open) -> None:
    """They end after 30 days, and have no TLS."""

    trial = "x.bkt.clouddn.com"
    for domains, expected in (
        ([trial, "cdn.example.com"], "https://cdn.example.com"),
        ([trial], f"http://{trial}"),
    ):
        reply = json.dumps(domains)
        async with scripted(lambda _, reply=reply: web.Response(text=reply)) as server:  # type: ignore[misc]
            store = await opened(endpoint=server.endpoint, scheme="https")
            assert isinstance(store, KodoStore)
            assert (await store._client.discovery.way("bucket")).greeting().url == f"{expected}/"


async def test_public_buckets(kodo_server: Kodo, opened: Open) -> None:
    """Are read without a signature where that is asked for; a private one then is not."""
    public = kodo_server.create_bucket(f"public-{uuid.uuid4().hex[:8]}", private=False)
    for private in ("true", "false"):
        store = await opened(public.name, private=private)
        await put(store, "k", b"1")
        before = len(kodo_server.asked)
        assert await fetch(store, Entry("k")) == b"1"
        assert asked(kodo_server, "token=", before) == (private == "true")
    store = await opened(private="false")
    entry = (await put(store, "k", b"1")).entry
    with pytest.raises(Denied):
        await fetch(store, entry)


async def test_checks_leave_nothing(kodo_server: Kodo, bucket: Bucket, opened: Open) -> None:
    """Neither object nor upload; and see an empty folder where there is one."""
    store = await opened()
    await store.check(write=True)
    assert (bucket.objects, bucket.uploads, store.empty) == ({}, {}, True)
    await put(store, "k", b"1")
    await store.check(write=False)
    assert not store.empty


async def test_an_unknown_class_is_refused_ahead(kodo_server: Kodo, bucket: Bucket) -> None:
    """Of the target, as all objects were to have it."""
    store = await plugin.open(kodo_server.location(bucket.name), StoreOptions(asked_class="OUTPOSTS"))
    await store.check(write=False)
    with pytest.raises(Misconfigured, match="'OUTPOSTS': name one of STANDARD, LINE, "):
        await store.check(write=True)
    await store.aclose()


# Reading


async def test_a_small_object_costs_two_requests(kodo_server: Kodo, opened: Open) -> None:
    """One to write it; to read it, one for what belongs to it and one for its bytes."""
    store = await opened()
    await put(store, "k", b"0")
    await fetch(store, Entry("k"))
    before = len(kodo_server.asked)
    entry = (await put(store, "k", b"1")).entry
    assert len(kodo_server.asked) == before + 1
    await fetch(store, entry)
    assert len(kodo_server.asked) == before + 3
    await fetch(store, entry, Span(0, 1))
    assert len(kodo_server.asked) == before + 4


async def test_what_the_domain_adds_is_not_the_objects(opened: Open) -> None:
    """Its Cache-Control and Content-Disposition do not travel."""
    store = await opened()
    await put(store, "k", b"1", Metadata(content_type="text/plain"))
    async with store.read(Entry("k")) as reading:
        assert reading.entry.metadata == Metadata(content_type="text/plain", storage_class="STANDARD")


async def test_a_domain_without_etags_is_not_trusted(opened: Open) -> None:
    """It could give an old object: so it is told to choose another domain."""
    async with scripted(lambda _: web.Response(body=b"1")) as server:
        store = await opened(domain=server.endpoint)
        await put(store, "k", b"1")
        with pytest.raises(Unsupported, match="sends no ETag; choose another by 'domain'"):
            await fetch(store, Entry("k"))


async def test_an_old_copy_at_the_domain_is_noticed(opened: Open) -> None:
    """As a change, whole or in a span."""
    async with scripted(lambda _: web.Response(body=b"1", headers={"ETag": '"old"'})) as server:
        store = await opened(domain=server.endpoint)
        entry = (await put(store, "k", b"1")).entry
        for span in (None, Span(0, 1)):
            with pytest.raises(Changed):
                await fetch(store, entry, span)


async def test_a_domain_without_tls_is_told_ahead_of_all_reads(kodo_server: Kodo, bucket: Bucket, opened: Open) -> None:
    """Once, under the name that the user has for the bucket, and with the setting to change."""
    here = kodo_server.location(bucket.name, domain=f"https://{bucket.domain}")
    store = await plugin.open(replace(here, url=f"qn://{bucket.name}/"), StoreOptions())
    try:
        with pytest.raises(Misconfigured, match=rf"'qn://{bucket.name}/' .*: set 'domain' .* does not speak TLS"):
            await store.check(write=False)
    finally:
        await store.aclose()
    store = await opened(scheme="http")
    await store.check(write=False)


async def test_a_redirect_is_not_followed(opened: Open) -> None:
    """The remedy is to say where the domain is."""
    moved = web.Response(status=301, headers={"Location": "https://elsewhere/"})
    async with scripted(lambda _: moved) as server:
        store = await opened(domain=server.endpoint)
        entry = (await put(store, "k", b"1")).entry
        with pytest.raises(Misconfigured, match="set 'domain' or 'scheme'"):
            await fetch(store, entry, Span(0, 1))


async def test_throttling(kodo_server: Kodo, opened: Open) -> None:
    """573 is no failure of the object."""
    store = await opened()
    kodo_server.controls.faults.append(Fault("throttle"))
    with pytest.raises(Throttled):
        await store.stat("k")


# Cold storage


async def test_thawing(kodo_server: Kodo, bucket: Bucket, opened: Open) -> None:
    """Frozen until Kodo says that it is thawed; then it can be read."""
    store = await opened()
    entry = (await put(store, "k", noise(100), Metadata(storage_class="GLACIER"))).entry
    assert entry.storage_class == (await store.stat("k")).storage_class == "GLACIER"
    for span, downloads in ((None, 0), (Span(0, 10), 1)):
        before = len(kodo_server.asked)
        with pytest.raises(Frozen, match="must be thawed"):
            await fetch(store, entry, span)
        assert asked(kodo_server, "GET /k?", before) == downloads
    await store.thaw(entry, 7, "")
    with pytest.raises(Frozen):
        await fetch(store, entry)
    bucket.objects["k"] = replace(bucket.objects["k"], thawed=2)
    assert await fetch(store, entry) == noise(100)


async def test_what_thawing_can_not_do(opened: Open) -> None:
    """Other times, tiers, objects that are warm, gone or another by now."""
    store = await opened()
    cold = (await put(store, "cold", b"1", Metadata(storage_class="DEEP_ARCHIVE"))).entry
    warm = (await put(store, "warm", b"1")).entry
    for entry, days, tier, words in (
        (cold, 8, "", "1 to 7 days, not 8"),
        (cold, 0, "", "1 to 7 days, not 0"),
        (cold, 1, "Bulk", "no tiers"),
        (warm, 1, "", "not taken"),
    ):
        with pytest.raises(Unsupported, match=words):
            await store.thaw(entry, days, tier)
    with pytest.raises(Changed):
        await store.thaw(replace(cold, etag="other"), 1, "")
    with pytest.raises(NotFound):
        await store.thaw(Entry("gone"), 1, "")


# Writing


async def test_what_a_put_proves(bucket: Bucket, opened: Open) -> None:
    """The CRC-32, which Kodo compares; and no other checksum that goes along, unless Kodo tells it."""
    store = await opened()
    body = Body(b"bytes", digest(b"bytes", [Algorithm.CRC32, Algorithm.CRC64NVME]))
    assert (await store.put("k", body, Metadata())).proof == Proof(Proven.VERIFIED, "crc32")
    unproven = Body(b"bytes", digest(b"bytes", [Algorithm.CRC64NVME, Algorithm.SHA1]))
    assert (await store.put("k", unproven, Metadata())).proof.proven is Proven.UNPROVEN
    with pytest.raises(Corrupt, match="another sha1"):
        await store.put("k", Body(b"bytes", digest(b"others", [Algorithm.SHA1])), Metadata())
    kept = (await store.stat("k")).checksums
    assert kept == digest(b"bytes", [Algorithm.SHA1, Algorithm.MD5])


async def test_never_overwritten(bucket: Bucket, opened: Open) -> None:
    """By a condition that goes with the write, not by looking first."""
    store = await opened()
    await put(store, "k", b"as it was")
    with pytest.raises(Changed, match="is there already"):
        await put(store, "k", b"other", if_absent=True)
    assert bucket.objects["k"].data == b"as it was"


async def test_types_are_sent_as_they_are(bucket: Bucket, opened: Open) -> None:
    """An unknown one is not guessed from the name."""
    store = await opened()
    await put(store, "page.html", b"<html>")
    assert bucket.objects["page.html"].mime == "application/octet-stream"


async def test_headers_that_are_refused_are_lost(kodo_server: Kodo, opened: Open) -> None:
    """One by one they may be more than this Kodo takes; the object is written all the same."""
    kodo_server.rules.plain_headers = True
    store = await opened()
    metadata = Metadata(expires="Wed, 21 Oct 2037 07:28:00 GMT", cache_control="no-cache", user={"a": "ü"})
    stored = await put(store, "k", b"1", metadata)
    assert stored.lost == ("expires",)
    upload = await store.begin("parts", metadata, size=3, part_size=_MIB)
    receipt = await send(store, upload, split(b"abc", _MIB)[0], b"abc")
    assert (await store.finish(upload, [receipt], metadata)).lost == ("expires",)
    for key in ("k", "parts"):
        known = (await store.stat(key)).metadata
        assert known is not None
        assert (known.cache_control, known.expires, dict(known.user)) == ("no-cache", None, {"a": "ü"})


async def upload(store: Store, data: bytes, part_size: int) -> tuple[str | None, Proof, list[Receipt]]:
    opened = await store.begin("k", Metadata(), size=len(data), part_size=part_size)
    receipts = [await send(store, opened, part, data) for part in split(data, part_size)]
    stored = await store.finish(opened, receipts, Metadata(), checksums=checksums(store, data))
    return stored.entry.etag, stored.proof, receipts


async def test_hashes_of_uploads(opened: Open) -> None:
    """In blocks the hash is that of the bytes and proves them; in other parts their MD5s do."""
    data = noise(9 * _MIB)
    store = await opened(comparable_hash="true")
    etag, proof, receipts = await upload(store, data, store.limits.min_part)
    assert (etag, proof) == (hash_of(data), Proof(Proven.VERIFIED, "etag"))
    etag, proof, receipts = await upload(store, data, 5 * _MIB)
    assert etag != hash_of(data)
    assert proof == Proof(Proven.VERIFIED, "md5")
    assert all(receipt.checksums.keys() == {Algorithm.MD5, Algorithm.CRC32} for receipt in receipts)


async def test_another_hash_than_the_blocks_make(bucket: Bucket, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is no object to be content with."""
    monkeypatch.setattr("tests.emulators.kodo_bucket.hash_of_parts", lambda parts: hash_of(b"other"))
    store = await opened(comparable_hash="true")
    with pytest.raises(Corrupt, match="not what its parts make"):
        await upload(store, noise(5 * _MIB), 4 * _MIB)


async def test_a_replaced_part_is_told_as_such(opened: Open) -> None:
    """Not as a request that the server does not take."""
    store = await opened()
    opened_ = await store.begin("k", Metadata(), size=3, part_size=_MIB)
    (part,) = split(b"abc", _MIB)
    receipt = await send(store, opened_, part, b"abc")
    await send(store, opened_, part, b"xyz")
    with pytest.raises(Corrupt, match="parts at the server that are not the ones sent"):
        await store.finish(opened_, [receipt], Metadata())


async def test_parts_come_in_pages(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are told."""
    store = await opened()
    opened_ = await store.begin("k", Metadata(), size=None, part_size=_MIB)
    part = split(b"abc", _MIB)[0]
    for number in range(1, 1003):
        await store.put_part(opened_, replace(part, number=number), Body(b"abc"))
    assert [receipt.number for receipt in await store.parts(opened_)] == list(range(1, 1003))


async def test_an_upload_that_is_too_old(kodo_server: Kodo, opened: Open) -> None:
    """Is gone."""
    store = await opened()
    opened_ = await store.begin("k", Metadata(), size=3, part_size=_MIB)
    kodo_server.controls.faults.append(Fault("refuse", status=701))
    with pytest.raises(NotFound, match="no such multipart upload any more"):
        await store.parts(opened_)
    with pytest.raises(Unsupported):
        await store.uploads("k")


# Copies, and new metadata


async def test_copies_between_buckets(kodo_server: Kodo, opened: Open) -> None:
    """Of one region, proven by equal hashes; of two, they have to be sent."""
    near = kodo_server.create_bucket(f"near-{uuid.uuid4().hex[:8]}")
    far = kodo_server.create_bucket(f"far-{uuid.uuid4().hex[:8]}", region="z1")
    whereabouts = {"endpoint": "", "uc": kodo_server.endpoint}
    source = await opened(**whereabouts)
    entry = (await put(source, "k", noise(100), Metadata(user={"a": "1"}))).entry
    store = await opened(near.name, **whereabouts)
    stored = await store.copy(source.origin, entry, "copy", Metadata(user={"a": "2", "b": "3"}))
    assert stored.proof == Proof(Proven.VERIFIED, "etag")
    assert stored.entry.metadata is not None
    assert dict(stored.entry.metadata.user) == {"a": "2", "b": "3"}
    elsewhere = await opened(far.name, **whereabouts)
    with pytest.raises(Unsupported, match="between the regions z0 and z1"):
        await elsewhere.copy(source.origin, entry, "copy", Metadata(user={"a": "1"}))


async def test_copies_can_not_lose_metadata(bucket: Bucket, opened: Open) -> None:
    """So one that would have to is refused before it is made."""
    store = await opened()
    entry = (await put(store, "k", b"1", Metadata(user={"a": "1"}))).entry
    with pytest.raises(Unsupported, match="take metadata away"):
        await store.copy(store.origin, entry, "copy", Metadata())
    assert set(bucket.objects) == {"k"}


async def test_copies_of_cold_objects(bucket: Bucket, opened: Open) -> None:
    """Arrive frozen; another metadata can't be given to them."""
    store = await opened()
    cold = Metadata(storage_class="GLACIER", content_type="text/plain")
    entry = (await put(store, "k", b"1", cold)).entry
    assert (await store.copy(store.origin, entry, "copy", cold)).entry.storage_class == "GLACIER"
    for metadata in (replace(cold, content_type="text/csv"), replace(cold, storage_class="STANDARD")):
        with pytest.raises(Unsupported, match="in cold storage"):
            await store.copy(store.origin, entry, "other", metadata)
    assert set(bucket.objects) == {"k", "copy"}


async def test_new_metadata(kodo_server: Kodo, opened: Open) -> None:
    """Headers, user metadata and class; what is as wanted already is left alone."""
    store = await opened()
    entry = (await put(store, "k", b"1", Metadata(user={"a": "1"}))).entry
    wanted = Metadata(
        content_type="text/css",
        cache_control="no-cache",
        user={"a": "ü", "b": "2"},
        storage_class="LINE",
        posix=entry.metadata.posix if entry.metadata else Metadata().posix,
    )
    stored = await store.update(entry, wanted)
    assert (stored.lost, stored.entry.metadata) == ((), wanted)
    assert stored.entry == await store.stat("k")
    before = len(kodo_server.asked)
    await store.update(entry, wanted)
    assert [asked(kodo_server, word, before) for word in ("/stat/", "/chgm/", "/chtype/")] == [1, 0, 0]
    assert (await store.update(entry, replace(wanted, tags={"a": "b"}))).lost == ("tags",)


# Listings and deletes


async def test_after_in_an_ordered_bucket(opened: Open) -> None:
    """What comes before is left out, also of later pages."""
    store = await opened(ordered="true")
    assert store.capabilities.ordered
    for number in range(30):
        await put(store, f"{number:02}", b"")
    assert await keys(store, after="17") == [f"{number}" for number in range(18, 30)]
    assert not (await opened()).capabilities.ordered


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"items": [], "marker": "m"}, "repeats its page"),
        ({"items": [{"key": "k"}], "marker": ""}, "form that is not known"),
        ({"items": 7}, "form that is not known"),
        ([], "form that is not known"),
        (None, "form that is not known"),
        ({"items": [{"key": "elsewhere", "hash": "h", "fsize": 1}], "marker": ""}, "outside of it"),
    ],
)
async def test_strange_listings(opened: Open, document: object, words: str) -> None:
    """Never look complete."""
    async with scripted(lambda _: web.json_response(document)) as server:
        store = await opened(folder="folder/", rsf=server.endpoint)
        with pytest.raises(Corrupt, match=words):
            await keys(store)


async def test_replies_that_are_no_documents(opened: Open) -> None:
    """Are told as such."""
    async with scripted(lambda _: web.Response(body=b"<html>")) as server:
        store = await opened(rs=server.endpoint, up=server.endpoint)
        for call in (store.stat("k"), put(store, "k", b"1")):
            with pytest.raises(Corrupt, match="is no JSON"):
                await call
    async with scripted(lambda _: web.json_response({"hash": "h", "fsize": 7})) as server:
        store = await opened(up=server.endpoint)
        with pytest.raises(Corrupt, match="has 7 bytes at the server after 1 were sent"):
            await put(store, "k", b"1")
    async with scripted(lambda _: web.json_response({})) as server:
        store = await opened(rs=server.endpoint, up=server.endpoint, uc=server.endpoint)
        calls: tuple[tuple[Awaitable[object], str], ...] = (
            (store.stat("k"), "form that is not known"),
            (put(store, "k", b"1"), "without telling its hash"),
            (store.begin("k", Metadata(), size=1, part_size=1), "without naming it"),
            (store.delete(["k"]), "form that is not known"),
        )
        for answered, words in calls:
            with pytest.raises(Corrupt, match=words):
                await answered


async def test_deletes_that_fail_are_told_one_by_one(opened: Open) -> None:
    """In the order that was asked; keys that can't be are told without asking."""
    store = await opened()
    assert isinstance(store, KodoStore)
    answers = [{"code": 200}, {"code": 612, "data": {"error": "gone"}}, {"code": 599, "data": {"error": "oops"}}]
    failed = _failures(store._client, ("a", "b", "c"), answers)
    assert {key: (type(error).__name__, error.key) for key, error in failed.items()} == {"c": ("Transient", "c")}
    with pytest.raises(Corrupt):
        _failures(store._client, ("a",), answers)
    await put(store, "k", b"1")
    failed = await store.delete(["k", "x" * 800])
    assert [type(error) for error in failed.values()] == [Unsupported]
    assert await keys(store) == []


@pytest.mark.parametrize("key", ["", "a\0b", "x" * 751, "é" * 376, "\ud800"])
async def test_impossible_keys(opened: Open, key: str) -> None:
    """Are refused before anything is sent, with the reason."""
    store = await opened()
    with pytest.raises(Unsupported, match=r"1 to 750 bytes|not valid Unicode"):
        await store.put(key, Body(b"1"), Metadata())


# Buckets


async def test_buckets(kodo_server: Kodo, bucket: Bucket) -> None:
    """A remote alone has the names of all buckets, in order, whatever their regions."""
    other = kodo_server.create_bucket(f"another-{uuid.uuid4().hex[:12]}", region="z2").name
    since = len(kodo_server.asked)
    location = Location("kodo://", "kodo", "", "", kodo_server.settings)
    async with aclosing(await QiniuPlugin().open_all(location, StoreOptions())) as store:
        found = list(await store.containers())
    assert {bucket.name, other} <= set(found)
    assert found == sorted(found)
    assert kodo_server.asked[since:] == ["GET /buckets"]


@pytest.mark.parametrize("told", [{"a": 1}, [1], "a"])
async def test_what_lists_no_buckets_is_no_empty_list(told: object) -> None:
    async with scripted(lambda _: web.json_response(told)) as server:
        settings = {"access_key": "AK", "secret_key": "SK", "endpoint": server.endpoint}
        async with aclosing(
            await QiniuPlugin().open_all(Location("kodo://", "kodo", "", "", settings), StoreOptions())
        ) as store:
            with pytest.raises(Corrupt, match="buckets in a form that is not known"):
                await store.containers()
