"""What an errno means, in one place."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from transfer.errors import Denied, NoSpace, NotFound, TransferError, Transient, Unsupported

_Meaning = tuple[type[TransferError], str]

_MEANINGS: Mapping[int, _Meaning] = {
    errno.ENOENT: (NotFound, "it is not there"),
    errno.ENOSPC: (NoSpace, "the disk is full; make room and run the same command again"),
    errno.EDQUOT: (NoSpace, "the disk quota is used up; make room and run the same command again"),
    errno.EACCES: (Denied, "permission denied"),
    errno.EPERM: (Denied, "the operation is not permitted"),
    errno.EROFS: (Denied, "the file system is read-only"),
    errno.EMFILE: (Transient, "too many open files; raise 'ulimit -n' or lower --transfers"),
    errno.ENFILE: (Transient, "the machine has too many open files"),
    errno.ENOMEM: (Transient, "the machine is out of memory"),
    errno.EIO: (Transient, "the disk reported an input/output error"),
    errno.EAGAIN: (Transient, "the file system is busy"),
    errno.EBUSY: (Transient, "the file is busy"),
    errno.EINTR: (Transient, "the call was interrupted"),
    errno.ESTALE: (Transient, "the network file system lost its handle"),
    errno.ETIMEDOUT: (Transient, "the network file system does not answer"),
    errno.ENAMETOOLONG: (Unsupported, "the name is too long for this file system"),
    errno.EILSEQ: (Unsupported, "this file system does not allow the name"),
    errno.EINVAL: (Unsupported, "this file system does not allow the name or the operation"),
    errno.ENOTDIR: (Unsupported, "a file is where a folder must be"),
    errno.EISDIR: (Unsupported, "a folder is where the file must be"),
    errno.EEXIST: (Unsupported, "something else has that name already"),
    errno.ENOTEMPTY: (Unsupported, "a folder that is not empty is where the file must be"),
    errno.ELOOP: (Unsupported, "a symlink is in the way"),
    errno.EFBIG: (Unsupported, "the file is too large for this file system"),
    errno.EOPNOTSUPP: (Unsupported, "this file system can't do it"),
    errno.ENOSYS: (Unsupported, "this system can't do it"),
}

_IN_THE_WAY = (errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY)
_MAKE_WAY = "; only one of the two can be there, so delete or rename the other and run the same command again"


def reason(error: OSError) -> str:
    """Why, as the end of a sentence."""
    known = _MEANINGS.get(error.errno or 0)
    return known[1] if known else (error.strerror or "unknown error")


def translate(error: OSError, action: str, key: str) -> TransferError:
    """``action`` is a verb: "read", "write", …"""
    kind = _MEANINGS.get(error.errno or 0, (TransferError, ""))[0]
    code = errno.errorcode.get(error.errno or 0)
    remedy = _MAKE_WAY if action == "write" and error.errno in _IN_THE_WAY else ""
    return kind(f"Can't {action} '{key}': {reason(error)}{remedy}", key=key, code=code)


@contextmanager
def translated(action: str, key: str) -> Iterator[None]:
    """Raise what the block's OSErrors mean."""
    try:
        yield
    except OSError as error:
        raise translate(error, action, key) from error
