"""Commands for one object, given a folder or a symlink."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

LINK = (
    "transfer: 'link' is a symlink; add --links follow to take what it points to, "
    "or --links keep to take it as a link\n"
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with a file, an empty folder, and symlinks to a file, a folder and nothing."""
    folder = tmp_path / "tree"
    (folder / "empty").mkdir(parents=True)
    (folder / "a.txt").write_text("hello")
    (folder / "link").symlink_to("a.txt")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "inner").symlink_to("empty")
    return folder


@pytest.fixture(params=["disk", "memory"])
def folder(request: pytest.FixtureRequest, cli: Cli, tree: Path) -> str:
    """The URL of a folder with an object in it."""
    if request.param == "disk":
        return str(tree)
    url = f"memory://{uuid.uuid4().hex}/p"
    assert cli("sync", tree, url).exit_code == 0
    return url


def test_a_folder_is_told_from_what_is_not_there(cli: Cli, folder: str) -> None:
    """With the way to what was meant; nothing is read or deleted."""
    to_read = f"transfer: '{folder}' is a folder; name an object in it, 'transfer ls' lists them.\n"
    to_delete = (
        f"transfer: '{folder}' is a folder; add the name of an object in it, "
        "or --recursive to delete all that is below it.\n"
    )
    for arguments, sentence in (
        (["cat", folder], to_read),
        (["copy", folder, "-"], to_read),
        (["rm", folder], to_delete),
        (["rm", f"{folder}/"], to_delete.replace(f"'{folder}' is", f"'{folder}/' names")),
    ):
        outcome = cli(*arguments)
        assert (outcome.exit_code, outcome.stderr, outcome.stdout) == (2, sentence, "")
    assert cli("ls", folder).stdout == "a.txt\n"
    outcome = cli("cat", f"{folder}x")
    assert (outcome.exit_code, "folder" in outcome.stderr) == (2, False)


def test_an_empty_folder_on_disk_is_one(cli: Cli, tree: Path) -> None:
    """Though no listing tells of it."""
    assert "is a folder" in cli("cat", tree / "empty").stderr
    assert "is a folder" in cli("rm", tree / "empty").stderr


def test_cat_reads_what_a_symlink_points_to(cli: Cli, tree: Path) -> None:
    """As programs of this name do."""
    assert cli("cat", tree / "link").stdout == "hello"
    assert "is a folder" in cli("cat", tree / "inner").stderr
    assert cli("cat", tree / "dangling").exit_code == 2


def test_rm_deletes_a_symlink_itself(cli: Cli, tree: Path) -> None:
    """Not what it points to, which need not be there."""
    for name in ("link", "dangling", "inner"):
        assert cli("rm", tree / name).exit_code == 0
    assert sorted(path.name for path in tree.iterdir()) == ["a.txt", "empty"]


def test_copy_says_how_a_symlink_is_taken(cli: Cli, tree: Path, tmp_path: Path) -> None:
    """To an object and to a stream; one to a folder is that folder, as it was."""
    for target in (tmp_path / "new", "-"):
        outcome = cli("copy", tree / "link", target)
        assert (outcome.exit_code, outcome.stderr) == (2, LINK)
    assert "'dangling' is a symlink" in cli("copy", tree / "dangling", tmp_path / "new").stderr
    assert not (tmp_path / "new").exists()
    assert cli("copy", tree / "link", tmp_path / "new", "--links", "follow").exit_code == 0
    assert (tmp_path / "new").read_text() == "hello"
    (tree / "empty" / "x").write_text("x")
    assert cli("copy", tree / "inner", tmp_path / "folder").exit_code == 0
    assert (tmp_path / "folder" / "x").read_text() == "x"
