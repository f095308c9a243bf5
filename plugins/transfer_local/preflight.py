"""Is the folder there, and what can the file system under it do?"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass

from transfer.errors import Denied, Misconfigured, NotFound, TransferError
from transfer_local.errors import reason, translate
from transfer_local.names import temporary
from transfer_local.spelling import Spelling, probe_name

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Traits:
    """What was found out about a file system. ``links``: it has hard links, so writes can be made not to replace."""

    links: bool


def check_source(root: bytes) -> None:
    """Raises NotFound, Misconfigured, Denied."""
    shown = _shown(root)
    try:
        os.close(os.open(root, _FOLDER))
    except FileNotFoundError:
        raise NotFound(f"The folder '{shown}' is not there; look for a typing error in its path", key=shown) from None
    except NotADirectoryError:
        raise Misconfigured(f"'{shown}' is not a folder; give the folder that it is in") from None
    except OSError as error:
        raise translate(error, "open the folder", shown) from error


def check_target(root: bytes, spelling: Spelling) -> Traits:
    """Try the folder, or the nearest one above it that is there, by writing a file and removing it again.

    Raises Misconfigured, Denied, NoSpace.
    """
    folder = _nearest(root)
    try:
        fd = os.open(folder, _FOLDER)
        try:
            return _try(fd, spelling)
        finally:
            os.close(fd)
    except OSError as error:
        raise _refusal(error, root, folder) from error


def _nearest(root: bytes) -> bytes:
    folder = root
    while True:
        try:
            status = os.stat(folder)
        except FileNotFoundError:
            if os.path.islink(folder):
                raise Misconfigured(f"'{_shown(folder)}' is a symlink that points to nothing; remove it") from None
            folder = os.path.dirname(folder)
            continue
        except NotADirectoryError:
            folder = os.path.dirname(folder)
            continue
        except OSError as error:
            raise _refusal(error, root, folder) from error
        if not stat.S_ISDIR(status.st_mode):
            raise Misconfigured(f"'{_shown(folder)}' is not a folder; choose another target")
        return folder


def _try(fd: int, spelling: Spelling) -> Traits:
    name, other = probe_name(), temporary()
    try:
        os.close(os.open(name.encode(), _NEW, 0o600, dir_fd=fd))
    except OSError as error:
        if error.errno not in (errno.EILSEQ, errno.EINVAL):
            raise
        name = temporary().decode()  # a file system that knows only ASCII
        os.close(os.open(name.encode(), _NEW, 0o600, dir_fd=fd))
    try:
        spelling.probe(fd, name)
        return Traits(_links(fd, name.encode(), other))
    finally:
        os.unlink(name.encode(), dir_fd=fd)


def _links(fd: int, name: bytes, other: bytes) -> bool:
    try:
        os.link(name, other, src_dir_fd=fd, dst_dir_fd=fd, follow_symlinks=False)
    except OSError:
        return False
    with suppress(FileNotFoundError):
        os.unlink(other, dir_fd=fd)
    return True


def _refusal(error: OSError, root: bytes, folder: bytes) -> TransferError:
    about = f"Can't write to the folder '{_shown(root)}'"
    if folder != root:
        about += f", which would be made in '{_shown(folder)}'"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Denied(f"{about}: {reason(error)}; choose another one or change its permissions")
    kind = type(translate(error, "write to", _shown(root)))
    return kind(f"{about}: {reason(error)}", code=errno.errorcode.get(error.errno or 0))


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
