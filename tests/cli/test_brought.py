"""Commands that plugins bring, with real entry points of made-up distributions."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from transfer.cli import brought
from transfer.cli.app import app

GROUP = """
from transfer.cli.group import Lazy

made = Lazy(name="made", help="Made things: list them.", modules={{
    "list": ("{package}_list", "List all."), "broken": ("{package}_broken", "Needs what is not there."),
}})
"""
LIST = """
import click
from transfer.cli.command import Command
from transfer.errors import NotFound

@click.command("list", cls=Command, example="transfer made list")
def list(**_):
    raise NotFound("Nothing was made yet")
"""
Install = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Makes a distribution that brings a command, and tells its package."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name: str, command: str = "made", group: str = GROUP) -> str:
        package = f"brought_{tmp_path.name.rpartition('-')[2]}_{name}".replace("-", "_")
        (tmp_path / f"{package}.py").write_text(group.format(package=package))
        (tmp_path / f"{package}_list.py").write_text(LIST)
        (tmp_path / f"{package}_broken.py").write_text("import not_installed_anywhere")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nProvides-Extra: {command}\n"
        )
        (info / "entry_points.txt").write_text(f"[transfer.commands]\n{command} = {package}:made\n")
        brought._points.cache_clear()
        return package

    return make


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output


def test_the_help_names_it_and_imports_none_of_its_commands(install: Install) -> None:
    """With its own line, behind those of the core."""
    package = install("lists")
    status, text = run("--help")
    assert status == 0
    assert [line.split(maxsplit=1) for line in text.splitlines() if line.startswith("  made ")] == [
        ["made", "Made things: list them."]
    ]
    assert text.index("  demo ") < text.index("  made ")
    status, text = run("made", "--help")
    assert (status, "List all." in text) == (0, True)
    assert f"{package}_list" not in sys.modules


def test_it_runs_and_fails_as_any_command_does(install: Install) -> None:
    """One sentence and the usual status; its own help has its example."""
    install("runs")
    assert run("made", "list") == (2, "transfer: Nothing was made yet\n")
    assert "transfer made list" in run("made", "list", "--help")[1]


def test_what_lacks_is_named_with_what_to_install(install: Install) -> None:
    """Whichever module it is that can't be imported; all other commands stay as they are."""
    sentence = "needs the package 'not_installed_anywhere', which can't be imported; run: pip install 'lacks[made]'."
    install("lacks")
    assert run("made", "broken") == (2, f"transfer: 'transfer made' {sentence}\n")
    install("lacks-all", command="other", group="import not_installed_anywhere")
    status, text = run("--help")
    assert (status, "pip install 'lacks-all" in text, "  sync " in text) == (0, True, True)
    assert run("other")[0] == 2


def test_a_name_that_is_brought_twice_or_is_no_command_is_refused(install: Install) -> None:
    """And a command of the core stays the core's."""
    install("one")
    install("two")
    assert run("made", "list") == (
        2,
        "transfer: 'transfer made' is brought by 'one' and 'two': uninstall one of them.\n",
    )
    install("no-command", command="nothing", group="made = 7")
    status, text = run("nothing")
    assert (status, "'transfer nothing' of 'no-command' is broken" in text) == (2, True)
    install("robber", command="ls")
    assert "The folder '/nowhere/at' is not there" in run("ls", "/nowhere/at/all")[1]


def test_who_types_nonsense_is_told_so(install: Install) -> None:
    """As before."""
    install("nonsense")
    assert run("maed") == (2, "transfer: No such command 'maed'. See 'transfer --help'.\n")
