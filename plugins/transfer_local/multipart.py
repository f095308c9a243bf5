"""Large objects: parts written at their places in one temporary file, by any process."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from transfer.checksums import combine, digest
from transfer.errors import Corrupt, NotFound, Unsupported
from transfer.model import NO_CHECKSUMS, Algorithm, Body, Checksums, Metadata, Part, Receipt, Stored, Upload
from transfer_local import names
from transfer_local.batches import finish
from transfer_local.errors import translate
from transfer_local.folders import Folders
from transfer_local.temporary import Temporary, digest_of
from transfer_local.threads import Stop
from transfer_local.writing import Request, Writer, writing

_CRC = Algorithm.CRC64NVME


class Uploads:
    """The open uploads below ``folders.root``. Each is one file beside the object that it will be."""

    def __init__(self, folders: Folders, writer: Writer) -> None:
        self._folders = folders
        self._writer = writer

    def begin(self, upload: Upload, metadata: Metadata) -> None:
        """Make the file of an upload whose id is from ``names.new_upload``."""
        path = names.segments(upload.key)
        if upload.key.endswith("/"):
            raise Unsupported(f"'{upload.key}' names a folder, which holds no bytes on disk", key=upload.key)
        with writing(upload.key), self._folders.writing(path[:-1], upload.key) as folder:
            file = Temporary.create(folder, names.of_upload(upload.id), metadata.posix.mode)
            os.close(file.fd)

    def write(self, upload: Upload, part: Part, body: Body, stop: Stop) -> Receipt:
        """Write a part at its place. Not fsynced: :meth:`parts` looks at what is really there."""
        with self._opened(upload) as file:
            file.write(body.data, part.offset, stop)
            file.flush()
        return Receipt(part.number, part.size, checksums=body.checksums or digest(body.data, (_CRC,)))

    def parts(self, upload: Upload, stop: Stop) -> Sequence[Receipt]:
        """What lies on disk now, part by part, read and digested anew.

        A part that was written in parts only comes with a checksum that no receipt has.
        """
        with self._opened(upload) as file:
            return [
                Receipt(part.number, part.size, checksums=digest_of(file.fd, part.offset, part.size, (_CRC,), stop))
                for part in _written(file.fd, upload)
            ]

    def finish(self, request: Request, upload: Upload, receipts: Sequence[Receipt], whole: Checksums) -> Stored:
        """Publish the file. It stays an open upload if anything goes wrong before."""
        name = names.segments(upload.key)[-1]
        size = sum(receipt.size for receipt in receipts)
        with self._opened(upload) as file:
            there = os.fstat(file.fd).st_size
            if there < size or upload.size not in (None, size):
                raise Corrupt(f"The parts of '{upload.key}' do not make up the whole object", key=upload.key)
            if there > size:
                os.ftruncate(file.fd, size)
            expected = (whole or _combined(receipts)) if request.read_back else NO_CHECKSUMS
            stored = finish(self._writer.publish(file, name, request, size, expected))
            self._folders.settle(file.folder, upload.key)
            return stored

    def abort(self, upload: Upload) -> None:
        """Remove the file, if it is there."""
        with suppress(NotFound), self._opened(upload) as file, suppress(FileNotFoundError):
            os.unlink(file.name, dir_fd=file.folder.fd)

    def find(self, key: str) -> Sequence[Upload]:
        """The uploads of exactly this key, oldest first. Their size and part size are not known."""
        path = names.segments(key)
        try:
            with self._folders.existing(path[:-1], key) as folder:
                found = [names.upload_in(name, key) for name in os.listdir(folder.fd)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise translate(error, "look for uploads of", key) from error
        uploads = sorted((one for one in found if one), key=lambda one: one[1])
        return [Upload(key, one, None, 0, {"initiated_ns": str(begun)}) for one, begun in uploads]

    @contextmanager
    def _opened(self, upload: Upload) -> Iterator[Temporary]:
        path = names.segments(upload.key)
        if not names.is_upload(upload.id):
            raise _gone(upload)
        name = names.of_upload(upload.id)
        try:
            with self._folders.existing(path[:-1], upload.key) as folder, Temporary.reopen(folder, name) as file:
                yield file
        except (FileNotFoundError, NotADirectoryError) as error:
            raise _gone(upload) from error
        except OSError as error:
            raise translate(error, "write", upload.key) from error


def _gone(upload: Upload) -> NotFound:
    return NotFound(f"The upload of '{upload.key}' is gone", key=upload.key)


def _written(fd: int, upload: Upload) -> Iterator[Part]:
    """The parts of which there are bytes on disk up to their end. None where the plan is not known."""
    if upload.size is None or upload.part_size <= 0:
        return
    size, data = min(upload.size, os.fstat(fd).st_size), 0
    for number, offset in enumerate(range(0, size, upload.part_size), start=1):
        part = Part(number, offset, min(upload.part_size, upload.size - offset))
        data = max(data, _next_data(fd, offset, size)) if data <= offset else data
        if data < offset + part.size <= size:
            yield part


def _next_data(fd: int, offset: int, size: int) -> int:
    """Where the next bytes are that were ever written, ``size`` if nowhere."""
    try:
        return os.lseek(fd, offset, os.SEEK_DATA)
    except OSError as error:
        # ENXIO: only a hole follows. Anything else: the file system knows no holes.
        return size if error.errno == errno.ENXIO else offset


def _combined(receipts: Sequence[Receipt]) -> Checksums:
    pieces = [(receipt.checksums[_CRC], receipt.size) for receipt in receipts if _CRC in receipt.checksums]
    return {_CRC: combine(_CRC, pieces)} if len(pieces) == len(receipts) else NO_CHECKSUMS
