"""Links lead somewhere, and command lines are such."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from tests.docs.pages import DOCS
from transfer.cli.app import app

PAGES = [DOCS.parent / "README.md", DOCS.parent / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


def names(page: Path) -> str:
    return str(page.relative_to(DOCS.parent))


def anchors(page: Path) -> set[str]:
    """The headings' names as they stand in addresses."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file that is there, and a heading in it."""
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_command_lines_are_understood(page: Path) -> None:
    """Those that are only shown, as they could not be run here."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in re.findall(r"(?:^|\| )transfer (.*)$", block, re.MULTILINE):
            words = shlex.split(line.partition(" < ")[0], comments=True)
            context = app.make_context("transfer", list(words))
            command = app.get_command(context, words[0])
            assert command is not None, line
            with click.Context(command, parent=context) as place:
                command.make_parser(place).parse_args(words[1:])


def test_every_page_is_named_in_the_readme() -> None:
    """Nobody has to look for one."""
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in DOCS.glob("*.md") if f"docs/{page.name}" not in readme] == []
