"""The calls of Glacier's API, each as a function: values in, values out. Source: Amazon Glacier API Reference."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence

from transfer.errors import Corrupt
from transfer.model import Body, LongBody, Span
from transfer.values import dataclass
from transfer.wire.http import Reply
from transfer.wire.quoting import quote_path
from transfer.wire.reading import range_header
from transfer.wire.stream import Stream
from transfer_glacier.client import Call, Client
from transfer_glacier.documents import Document, parse
from transfer_glacier.job import Job, job_of

_RANGE = re.compile(r"(\d+)-(\d+)", re.ASCII)
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Vault:
    """What is told of a vault. Times are in nanoseconds; numbers are those of its last inventory, if there was one."""

    name: str
    arn: str
    archives: int
    size: int
    created_ns: int | None
    inventory_ns: int | None

    @property
    def account(self) -> str:
        """The account that ``arn:aws:glacier:REGION:ACCOUNT:vaults/NAME`` tells of."""
        fields = self.arn.split(":")
        return fields[4] if len(fields) > 4 else ""


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """What is told of an upload that is not finished."""

    id: str
    description: str
    part_size: int
    created_ns: int | None


@dataclass(frozen=True, slots=True)
class HeldPart:
    """A part that the vault has: where it lies in the archive, and its tree hash."""

    span: Span
    tree_hash: bytes


async def vaults(client: Client) -> AsyncIterator[Vault]:
    """All vaults of the account."""
    async for page in _pages(client, client.place.vaults_path, "a listing of vaults"):
        for told in page.rows("VaultList"):
            yield _vault(told)


async def describe(client: Client) -> Vault:
    """Raises NotFound."""
    reply = await client.call(Call("GET", client.place.path))
    return _vault(parse(reply.body, f"what {client.place.subject(None)} is"))


async def create(client: Client) -> None:
    """Make the vault. That it is there already is no failure."""
    await client.call(Call("PUT", client.place.path))


async def remove(client: Client) -> None:
    """Delete the vault, which its last inventory must have found empty, with nothing written since."""
    await client.call(Call("DELETE", client.place.path))


async def begin(client: Client, description: str, part_size: int, *, key: str | None = None) -> str:
    """Open an upload; its id."""
    headers = {"x-amz-part-size": str(part_size), "x-amz-archive-description": description}
    reply = await client.call(Call("POST", f"{client.place.path}/multipart-uploads", headers=headers, key=key))
    return _header(reply, "x-amz-multipart-upload-id", "the begin of an upload")


async def put_part(
    client: Client,
    upload_id: str,
    span: Span,
    body: Body | LongBody,
    *,
    sha256: bytes,
    tree_hash: bytes,
    key: str,
) -> None:
    """Send one part, which the vault takes only if both hashes are those of its bytes."""
    headers = {
        "content-type": "application/octet-stream",
        "content-range": f"bytes {span.offset}-{span.offset + span.size - 1}/*",
        "x-amz-sha256-tree-hash": tree_hash.hex(),
    }
    path = _upload(client, upload_id)
    long = body if isinstance(body, LongBody) else None
    data = b"" if isinstance(body, LongBody) else body.data
    sent = Call("PUT", path, headers=headers, body=data, sha256=sha256.hex(), key=key, pace=body.pace, long=long)
    await client.call(sent)


async def parts(client: Client, upload_id: str, *, key: str) -> Sequence[HeldPart]:
    """All parts that the vault has, in order. Raises NotFound."""
    held: list[HeldPart] = []
    async for page in _pages(client, _upload(client, upload_id), "a listing of parts", key=key):
        held.extend(_part(told) for told in page.rows("Parts"))
    return sorted(held, key=lambda part: part.span.offset)


async def complete(client: Client, upload_id: str, *, size: int, tree_hash: bytes, key: str) -> str:
    """Make the archive; its id. Asked again soon after, it is the same. Raises NotFound."""
    headers = {"x-amz-archive-size": str(size), "x-amz-sha256-tree-hash": tree_hash.hex()}
    reply = await client.call(Call("POST", _upload(client, upload_id), headers=headers, key=key, patient=True))
    return _header(reply, "x-amz-archive-id", "the end of an upload")


async def abort(client: Client, upload_id: str, *, key: str | None = None) -> None:
    """Raises NotFound."""
    await client.call(Call("DELETE", _upload(client, upload_id), key=key))


async def uploads(client: Client) -> AsyncIterator[OpenUpload]:
    """All uploads of the vault that are not finished."""
    async for page in _pages(client, f"{client.place.path}/multipart-uploads", "a listing of uploads"):
        for told in page.rows("UploadsList"):
            yield OpenUpload(
                told.text("MultipartUploadId"),
                told.text("ArchiveDescription"),
                told.whole("PartSizeInBytes") or 0,
                told.moment("CreationDate"),
            )


async def delete_archive(client: Client, archive_id: str, *, key: str) -> None:
    """Raises NotFound, though not always where it was deleted already."""
    await client.call(Call("DELETE", f"{client.place.path}/archives/{quote_path(archive_id)}", key=key))


async def initiate(client: Client, asked: Mapping[str, object], *, key: str | None = None) -> str:
    """Start a job (see :mod:`transfer_glacier.job`); its id. Asked again, there are two."""
    body = json.dumps(asked).encode()
    headers = {"content-type": "application/json"}
    reply = await client.call(Call("POST", f"{client.place.path}/jobs", headers=headers, body=body, key=key))
    return _header(reply, "x-amz-job-id", "the start of a job")


async def jobs(client: Client, *, completed: bool | None = None) -> AsyncIterator[Job]:
    """All jobs of the vault that it still tells of: those that go on, and those that ended in the last 24 hours."""
    query = {} if completed is None else {"completed": str(completed).lower()}
    async for page in _pages(client, f"{client.place.path}/jobs", "a listing of jobs", query=query):
        for told in page.rows("JobList"):
            yield job_of(told)


async def job(client: Client, job_id: str) -> Job:
    """Raises NotFound."""
    reply = await client.call(Call("GET", _job(client, job_id)))
    return job_of(parse(reply.body, "what a job is"))


async def output(client: Client, job_id: str, span: Span | None, *, key: str | None = None) -> Stream:
    """What a job retrieved, or ``span`` of it, not yet read; to be closed. Raises NotFound."""
    headers = {} if span is None else {"range": range_header(span)}
    return await client.open(Call("GET", f"{_job(client, job_id)}/output", headers=headers, key=key))


async def _pages(
    client: Client, path: str, what: str, *, query: Mapping[str, str] = _NOTHING, key: str | None = None
) -> AsyncIterator[Document]:
    marker = ""
    while True:
        asked = {**query, **({"marker": marker} if marker else {})}
        page = parse((await client.call(Call("GET", path, asked, key=key))).body, what)
        yield page
        following = page.text("Marker")
        if following in ("", marker):
            return
        marker = following


def _upload(client: Client, upload_id: str) -> str:
    return f"{client.place.path}/multipart-uploads/{quote_path(upload_id)}"


def _job(client: Client, job_id: str) -> str:
    return f"{client.place.path}/jobs/{quote_path(job_id)}"


def _vault(told: Document) -> Vault:
    return Vault(
        told.text("VaultName"),
        told.text("VaultARN"),
        told.whole("NumberOfArchives") or 0,
        told.whole("SizeInBytes") or 0,
        told.moment("CreationDate"),
        told.moment("LastInventoryDate"),
    )


def _part(told: Document) -> HeldPart:
    found, tree_hash = _RANGE.fullmatch(told.text("RangeInBytes")), told.digest("SHA256TreeHash")
    if found is None or tree_hash is None:
        raise Corrupt("The reply to a listing of parts has one without its range or its hash")
    return HeldPart(Span(int(found[1]), int(found[2]) - int(found[1]) + 1), tree_hash)


def _header(reply: Reply, name: str, what: str) -> str:
    value = reply.headers.get(name, "")
    if not value:
        raise Corrupt(f"The reply to {what} lacks its '{name}'")
    return value
