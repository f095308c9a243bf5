"""The group of all commands. It imports next to nothing, so that ``transfer --version`` answers at once."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import click

from transfer.cli.dropping import settle_stderr


class Lazy(click.Group):
    """A group whose commands are imported when they are called, and not before.

    ``modules`` gives, for each command's name, the module (which has the command under
    the same name) and a line of help.
    """

    def __init__(self, *args: Any, modules: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.modules:
            return None
        module = importlib.import_module(self.modules[cmd_name][0])
        command: click.Command = getattr(module, cmd_name)
        return command

    def lines_of_help(self) -> list[tuple[str, str]]:
        """A name and a line for each command."""
        return [(name, text) for name, (_, text) in self.modules.items()]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(self.lines_of_help())


class App(Lazy):
    """The command ``transfer``, with the commands that plugins bring behind its own (:mod:`transfer.cli.brought`)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from transfer.cli import brought  # noqa: PLC0415 - looking for plugins takes longer than --version

        return [*self.modules, *(name for name in brought.names() if name not in self.modules)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.modules:
            return super().get_command(ctx, cmd_name)
        from transfer.cli import brought  # noqa: PLC0415

        return brought.command(cmd_name)

    def lines_of_help(self) -> list[tuple[str, str]]:
        from transfer.cli import brought  # noqa: PLC0415

        return [*super().lines_of_help(), *(line for line in brought.lines_of_help() if line[0] not in self.modules)]

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ImportError as error:
            from transfer.cli import brought  # noqa: PLC0415

            raise brought.explained(ctx.invoked_subcommand, error) from error

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
