"""A folder as a store: each call becomes one hop to a thread."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial

from transfer.errors import Misconfigured, NotFound, TransferError, Unsupported
from transfer.model import (
    NO_CHECKSUMS,
    Body,
    Checksums,
    Entry,
    Metadata,
    Page,
    Part,
    Receipt,
    Span,
    Stored,
    Upload,
)
from transfer.plugin import Capabilities, Limits, Origin, Prune, Reading, Store, StoreOptions
from transfer_local import names, preflight
from transfer_local.batches import THREADS, Batches, finish
from transfer_local.folders import Folders
from transfer_local.multipart import Uploads
from transfer_local.reading import FileReading, Looker
from transfer_local.removal import Remover
from transfer_local.scan import Bounds, Scanner
from transfer_local.spelling import Spelling
from transfer_local.threads import Stop, Threads
from transfer_local.updating import update
from transfer_local.walk import Walk
from transfer_local.writing import Request, Writer

CAPABILITIES = Capabilities(
    ordered=True, multipart=True, update=True, if_absent=True, folders=True, posix=True, staged=True
)
LIMITS = Limits(max_parts=1_000_000, max_key=names.MAX_PATH, delete_batch=1000)
PAGE = 1000
"""Items in one page of a listing."""
SMALL = 256 * 1024
"""Bytes up to which puts are done together, several on one thread."""


class LocalStore(Store):
    """The folder ``root`` (a real, absolute path; it may be missing until something is written)."""

    capabilities = CAPABILITIES
    limits = LIMITS

    def __init__(self, root: bytes, options: StoreOptions, *, spelling: Spelling | None = None) -> None:
        path = os.fsdecode(root)
        self.url = root.decode("utf-8", "backslashreplace")
        self.origin = Origin("file:", "", "", path if path.endswith("/") else path + "/")
        self._root = root
        self._options = options
        self._spelling = spelling or Spelling()
        follow = options.links == "follow"
        self._folders = Folders(root, follow=follow, spelling=self._spelling, shared=options.shared)
        self._looker = Looker(self._folders, options.links)
        self._writer = Writer(self._folders, owner=options.owner, links=options.links == "keep")
        self._uploads = Uploads(self._folders, self._writer)
        self._put_folders: set[str] = set()
        self._remover = Remover(self._folders, self._put_folders)
        self._threads = Threads(THREADS)
        self._reads = Batches(self._threads)
        self._writes = Batches(self._threads)
        self._is_target = False

    async def check(self, *, write: bool) -> None:
        """A source must be there; a target, or else a folder above it, must be writable."""
        if not write:
            return await self._threads.run(Stop(), preflight.check_source, self._root)
        traits = await self._threads.run(Stop(), preflight.check_target, self._root, self._spelling)
        if self._options.shared and self._spelling.folds:
            raise Misconfigured(
                f"The file system of '{self.url}' takes upper and lower case for one, and only a single "
                "process can tell such names apart; leave --processes out."
            )
        self.capabilities = replace(self.capabilities, if_absent=traits.links)
        self._is_target = True
        return None

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        """Walk the folder. ``prune`` is asked on a thread. A target that is not there yet is empty."""
        bounds = Bounds(prefix, max(filter(None, (after, resume)), default=None))
        scanner = Scanner(bounds, prune, follow=self._looker.follow, clean=self._is_target)
        walk = Walk(self._root, scanner, bounds, links=self._options.links, empty_dirs=self._options.empty_dirs)
        stop = Stop()
        try:
            while page := await self._threads.run(stop, walk.page, PAGE, stop):
                yield page
        except NotFound:
            if not self._is_target:
                raise

    async def stat(self, key: str) -> Entry:
        return await self._reads.run(Stop(), partial(self._looker.stat, key))

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        return FileReading(self._looker, self._reads, self._threads, entry, span)

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        request = self._request(key, metadata, if_absent=if_absent, read_back=read_back)
        if body.size <= SMALL:
            stored = await self._writes.run_phases(request.stop, partial(self._writer.put, request, body))
        else:
            stored = await self._threads.run(request.stop, finish, self._writer.put(request, body))
        if key.endswith("/"):
            self._put_folders.add(key)
        return stored

    async def begin(self, key: str, metadata: Metadata, *, size: int | None, part_size: int) -> Upload:
        names.segments(key)
        upload = Upload(key, names.new_upload(key), size, part_size)
        try:
            await self._threads.run(Stop(), self._uploads.begin, upload, metadata)
        except asyncio.CancelledError:
            await self.abort(upload)
            raise
        return upload

    async def put_part(self, upload: Upload, part: Part, body: Body) -> Receipt:
        stop = Stop()
        return await self._threads.run(stop, self._uploads.write, upload, part, body, stop)

    async def parts(self, upload: Upload) -> Sequence[Receipt]:
        stop = Stop()
        return await self._threads.run(stop, self._uploads.parts, upload, stop)

    async def finish(
        self,
        upload: Upload,
        receipts: Sequence[Receipt],
        metadata: Metadata,
        *,
        checksums: Checksums = NO_CHECKSUMS,
        if_absent: bool = False,
        read_back: bool = False,
    ) -> Stored:
        request = self._request(upload.key, metadata, if_absent=if_absent, read_back=read_back)
        return await self._threads.run(request.stop, self._uploads.finish, request, upload, receipts, checksums)

    async def abort(self, upload: Upload) -> None:
        await self._threads.run(Stop(), self._uploads.abort, upload)

    async def uploads(self, key: str) -> Sequence[Upload]:
        return await self._threads.run(Stop(), self._uploads.find, key)

    async def update(self, entry: Entry, metadata: Metadata) -> Stored:
        """Permissions and times in place. Raises Changed if the file is not what ``entry`` says."""
        return await self._threads.run(Stop(), update, self._folders, entry, metadata, owner=self._options.owner)

    async def delete(self, keys: Sequence[str]) -> Mapping[str, TransferError]:
        stop = Stop()
        return await self._threads.run(stop, self._remover.delete, keys, stop)

    async def aclose(self) -> None:
        await self._threads.aclose()

    def _request(self, key: str, metadata: Metadata, *, if_absent: bool, read_back: bool) -> Request:
        if if_absent and not self.capabilities.if_absent:
            raise Unsupported(f"The file system of '{self.url}' can't write '{key}' only where it is missing", key=key)
        return Request(key, metadata, Stop(), if_absent, read_back)
