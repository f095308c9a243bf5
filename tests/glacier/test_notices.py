"""What a queue tells of a vault's jobs: how it is understood, how it is asked for, and what its failures mean."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from unittest import mock

import pytest
from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials

from tests.plugins.scripted import KEYS, Asked, Script, ScriptedServer, scripted
from transfer.errors import Corrupt, Denied, Misconfigured, NotFound, Throttled, TransferError, Transient
from transfer.plugin import Location, Store, StoreOptions
from transfer_glacier import plugin
from transfer_glacier.notices import notices
from transfer_glacier.notices.address import address_of
from transfer_glacier.notices.message import vault_of
from transfer_glacier.notices.queue import Message, Queue
from transfer_glacier.opening import open_vault

ARN = "arn:aws:glacier:us-east-1:012345678901:vaults/photos"
DONE = {"Action": "ArchiveRetrieval", "Completed": True, "JobId": "j", "StatusCode": "Succeeded", "VaultARN": ARN}
NAME = "/123456789012/jobs"


def enveloped(message: object) -> str:
    """As SNS gives it to a queue without raw delivery."""
    told = {"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:us-east-1:1:t", "Message": message}
    return json.dumps({**told, "Timestamp": "2012-10-01T22:20:29.698Z", "SignatureVersion": "1"})


@pytest.mark.parametrize(
    ("body", "vault"),
    [
        (enveloped(json.dumps(DONE)), ARN),
        (json.dumps(DONE), ARN),
        (json.dumps({**DONE, "StatusCode": "Failed"}), ARN),
        (json.dumps({**DONE, "Action": "InventoryRetrieval"}), ARN),
        (json.dumps({**DONE, "Completed": False}), None),
        (json.dumps({**DONE, "Completed": "true"}), None),
        (json.dumps({**DONE, "VaultARN": None}), None),
        (json.dumps({**DONE, "VaultARN": [ARN]}), None),
        (json.dumps([DONE]), None),
        (json.dumps({"Type": "SubscriptionConfirmation", "Message": json.dumps(DONE)}), None),
        (enveloped("hello"), None),
        (enveloped(DONE), None),
        (enveloped(None), None),
        (enveloped(enveloped(json.dumps(DONE))), None),
        ("", None),
        ("hello", None),
        ("null", None),
        ("[" * 100_000, None),
        ('{"VaultARN": "' + ARN, None),
    ],
)
def test_messages(body: str, vault: str | None) -> None:
    """With the envelope of SNS and without; of anything but the end of a job, no vault is told."""
    assert vault_of(body) == vault


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("sqs.eu-west-1.amazonaws.com", "eu-west-1"),
        ("sqs-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("sqs.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("sqs.eu-west-1.api.aws", "eu-west-1"),
        ("vpce-0a-1b.sqs.eu-west-1.vpce.amazonaws.com", "eu-west-1"),
        ("eu-west-1.queue.amazonaws.com", "eu-west-1"),
        ("queue.amazonaws.com", "us-east-1"),
        ("127.0.0.1:9324", None),
        ("sqs.eu-west-1.amazonaws.com.example.org", None),
    ],
)
def test_addresses(host: str, region: str | None) -> None:
    """The host tells the region, where it is AWS's."""
    address = address_of(f"https://{host}{NAME}")
    assert (address.url, address.region) == (f"https://{host}{NAME}", region)
    assert address.endpoint.url("/", "") == f"https://{host}/"


@pytest.mark.parametrize(
    "url",
    [
        "jobs",
        "arn:aws:sqs:eu-west-1:123456789012:jobs",
        "sqs.eu-west-1.amazonaws.com/123456789012/jobs",
        "ftp://sqs.eu-west-1.amazonaws.com/123456789012/jobs",
        "https://sqs.eu-west-1.amazonaws.com",
        "https://sqs.eu-west-1.amazonaws.com/123456789012",
        "https://sqs.eu-west-1.amazonaws.com/12345/jobs",
        "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs/",
        "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs?x=y",
        "https://sqs.eu-west-1.amazonaws.com/123456789012/jo bs",
        "https://host:99999999/123456789012/jobs",
        "https://[::1/123456789012/jobs",
    ],
)
async def test_what_is_no_queue_is_refused(url: str) -> None:
    """In a sentence that has what was given, and what is wanted."""
    location = Location("glacier://photos/", "glacier", "photos", "", {"region": "eu-west-1", **KEYS, "queue": url})
    with pytest.raises(Misconfigured) as caught:
        await plugin.open(location, StoreOptions())
    assert str(caught.value).startswith(f"The setting queue = '{url}' must be the URL of an SQS queue, like https://")


def test_a_password_is_not_told() -> None:
    with pytest.raises(Misconfigured) as caught:
        address_of(f"https://user:open-sesame@host{NAME}")
    assert "open-sesame" not in str(caught.value)


@asynccontextmanager
async def queue(script: Script, **settings: str) -> AsyncIterator[tuple[Queue, ScriptedServer]]:
    """The queue of a vault's settings, and what its server saw."""
    async with scripted(script) as server:
        given = {"region": "eu-west-1", **KEYS, "queue": server.endpoint + NAME, **settings}
        opened = await open_vault(Location("glacier://photos/", "glacier", "photos", "", given), StoreOptions())
        assert opened.queue is not None
        try:
            yield opened.queue, server
        finally:
            await opened.queue.aclose()
            await opened.client.aclose()


def told(fields: object, status: int = 200) -> web.Response:
    body = json.dumps(fields).encode()
    return web.Response(body=body, status=status, headers={"content-type": "application/x-amz-json-1.0"})


async def test_requests_are_the_sdks() -> None:
    """Their form is that of botocore's model, and so is the signature."""

    def script(asked: Asked) -> web.Response:
        received = asked.headers["x-amz-target"] == "AmazonSQS.ReceiveMessage"
        return told({"Messages": [{"MessageId": "1", "Body": "b", "ReceiptHandle": "h"}]} if received else {})

    async with queue(script, session_token="sts") as (opened, server):
        (found,) = await opened.receive(20)
        await opened.delete([found, Message("c", "i")])
        url, host = server.endpoint + NAME, server.endpoint.partition("://")[2]
        sent = [(asked.headers["x-amz-target"].partition(".")[2], json.loads(asked.body)) for asked in server.asked]
        entries = [{"Id": "0", "ReceiptHandle": "h"}, {"Id": "1", "ReceiptHandle": "i"}]
        assert sent == [
            (
                "ReceiveMessage",
                {"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 20, "VisibilityTimeout": 30},
            ),
            ("DeleteMessageBatch", {"QueueUrl": url, "Entries": entries}),
        ]
        for asked in server.asked:
            assert (asked.method, asked.target) == ("POST", "/")
            assert asked.headers["content-type"] == "application/x-amz-json-1.0"
            assert asked.headers["x-amz-content-sha256"] == hashlib.sha256(asked.body).hexdigest()
            assert asked.headers["authorization"] == signed_by_the_sdk(asked, host)


def signed_by_the_sdk(asked: Asked, host: str) -> str:
    names = asked.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    kept = {name: asked.headers[name] for name in names if name not in ("host", "x-amz-date", "x-amz-security-token")}
    request = AWSRequest(asked.method, f"http://{host}{asked.target}", headers=kept, data=asked.body)
    moment = dt.datetime.strptime(asked.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    keys = SdkCredentials(KEYS["access_key_id"], KEYS["secret_access_key"], "sts")
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        SigV4Auth(keys, "sqs", "eu-west-1").add_auth(request)
    return str(request.headers["Authorization"])


@pytest.mark.parametrize(
    ("code", "status", "kind", "words"),
    [
        ("com.amazonaws.sqs#QueueDoesNotExist", 400, NotFound, "is not there: check the setting 'queue'"),
        ("com.amazon.coral.service#AccessDeniedException", 400, Denied, "that they allow sqs:ReceiveMessage and sqs"),
        ("AccessDenied", 403, Denied, "refuses us"),
        ("SignatureDoesNotMatch", 403, Denied, "refuses us"),
        ("", 403, Denied, "refuses us"),
        ("com.amazonaws.sqs#KmsAccessDenied", 400, Denied, "refuses us"),
        ("ExpiredTokenException", 400, Denied, "refuses us"),
        ("com.amazonaws.sqs#RequestThrottled", 400, Throttled, "puts us off"),
        ("", 429, Throttled, "puts us off"),
        ("com.amazonaws.sqs#OverLimit", 400, Throttled, "puts us off"),
        ("InternalFailure", 500, Transient, "can't be asked now"),
        ("", 503, Transient, "can't be asked now"),
        ("com.amazonaws.sqs#UnsupportedOperation", 400, TransferError, "refuses what it was asked, with status 400"),
    ],
)
async def test_failures(code: str, status: int, kind: type[TransferError], words: str) -> None:
    """Each is of the right kind, names the queue, and has the server's code."""
    async with queue(lambda asked: told({"__type": code, "message": "so"}, status)) as (opened, server):
        with pytest.raises(TransferError) as caught:
            await opened.receive(0)
        assert type(caught.value) is kind
        assert words in str(caught.value)
        assert f"The queue '{server.endpoint}{NAME}'" in str(caught.value)
        assert caught.value.code == (code.rpartition("#")[2] or str(status))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"Messages": 5}', b'{"Messages": [5]}'])
async def test_a_reply_that_is_none(body: bytes) -> None:
    async with queue(lambda asked: web.Response(body=body)) as (opened, _):
        with pytest.raises(Corrupt):
            await opened.receive(0)


async def test_secrets_are_not_told() -> None:
    """Servers quote what they were sent."""

    def script(asked: Asked) -> web.Response:
        return told({"__type": "Odd", "message": f"{KEYS['secret_access_key']} {asked.headers['authorization']}"}, 400)

    async with queue(script) as (opened, server):
        with pytest.raises(TransferError) as caught:
            await opened.receive(0)
        signature = server.asked[0].headers["authorization"].rpartition("=")[2]
        assert KEYS["secret_access_key"] not in str(caught.value)
        assert signature not in str(caught.value)


async def test_a_vault_without_a_queue_sends_no_word() -> None:
    location = Location("glacier://photos/", "glacier", "photos", "", {"region": "eu-west-1", **KEYS})
    store = await plugin.open(location, StoreOptions())
    assert not store.capabilities.tells_thawed
    with pytest.raises(TransferError, match="has no 'thawed'"):
        await store.thawed()
    await store.aclose()


class Served:
    """A vault, and a queue that has some messages at each look; both at one address."""

    def __init__(self, *looks: Sequence[str]) -> None:
        self.looks = list(looks)
        self.actions: list[str] = []
        self.deleted: list[str] = []

    def __call__(self, asked: Asked) -> web.Response:
        if asked.method == "GET":
            return told({"VaultARN": ARN, "VaultName": "photos"})
        action, sent = asked.headers["x-amz-target"].partition(".")[2], json.loads(asked.body)
        self.actions.append(action)
        if action == "DeleteMessageBatch":
            self.deleted += [each["ReceiptHandle"] for each in sent["Entries"]]
            return told({"Successful": [], "Failed": []})
        bodies = self.looks.pop(0) if self.looks else ()
        return told({"Messages": [{"Body": body, "ReceiptHandle": body} for body in bodies]} if bodies else {})


@asynccontextmanager
async def vault(served: Served, **options: Any) -> AsyncIterator[Store]:
    async with scripted(served) as server:
        given = {"endpoint": server.endpoint, "region": "us-east-1", **KEYS, "queue": server.endpoint + NAME}
        location = Location("glacier://photos/", "glacier", "photos", "", given)
        store = await plugin.open(location, StoreOptions(**options))
        try:
            yield store
        finally:
            await store.aclose()


async def test_one_word_for_all_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the queue has of the vault is taken out at once; what is not about it stays."""
    monkeypatch.setattr(notices, "PAUSE", 0.0)
    ours = [json.dumps({**DONE, "JobId": str(number)}) for number in range(21)]
    other = json.dumps({**DONE, "VaultARN": f"{ARN}-other"})
    served = Served([], [other, "hello"], [*ours[:9], other], ours[9:19], ours[19:], [other], ours[:1])
    async with vault(served) as store:
        assert store.capabilities.tells_thawed
        await store.thawed()
        assert served.deleted == ours
        assert served.actions.count("ReceiveMessage") == 6
        await store.thawed()
        assert served.deleted == [*ours, ours[0]]


async def test_words_that_never_end_are_told_of_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gathering has an end."""
    monkeypatch.setattr(notices, "GATHERED", 0.05)
    served = Served(*[[json.dumps(DONE)]] * 100_000)
    async with vault(served) as store:
        await store.thawed()
    assert served.actions.count("ReceiveMessage") >= 1
    assert served.looks


async def test_the_queue_is_waited_for_longer_than_other_servers() -> None:
    """A look into it may last 20 s, however short the time that others have."""
    async with vault(Served(), idle_timeout=1.0, request_timeout=2.0, connections=7) as store:
        assert store.capabilities.tells_thawed
        found = store._vault.notices._queue._http._options  # type: ignore[attr-defined]
        assert (found.idle_timeout, found.request_timeout, found.connections) == (40, 60, 1)
