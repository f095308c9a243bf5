"""How commands look and fail here: options in sections, an example each, one sentence for an error."""

from __future__ import annotations

import inspect
import logging
from collections import Counter
from collections.abc import Callable
from itertools import groupby
from typing import Any

import click

from transfer.cli.logs import logging_to
from transfer.cli.problems import describe
from transfer.cli.secrecy import redactor_for
from transfer.errors import Misconfigured
from transfer.secrets import Redactor

log = logging.getLogger("transfer")

_NAMES_WIDTH = 26
"""Columns for the names of options in the help."""

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Option(click.Option):
    """An option that belongs to a section of the help. ``once``: a second one would be an oversight."""

    def __init__(self, *args: Any, section: str = "Other", once: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section
        self.once = once


class Exampled(click.Command):
    """A command whose help ends with an example."""

    def __init__(self, *args: Any, example: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = inspect.cleandoc(example)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Example"):
            for line in self.example.splitlines():
                formatter.write(f"  {line}\n")


class Command(Exampled):
    """A command with sections of options, which logs where it is told to."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [option for option in self.get_params(ctx) if isinstance(option, click.Option)]
        records = [(option, record) for option in options if (record := option.get_help_record(ctx))]
        width = min(_NAMES_WIDTH, max(len(names) for _, (names, _) in records))
        for section, members in groupby(records, key=lambda pair: getattr(pair[0], "section", "Other")):
            with formatter.section(section):
                formatter.write_dl([(names.ljust(width), text) for _, (names, text) in members], col_max=_NAMES_WIDTH)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and self.no_args_is_help:
            raise _NoArgs(ctx, self.example)
        ctx.meta["transfer.occurrences"] = self._occurrences(ctx, list(args))
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        params = ctx.params
        level, file = _level(ctx), params.get("log_file")
        settings = (dict(params.get(side) or ()) for side in ("source_settings", "target_settings"))
        redactor = ctx.obj = redactor_for(params.get("config"), *settings)
        try:
            with logging_to(redactor, level=level, file=file):
                return self._guarded(ctx, redactor)
        except Misconfigured as error:
            return describe(error, redactor)

    def _guarded(self, ctx: click.Context, redactor: Redactor) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            log.debug("the command ended with an error", exc_info=error)
            return describe(error, redactor)

    def _occurrences(self, ctx: click.Context, args: list[str]) -> list[tuple[str, Any]]:
        """Options and their values in the order of the command line, which click itself forgets."""
        values, _, order = self.make_parser(ctx).parse_args(args)
        _refuse_twice(ctx, order)
        left = {name: iter(given) for name, given in values.items() if isinstance(given, list)}
        names = [param.name for param in order]
        return [(name, next(left[name])) for name in names if name in left]


class _NoArgs(click.exceptions.NoArgsIsHelpError):
    """The help would be pages of options: whoever gives no argument is shown how to begin."""

    def __init__(self, ctx: click.Context, example: str) -> None:
        begin = f"{ctx.get_usage()}\n\nExample:\n  {example.splitlines()[0]}"
        click.UsageError.__init__(self, f"{begin}\n\nAll options: {ctx.command_path} --help", ctx)


def _level(ctx: click.Context) -> str | None:
    """What is to be logged: as named, or as --quiet and --verbose mean it; None for what is usual."""
    level: str | None = ctx.params.pop("log_level", None)
    verbose, quiet = ctx.params.pop("verbose", False), ctx.params.get("quiet", False)
    if quiet and verbose:
        raise click.UsageError("--quiet and --verbose exclude each other; leave one out.", ctx)
    if level is None and verbose:
        return "info"
    if level is None and quiet and ctx.params.get("log_file") is None:
        return "error"
    return level


def _refuse_twice(ctx: click.Context, order: list[click.Parameter]) -> None:
    """Of most options the last one counts, as when an alias is overridden. A file that nobody writes is missed late."""
    for param, times in Counter(order).items():
        if times > 1 and isinstance(param, Option) and param.once:
            raise click.UsageError(f"{param.opts[0]} may be given only once.", ctx)


def together(*options: Decorator) -> Decorator:
    """One decorator out of several, listed in the help in this order."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
