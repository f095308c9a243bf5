"""What is said of an error, and the exit status it gives. Never a traceback."""

from __future__ import annotations

import sys
from contextlib import suppress

import click

from transfer.cli.dropping import drop
from transfer.cli.words import printable
from transfer.errors import Awaited, Denied, Misconfigured, NotFound, Refused, TransferError
from transfer.event import PENDING
from transfer.secrets import Redactor

USAGE = 2
REFUSED = 3
INTERNAL = 70
INTERRUPTED = 130
BROKEN_PIPE = 141
"""As a shell tells of a command that SIGPIPE ended."""


def describe(error: BaseException, redactor: Redactor) -> int:
    """Say on stderr what went wrong, in one sentence, and return the exit status."""
    error = _leaf(error)
    match error:
        case click.exceptions.NoArgsIsHelpError():
            error.show()
            return USAGE
        case click.ClickException():
            say(f"{error.format_message()} {_hint(error)}".rstrip(), redactor)
            return USAGE
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED
        case BrokenPipeError():
            drop(sys.stdout)
            return BROKEN_PIPE
        case TransferError():
            say(str(error), redactor)
            return status_of(error)
    what = f"{type(error).__name__}: {error}"
    say(f"internal error: {what}; run it again with --log-level debug to see where.", redactor)
    return INTERNAL


def describe_usage(error: BaseException) -> int:
    """The same for errors of the command line itself, before any configuration is known."""
    if isinstance(error, OSError) and error.filename is None:
        # Nothing is read or written so early but the text of --help and --version.
        drop(sys.stdout)
        error = TransferError(unwritable(error))
    return describe(error, Redactor())


def status_of(error: TransferError) -> int:
    """The exit status for an error that ended a run."""
    if isinstance(error, Refused):
        return REFUSED
    if isinstance(error, Awaited):
        return PENDING
    return USAGE if isinstance(error, Misconfigured | NotFound | Denied) else 1


def say(sentence: str, redactor: Redactor) -> None:
    """One line on stderr, without secrets and control characters; lost where stderr can't be written."""
    with suppress(OSError):
        click.echo(f"transfer: {printable(redactor.redact(sentence))}", err=True)


def unwritable(error: OSError) -> str:
    """The sentence for a stdout that takes nothing more."""
    return f"Standard output can't be written: {error.strerror}."


def _leaf(error: BaseException) -> BaseException:
    """The error that counts in a group: the first of ours, else the first."""
    while isinstance(error, BaseExceptionGroup):
        ours = error.subgroup(TransferError)
        error = (ours or error).exceptions[0]
    return error


def _hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"See '{context.command_path} --help'." if isinstance(context, click.Context) else ""
