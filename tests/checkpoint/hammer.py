"""A process that hammers a checkpoint, to be killed at any moment, and the model of what it does.

The operations follow from a seed alone. The process prints how many of them it has been
promised to be kept, which is what awaiting one promises for all before it.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from transfer.checkpoint import Checkpoint, Failure, Look, Pair, Row
from transfer.model import Algorithm, Entry, Proof, Proven, Receipt, Upload

PAIR = Pair("hammered", "anvil")
_KEYS = 400

Verb = Literal["done", "failed", "doom", "forget", "intend", "begun", "receipt", "dropped"]
AWAITED = ("intend", "begun")


@dataclass(frozen=True, slots=True)
class Operation:
    """``serial`` makes every operation's values its own."""

    verb: Verb
    key: str
    serial: int

    @property
    def look(self) -> Look:
        return Look(self.serial, etag=f"etag {self.serial}")

    @property
    def row(self) -> Row:
        digest = (Algorithm.CRC32C, self.serial.to_bytes(4, "big"))
        proof = Proof(Proven.VERIFIED, "crc32c")
        return Row(self.key, self.look, self.look, digest, proof, "shape", "metadata", racy=self.serial % 2 == 0)

    @property
    def upload(self) -> Upload:
        return Upload(self.key, f"id {self.serial}", 30, 10, {"serial": str(self.serial)})

    @property
    def receipt(self) -> Receipt:
        return Receipt(self.serial % 3 + 1, 10, f"etag {self.serial}", {Algorithm.MD5: bytes(16)})

    @property
    def failure(self) -> Failure:
        return Failure(self.key, f"error {self.serial}", retryable=True, action="copy")

    @property
    def entry(self) -> Entry:
        return Entry(self.key, self.serial)


def operations(seed: int) -> Iterator[Operation]:
    """Without end. Uploads are begun only after their intent, as the engine does."""
    chance = random.Random(seed)
    intended: set[str] = set()
    serial = 0
    while True:
        serial += 1
        key = f"{chance.randrange(_KEYS):03}"
        simple: list[Verb] = ["done", "done", "done", "failed", "doom", "forget", "intend"]
        open_: list[Verb] = ["begun", "receipt", "receipt", "receipt", "dropped", "done"]
        verb = chance.choice(open_ if key in intended else simple)
        intended -= {key} if verb in ("done", "dropped") else set()
        intended |= {key} if verb == "intend" else set()
        yield Operation(verb, key, serial)


@dataclass(slots=True)
class Model:
    """What a checkpoint must hold after some of the operations."""

    done: dict[str, Row] = field(default_factory=dict)
    failed: dict[str, Failure] = field(default_factory=dict)
    doomed: dict[str, Entry] = field(default_factory=dict)
    uploads: dict[str, tuple[Look, Upload | None, dict[int, Receipt]]] = field(default_factory=dict)

    def apply(self, operation: Operation) -> None:
        key = operation.key
        match operation.verb:
            case "done":
                self.done[key] = operation.row
                self.failed.pop(key, None)
                self.uploads.pop(key, None)
            case "failed":
                self.failed[key] = operation.failure
            case "doom":
                self.doomed[key] = operation.entry
            case "forget":
                self.done.pop(key, None)
                self.failed.pop(key, None)
            case "intend":
                self.uploads[key] = (operation.look, None, {})
            case "begun":
                look, _, receipts = self.uploads[key]
                self.uploads[key] = (look, operation.upload, receipts)
            case "receipt":
                if self.uploads[key][1] is not None:
                    self.uploads[key][2][operation.receipt.number] = operation.receipt
            case "dropped":
                self.uploads.pop(key)


async def read(checkpoint: Checkpoint) -> Model:
    """All that a checkpoint holds."""
    model = Model()
    async for rows in checkpoint.rows():
        model.done |= {row.key: row for row in rows}
    async for failures in checkpoint.failures():
        model.failed |= {failure.key: failure for failure in failures}
    async for entries in checkpoint.doomed():
        model.doomed |= {entry.key: entry for entry in entries}
    async for upload in checkpoint.open_uploads():
        receipts = {receipt.number: receipt for receipt in upload.receipts}
        model.uploads[upload.key] = (upload.source, upload.upload, receipts)
    return model


async def hammer(path: Path, seed: int, already: int) -> None:
    """Go on behind the operations that were done ``already``, until killed."""
    checkpoint = await Checkpoint.open(path, PAIR)
    for count, operation in enumerate(islice(operations(seed), already, None), already + 1):
        if work := _call(checkpoint, operation)():
            await work
        if operation.verb in AWAITED:
            os.write(1, f"{count}\n".encode())
        await checkpoint.room()


def _call(checkpoint: Checkpoint, operation: Operation) -> Callable[[], Any]:
    key = operation.key
    calls: dict[Verb, Callable[[], Any]] = {
        "done": lambda: checkpoint.done(operation.row),
        "failed": lambda: checkpoint.failed(operation.failure),
        "doom": lambda: checkpoint.doom(operation.entry),
        "forget": lambda: checkpoint.forget([key]),
        "intend": lambda: checkpoint.intend(key, operation.look, "shape"),
        "begun": lambda: checkpoint.begun(key, operation.upload),
        "receipt": lambda: checkpoint.receipt(key, operation.receipt),
        "dropped": lambda: checkpoint.dropped(key),
    }
    return calls[operation.verb]


if __name__ == "__main__":
    asyncio.run(hammer(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
