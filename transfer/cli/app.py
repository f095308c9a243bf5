"""The command ``transfer`` and the names of its commands."""

from __future__ import annotations

import sys

import click

from transfer.cli.group import App
from transfer.loop import chosen
from transfer.version import __version__

_MOVING = "transfer.cli.moving"
_OBJECTS = "transfer.cli.objects"

app = App(
    name="transfer",
    help="Moves trees of objects between clouds, disks and cold vaults, and proves that they arrived.",
    epilog="URLs: s3://bucket/prefix, a path, or REMOTE://bucket/prefix with a remote from transfer.toml.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    modules={
        "sync": (_MOVING, "Send what is new or changed; --delete removes what the source no longer has."),
        "copy": (_MOVING, "Send one object or a whole tree, without comparing; - is stdin or stdout."),
        "verify": (_MOVING, "Compare two sides, move nothing."),
        "ls": (_OBJECTS, "List objects."),
        "size": ("transfer.cli.size", "Count objects and their bytes."),
        "cat": (_OBJECTS, "Write objects to stdout."),
        "rm": (_OBJECTS, "Delete objects."),
        "jobs": ("transfer.cli.jobs", "Show and clean up the checkpoints on this machine."),
        "plugins": ("transfer.cli.plugins", "Show what URLs can name, and what each kind of store can do."),
        "demo": ("transfer.cli.demo", "See a whole migration on this machine, in a minute."),
    },
)


def _tell_version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    """The version, and what it runs on: people send this line along with a report."""
    if wanted:
        python = ".".join(map(str, sys.version_info[:3]))
        click.echo(f"transfer {__version__} (Python {python}, {chosen()})")
        context.exit()


app = click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_version,
    help="Show the version and exit.",
)(app)
