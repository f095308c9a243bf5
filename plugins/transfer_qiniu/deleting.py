"""Deletes, many in one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from transfer.errors import Corrupt, TransferError
from transfer_qiniu.client import Client
from transfer_qiniu.errors import Failure, translate
from transfer_qiniu.hosts import Service

_DONE = frozenset({200, 612})
"""Gone now, or not there before."""


async def delete(client: Client, keys: Sequence[str]) -> Mapping[str, TransferError]:
    """Delete ``keys``; those that failed, and why."""
    failed: dict[str, TransferError] = {}
    operations: dict[str, str] = {}
    for key in keys:
        try:
            operations[key] = f"op=/delete/{client.place.entry(key)}"
        except TransferError as error:
            failed[key] = error
    if operations:
        body = "&".join(operations.values()).encode()
        told = await client.manage(Service.RS, "/batch", body=body, patient=True)
        failed.update(_failures(client, tuple(operations), told))
    return failed


def _failures(client: Client, keys: Sequence[str], told: object) -> Mapping[str, TransferError]:
    """The answers come in the order of the questions, whatever the status of the whole."""
    try:
        answers = [(int(answer["code"]), answer.get("data") or {}) for answer in told]  # type: ignore[attr-defined]
        failures = [
            (key, Failure(code, {}, str(data.get("error", "")), client.place.subject(key), key))
            for key, (code, data) in zip(keys, answers, strict=True)
            if code not in _DONE
        ]
    except (TypeError, LookupError, ValueError, AttributeError):
        raise Corrupt("The reply to a delete of many has a form that is not known") from None
    return {key: translate(failure) for key, failure in failures}
