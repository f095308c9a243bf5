"""Which of Kodo's services answers a call, and with what of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulators import kodo_s3
from tests.emulators import kodo_services as services
from tests.emulators.kodo_auth import Asked, Refusal
from tests.emulators.kodo_forms import Form
from tests.emulators.messages import Call, Reply

if TYPE_CHECKING:
    from tests.emulators.kodo import Kodo


async def form(kodo: Kodo, call: Call) -> Reply:
    assert isinstance(call.body, Form)
    if call.body.file is None:
        raise Refusal(400, "file is not specified in multipart")
    sent = call.body
    return services.form(kodo.buckets, kodo.authority, sent.fields, sent.file or b"", sent.mime).reply()


async def resumable(kodo: Kodo, call: Call) -> Reply:
    return services.resumable(kodo.buckets, kodo.authority, Asked.of(call)).reply()


async def operate(kodo: Kodo, call: Call) -> Reply:
    return services.operate(kodo.buckets, Asked.of(call).path).reply()


async def listing(kodo: Kodo, call: Call) -> Reply:
    return services.listing(kodo.buckets, Asked.of(call).query).reply()


async def batch(kodo: Kodo, call: Call) -> Reply:
    return services.batch(kodo.buckets, Asked.of(call).body).reply()


async def buckets(kodo: Kodo, call: Call) -> Reply:
    del call
    return services.Answer(list(kodo.buckets)).reply()


async def query(kodo: Kodo, call: Call) -> Reply:
    bucket = kodo.buckets.get(call.bucket)
    host = call.host if bucket is None else kodo.host_of(bucket, call.host)
    return services.query_hosts(kodo.buckets, kodo.authority, Asked.of(call).query, host, kodo.s3_port).reply()


async def domains(kodo: Kodo, call: Call) -> Reply:
    return services.domains(kodo.buckets, Asked.of(call).query).reply()


async def fetch(kodo: Kodo, call: Call) -> Reply:
    return kodo.fetching.answer(Asked.of(call)).reply()


async def download(kodo: Kodo, call: Call) -> Reply:
    return services.download(kodo.at_port(call.port), call.key, call.headers).reply()


async def download_by_s3(kodo: Kodo, call: Call) -> Reply:
    """As by a domain; but what is refused has S3's names."""
    bucket = next((each for each in kodo.buckets.values() if each.s3_name == call.bucket), None)
    if bucket is None:
        raise kodo_s3.refused(Refusal(631, "no such bucket"))
    if not call.key:
        return Reply()
    try:
        return services.download(bucket, call.key, call.headers).reply()
    except Refusal as refusal:
        raise kodo_s3.refused(refusal) from None
