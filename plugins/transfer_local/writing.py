"""Whole objects onto the disk, each call in one go on one thread."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from transfer.checksums import digest
from transfer.errors import Corrupt, Transient, Unsupported
from transfer.model import NO_CHECKSUMS, UNPROVEN, Algorithm, Body, Checksums, Metadata, Proof, Proven, Stored
from transfer_local import names
from transfer_local.attributes import apply, apply_to_link, stored
from transfer_local.batches import Phases
from transfer_local.durable import sync_folder
from transfer_local.errors import translate
from transfer_local.folders import Folders
from transfer_local.sharing import Folder
from transfer_local.temporary import Temporary, place
from transfer_local.threads import Stop


@contextmanager
def writing(key: str) -> Iterator[None]:
    """Translate the errors of a write, in which a missing folder is one that was taken away."""
    try:
        yield
    except FileNotFoundError as error:
        raise Transient(f"Can't write '{key}': its folder was removed meanwhile", key=key, code="ENOENT") from error
    except OSError as error:
        raise translate(error, "write", key) from error


@dataclass(frozen=True, slots=True)
class Request:
    """How an object is to be written."""

    key: str
    metadata: Metadata
    stop: Stop
    if_absent: bool = False
    read_back: bool = False


class Writer:
    """Writes files, symlinks and folders below ``folders.root``.

    ``owner``: apply uid and gid too. ``links``: what was a symlink becomes one again.
    """

    def __init__(self, folders: Folders, *, owner: bool, links: bool) -> None:
        self._folders = folders
        self._owner = owner
        self._links = links

    def put(self, request: Request, body: Body) -> Phases[Stored]:
        """Write a whole object. Raises Changed if ``if_absent`` and the name is taken.

        In phases: the bytes are handed to the system; they are safe on disk; they have their
        name; the name is safe too. Of several puts that go through them together the later
        ones find that the disk has done most of their work already.
        """
        path = names.segments(request.key)
        with writing(request.key):
            if request.key.endswith("/"):
                return (yield from self._put_folder(path, request, body))
            with self._folders.writing(path[:-1], request.key) as folder:
                link = self._links and request.metadata.posix.link_target is not None
                put = self._put_link if link else self._put_file
                result = yield from put(folder, path[-1], request, body)
                yield
                self._folders.settle(folder, request.key)
                return result

    def _put_file(self, folder: Folder, name: bytes, request: Request, body: Body) -> Phases[Stored]:
        with Temporary.create(folder, names.temporary(), request.metadata.posix.mode) as file:
            file.write(body.data, 0, request.stop)
            return (yield from self.publish(file, name, request, body.size, _expected(request, body)))

    def publish(self, file: Temporary, name: bytes, request: Request, size: int, expected: Checksums) -> Phases[Stored]:
        """Make a file that is written whole durable, prove it against ``expected``, and give it its name.

        The folder is still to be settled.
        """
        lost = apply(file.fd, request.metadata.posix, owner=self._owner)
        file.flush()
        yield
        file.sync()
        proof = file.prove(request.key, size, expected, request.stop)
        yield
        request.stop.check()
        place(self._folders, file.folder, file.name, name, request.key, if_absent=request.if_absent)
        file.published = True
        return stored(request.key, request.metadata, os.fstat(file.fd), proof, lost)

    def _put_link(self, folder: Folder, name: bytes, request: Request, body: Body) -> Phases[Stored]:
        target = bytes(body.data)
        if not target or b"\0" in target:
            raise Unsupported(f"'{request.key}' can't be a symlink: its target is no path", key=request.key)
        temporary = names.temporary()
        os.symlink(target, temporary, dir_fd=folder.fd)
        try:
            yield
            lost = apply_to_link(folder.fd, temporary, request.metadata.posix, owner=self._owner)
            there = os.readlink(temporary, dir_fd=folder.fd)
            proof = _same(request, Body(there, _expected(request, body)))
            place(self._folders, folder, temporary, name, request.key, if_absent=request.if_absent)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder.fd)
            raise
        status = os.stat(name, dir_fd=folder.fd, follow_symlinks=False)
        return stored(request.key, request.metadata, status, proof, lost, os.fsdecode(target))

    def _put_folder(self, path: names.Segments, request: Request, body: Body) -> Phases[Stored]:
        if body.size:
            raise Unsupported(f"'{request.key}' holds bytes, and a folder on disk can't", key=request.key)
        with self._folders.writing(path, request.key) as folder:
            lost = apply(folder.fd, request.metadata.posix, owner=self._owner)
            yield
            sync_folder(os.dup(folder.fd))  # for its permissions and times; it may not let itself be opened again
            self._folders.settle(folder, request.key)
            return stored(
                request.key,
                request.metadata,
                os.fstat(folder.fd),
                _same(request, Body(b"", _expected(request, body))),
                lost,
            )


def _expected(request: Request, body: Body) -> Checksums:
    if not request.read_back:
        return NO_CHECKSUMS
    return body.checksums or digest(body.data, (Algorithm.CRC64NVME,))


def _same(request: Request, there: Body) -> Proof:
    """What is small enough to look at once more as a whole: its bytes, and the checksums that they must have."""
    if not request.read_back or not there.checksums:
        return UNPROVEN
    if digest(there.data, there.checksums) != there.checksums:
        raise Corrupt(f"'{request.key}' reads back from disk with other bytes than were written", key=request.key)
    return Proof(Proven.READ_BACK, str(next(iter(there.checksums))))
