"""What a kill left, and what a leg did: asked of the servers, the checkpoint and the report."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transfer.checkpoint import Checkpoint, OpenUpload, Row, summaries
from transfer.config import load_config
from transfer.demo.stage import Stage
from transfer.errors import NotFound
from transfer.event import Action, Verdict
from transfer.model import Entry, Proven
from transfer.plugin import Store, StoreOptions
from transfer.registry import open_store

Outcome = Mapping[str, Any]
"""A row of the report."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a kill left. ``objects`` has the sizes of those that are whole at the server, ``parts``
    those of the parts that it holds besides; the ``known`` counts and ``open_uploads`` are the checkpoint's."""

    objects: Mapping[str, int]
    parts: Sequence[int]
    known_objects: int
    known_parts: int
    known_bytes: int
    open_uploads: int

    @property
    def bytes(self) -> int:
        return sum(self.objects.values()) + sum(self.parts)

    @property
    def in_an_upload(self) -> bool:
        """Whether the kill fell into an upload."""
        return bool(self.parts) and self.open_uploads > 0

    @property
    def behind_an_upload(self) -> bool:
        """Whether the kill fell between an upload's end and the checkpoint's knowing of it."""
        return not self.parts and self.open_uploads > 0 and self.known_objects < len(self.objects)


@dataclass(frozen=True, slots=True)
class Again:
    """What was at the server when the worker was killed, parts included, and what of it was sent once more.

    At most ``excusable`` bytes may be: those that were there and the checkpoint did not know of yet.
    """

    objects: int
    objects_again: int
    bytes: int
    bytes_again: int
    excusable: int


@dataclass(frozen=True, slots=True)
class Done:
    """A finished leg. ``proofs`` counts objects by how they were proven, ``doubts`` names those that were not."""

    objects: int
    bytes: int
    proofs: Mapping[str, int]
    doubts: Sequence[str]
    again: Again | None


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the checkpoint of the latest job tells."""

    rows: Mapping[str, Row]
    uploads: Sequence[OpenUpload]


def look(stage: Stage, url: str) -> Left:
    """See what is at the server that ``url`` names, and what the checkpoint knows of it. No job may be running."""
    return asyncio.run(_look(stage, url))


def conclude(stage: Stage, report: Path, left: Left | None) -> Done:
    """Read the end of a leg from its report (JSON lines) and its checkpoint."""
    known = asyncio.run(_memory()).rows
    outcomes = [json.loads(line) for line in report.read_text().splitlines()]
    objects = [outcome for outcome in outcomes if outcome["action"] != Action.DELETE]
    ways = {outcome["key"]: _way(outcome, known) for outcome in objects}
    return Done(
        objects=len(objects),
        bytes=sum(outcome["size"] or 0 for outcome in objects),
        proofs=Counter(way for way in ways.values() if way is not None),
        doubts=[key for key, way in ways.items() if way is None],
        again=None if left is None else _again(left, objects),
    )


async def _look(stage: Stage, url: str) -> Left:
    memory = await _memory()
    config = await asyncio.to_thread(load_config, stage.config)
    store = await open_store(url, StoreOptions(), config=config)
    try:
        objects = {
            item.key: item.size or 0 async for page in store.list() for item in page.items if isinstance(item, Entry)
        }
        parts = [size for upload in memory.uploads for size in await _parts(store, upload)]
    finally:
        await store.aclose()
    receipts = [receipt for upload in memory.uploads for receipt in upload.receipts]
    known = sum(row.source.size or 0 for row in memory.rows.values()) + sum(receipt.size for receipt in receipts)
    return Left(objects, parts, len(memory.rows), len(receipts), known, open_uploads=len(memory.uploads))


async def _parts(store: Store, left: OpenUpload) -> list[int]:
    """Sizes of the parts that the server holds; none any more once they became an object."""
    if left.upload is None:
        return []
    try:
        return [part.size for part in await store.parts(left.upload)]
    except NotFound:
        return []


async def _memory() -> _Memory:
    job = max(await summaries(), key=lambda job: job.started_ns or 0)
    checkpoint = await Checkpoint.open(job.path, job.pair)
    try:
        rows = {row.key: row async for page in checkpoint.rows() for row in page}
        return _Memory(rows, [upload async for upload in checkpoint.open_uploads()])
    finally:
        await checkpoint.close()


def _way(outcome: Outcome, known: Mapping[str, Row]) -> str | None:
    """How an object was proven, in this run or the one that was killed; None for a doubt."""
    if outcome["verdict"] == Verdict.DONE:
        return _certain(outcome["proof"])
    if outcome["verdict"] != Verdict.SKIPPED or outcome["assumed"]:
        return None
    row = known.get(outcome["key"])
    return f"found equal ({outcome['reason']})" if row is None else _certain(str(row.proof))


def _certain(proof: str | None) -> str | None:
    return None if proof is None or proof.startswith(Proven.UNPROVEN) else proof


def _again(left: Left, outcomes: Sequence[Outcome]) -> Again:
    there = [outcome for outcome in outcomes if outcome["key"] in left.objects]
    again = [outcome for outcome in there if _was_sent(outcome)]
    kept = sum(outcome["resumed"] for outcome in outcomes if outcome["key"] not in left.objects)
    return Again(
        objects=len(left.objects),
        objects_again=len(again),
        bytes=left.bytes,
        bytes_again=sum(outcome["sent"] for outcome in again) + sum(left.parts) - kept,
        excusable=left.bytes - left.known_bytes,
    )


def _was_sent(outcome: Outcome) -> bool:
    return outcome["action"] == Action.COPY and (outcome["sent"] > 0 or not outcome["size"])
