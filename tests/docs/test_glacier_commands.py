"""What the pages on Glacier say of its commands and options, and of mt-aws-glacier's."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from tests.docs import pages
from transfer.cli.app import app
from transfer_glacier_cli import glacier

TEXT = (pages.DOCS / "glacier.md").read_text(encoding="utf-8")
REFERENCE = (pages.DOCS / "reference.md").read_text(encoding="utf-8")
LEAVING = (pages.DOCS / "from-mt-aws-glacier.md").read_text(encoding="utf-8")


def rows(text: str) -> Iterator[tuple[str, ...]]:
    """Those of the page's tables that tell of options."""
    for line in text.splitlines():
        if line.startswith("| `-"):
            yield tuple(re.split(r" *(?<!\\)\| *", line.strip())[1:-1])


def options() -> Iterator[tuple[str, str, str]]:
    """Every option of each command with its line of help."""
    context = click.Context(glacier)
    for name in glacier.list_commands(context):
        command = glacier.get_command(context, name)
        assert command is not None
        for option in command.get_params(click.Context(command)):
            if isinstance(option, click.Option) and "--help" not in option.opts:
                record = option.get_help_record(click.Context(command))
                assert record is not None
                yield (*record, name)


def test_all_commands_are_named() -> None:
    """And no other."""
    part = TEXT.partition("| `transfer glacier …` | |")[2].partition("\n\n")[0]
    named = re.findall(r"`(\w+) (?:\[?URL\]?|VAULT|DIR URL)`", part)
    assert sorted(named) == sorted(glacier.list_commands(click.Context(glacier)))


def test_all_options_that_other_commands_lack_are_there_with_the_words_of_the_help() -> None:
    """And no other."""
    known = {row[:2] for row in rows(REFERENCE)}
    own: dict[tuple[str, str], list[str]] = {}
    for names, text, command in options():
        if (f"`{names}`", text) not in known:
            own.setdefault((f"`{names}`", text), []).append(command)
    part = TEXT.partition("| option | | with |")[2].partition("\n\n")[0]
    assert {row[:2]: sorted(row[2].split(", ")) for row in rows(part)} == {
        option: sorted(commands) for option, commands in own.items()
    }


MT_COMMANDS = [
    "sync",
    "upload-file",
    "purge-vault",
    "restore",
    "restore-completed",
    "check-local-hash",
    "retrieve-inventory",
    "download-inventory",
    "create-vault",
    "delete-vault",
    "list-vaults",
    "help",
    "version",
]
MT_OPTIONS = [
    "config",
    "key",
    "secret",
    "token",
    "region",
    "timeout",
    "protocol",
    "terminal-encoding",
    "config-encoding",
    "filenames-encoding",
    "journal-encoding",
    "dir",
    "vault",
    "journal",
    "concurrency",
    "partsize",
    "new",
    "replace-modified",
    "delete-removed",
    "detect",
    "leaf-optimization",
    "follow",
    "max-number-of-files",
    "dry-run",
    "filename",
    "set-rel-filename",
    "stdin",
    "check-max-file-size",
    "segment-size",
    "request-inventory-format",
    "new-journal",
    "format",
    "include",
    "exclude",
    "filter",
]


@pytest.mark.parametrize("command", MT_COMMANDS)
def test_every_command_of_mtglacier_has_its_like(command: str) -> None:
    """In the table of commands."""
    part = LEAVING.partition("\n## Commands\n")[2].partition("\n## ")[0]
    assert re.search(rf"`{command}\b[^|]*\|", part)


@pytest.mark.parametrize("option", MT_OPTIONS)
def test_every_option_of_mtglacier_is_told_of(option: str) -> None:
    """On its page."""
    assert re.search(rf"`[^`]*--{option}\b", LEAVING)


def test_what_is_given_for_it_can_be_typed() -> None:
    """Each command and option of ours on the page is one."""
    context = click.Context(app)
    given = [found for found in re.findall(r"`(?:… \\\| )?(transfer [^`]*)`", LEAVING) if "…" not in found]
    assert len(given) > 15
    for words in map(shlex.split, given):
        command: click.Command | None = app
        rest = words[1:]
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            command, rest = command.get_command(context, rest[0]), rest[1:]
        assert command is not None, words
        known = {name for param in command.params for name in param.opts} | {"--help", "--version"}
        assert {word for word in rest if word.startswith("--")} <= known, words
