"""The group of all commands. It imports next to nothing, so that ``transfer --version`` answers at once."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import click

from transfer.cli.dropping import settle_stderr


class App(click.Group):
    """The command ``transfer``. Its commands are imported when they are called, and not before.

    ``modules`` gives, for each command's name, the module (which has the command under
    the same name) and a line of help.
    """

    def __init__(self, *args: Any, modules: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._modules:
            return None
        module = importlib.import_module(self._modules[cmd_name][0])
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._modules.items()])

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> NoReturn:
        """Run a command line and exit with its status; errors become one sentence on stderr."""
        extra["standalone_mode"] = False
        try:
            status = super().main(args, *rest, **extra)
        except Exception as error:
            from transfer.cli.problems import describe_usage  # noqa: PLC0415 - not needed where all is well

            status = describe_usage(error)
        settle_stderr()
        sys.exit(status if isinstance(status, int) else 0)
