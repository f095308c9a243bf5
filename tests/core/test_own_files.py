"""What a run writes beside its objects is never one of them: not moved half written, not replaced, not deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import transfer
from tests.core.rig import Heard, contents, fill, memory
from transfer.checkpoint import files_of
from transfer.errors import Misconfigured
from transfer.event import Action
from transfer.filters import Filter, Rule
from transfer.options import Options


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with one object in it."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.csv").write_bytes(b"data")
    return folder


NAMED: list[tuple[str, str]] = [
    ("report", "r.csv"),
    ("profile", "p.json"),
    ("log_file", "l.log"),
    ("checkpoint", "c.sqlite"),
]


@pytest.mark.parametrize(("field", "name"), NAMED)
async def test_a_file_among_the_objects_is_refused(tree: Path, field: str, name: str) -> None:
    """By the option's name, at the source and at the target, and before it is made."""
    chosen: dict[str, Any] = {field: tree / "sub" / name}
    (tree / "sub").mkdir()
    flag = f"--{field.replace('_', '-')}"
    for verb in (transfer.sync, transfer.copy, transfer.verify):
        with pytest.raises(Misconfigured, match=rf"^{flag}: '.*{name}' is in the source {tree}/, where it would be"):
            await verb(tree, memory(), Options(**chosen))
        with pytest.raises(Misconfigured, match=rf"^{flag}: '.*{name}' is in the target {tree}/"):
            await verb(memory(), tree, Options(**chosen))
    with pytest.raises(Misconfigured, match=rf"^{flag}: '.*{name}' is in the folder {tree}/"):
        await transfer.remove(tree, Options(**chosen), recursive=True)
    assert sorted(path.name for path in tree.rglob("*")) == ["a.csv", "sub"]


@pytest.mark.parametrize(("field", "name"), NAMED)
async def test_a_file_that_is_left_out_may_be_there(tree: Path, field: str, name: str) -> None:
    """By a filter, or because the objects are named, or because only one is copied."""
    chosen: dict[str, Any] = {field: tree / name}
    left_out = Options(**chosen, filter=Filter((Rule(False, f"{name}*"),)))
    target = memory()
    assert (await transfer.sync(tree, target, left_out)).ok
    assert (await transfer.sync(tree, target, Options(**chosen, files_from=("a.csv",)))).ok
    for file in tree.glob(f"{name}*"):
        file.unlink()
    assert (await transfer.copy(tree / "a.csv", "memory://own-files/a.csv", Options(**chosen))).ok
    assert contents(target) == {"a.csv": b"data"}


async def test_one_object_is_not_its_own_report(tree: Path) -> None:
    """A report begins its file anew, which would have nothing of the object left to copy."""
    for source, target in ((tree / "a.csv", "memory://own-files/x"), (tree.parent / "other.csv", tree / "a.csv")):
        (tree.parent / "other.csv").touch()
        with pytest.raises(Misconfigured, match=r"^--report: .* is in the (source|target)"):
            await transfer.copy(source, target, Options(report=tree / "a.csv"))
    assert (tree / "a.csv").read_bytes() == b"data"


async def test_the_usual_checkpoint_stays_out_of_a_home_that_is_synced(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told as left out, and a later run with --delete takes nothing for it."""
    monkeypatch.setenv("TRANSFER_STATE_DIR", str(tree / "state"))
    target, heard = memory(), Heard()
    result = await transfer.sync(tree, target, Options(delete=True), listener=heard)
    assert result.ok
    assert contents(target) == {"a.csv": b"data"}
    own = {key: outcome for key, outcome in heard.outcomes.items() if key.startswith("state/checkpoints/")}
    assert {outcome.action for outcome in own.values()} == {Action.LEAVE}
    assert any(key.endswith(".sqlite") for key in own)
    assert result.totals.left_out == len(own)
    assert "the run's own file: this run's checkpoint" in {outcome.reason for outcome in own.values()}
    assert (await transfer.verify(tree, target)).ok


async def test_the_usual_checkpoint_survives_what_comes_into_a_home(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither an object of its name nor --delete touches it, while the next run still goes by it."""
    monkeypatch.setenv("TRANSFER_STATE_DIR", str(tree / "state"))
    source = memory()
    await fill(source, {"b": b"new"})
    assert (await transfer.sync(source, tree, Options())).ok
    (checkpoint,) = (tree / "state" / "checkpoints").glob("*.sqlite")
    await fill(source, {str(checkpoint.relative_to(tree)): b"evil"})
    result = await transfer.sync(source, tree, Options(delete=True))
    assert result.ok
    assert result.totals.deleted == 1
    assert checkpoint.read_bytes().startswith(b"SQLite format 3")
    assert sorted(path.name for path in tree.glob("*")) == ["b", "state"]
    assert (await transfer.sync(source, tree, Options())).totals.skipped_proven == 1


def test_all_files_of_a_checkpoint_are_known() -> None:
    """The database, its journals, the lock, and the words that wait for the run."""
    assert [path.name for path in files_of(Path("c"))] == ["c", "c-wal", "c-shm", "c-journal", "c.lock", "c.set"]
