"""Whatever is killed or lost on the way, after the next inventory and a repair journal and vault agree."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.emulators.controls import Fault
from tests.emulators.running import KEY
from tests.glacier.forked import Forked
from tests.glacier.vaultplace import REGION, VaultPlace, vault_place
from transfer.options import Options
from transfer_glacier.journal import Journal

STORIES = int(os.environ.get("TRANSFER_STORIES", "4"))
NAMES = ("a", "b/c", "ü")
SIZES = (1, 1000, 1024**2 + 1)
UP = ("begin", "part", "completed", "named", "finish", "commit", "archive-deleted")
DOWN = ("ask", "initiated", "thaw", "asked", "rename")
LOST = ("begin_upload", "upload_part", "complete_upload", "delete_archive", "begin_job")


def _points(names: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.builds("{}:{}".format, st.sampled_from(names), st.sampled_from((1, 1, 2)))


writing = st.tuples(st.just("write"), st.sampled_from(NAMES), st.sampled_from(SIZES), st.integers(0, 9))
removing = st.tuples(st.just("remove"), st.sampled_from(NAMES))
losing = st.tuples(st.just("lose"), st.sampled_from(LOST))
turning = st.tuples(st.just("turn"), st.sampled_from((0.5, 5, 26)))
ups, downs = st.tuples(st.just("up"), _points(UP)), st.tuples(st.just("down"), _points(DOWN))
steps = st.lists(st.one_of(writing, writing, ups, ups, downs, losing, turning, removing), min_size=5, max_size=9)


@dataclass(frozen=True, slots=True)
class World:
    """A folder, a vault, the folder into which it is brought back, and the runs between them."""

    place: VaultPlace
    folder: Path
    runs: Forked

    def act(self, step: tuple[str | int | float, ...]) -> None:
        match step:
            case ("write", str(name), int(size), int(seed)):
                path = self.folder / "tree" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(bytes([seed]) * size)
            case ("remove", str(name)):
                (self.folder / "tree" / name).unlink(missing_ok=True)
            case ("lose", str(verb)):
                self.place.fail(Fault("lost", verb))
            case ("turn", hours):
                self.turn(float(hours))
            case ("up", str(point)):
                self.up(point)
            case ("down", str(point)):
                self.down(point)

    def turn(self, hours: float) -> None:
        self.place.turn(hours=hours)
        self.runs.hours += hours

    def up(self, point: str = "") -> int:
        options = Options(delete=True, allow_empty_source=True, retries=0)
        return self.runs.sync(str(self.folder / "tree"), "glacier://vault", options, point)

    def down(self, point: str = "") -> int:
        options = Options(delete=True, allow_empty_source=True, retries=0)
        return self.runs.sync("glacier://vault", str(self.folder / "back"), options, point)

    def repair(self) -> None:
        """By the inventory of the next day."""
        self.turn(26)
        self.place.take_inventory()
        command = ("glacier", "journal", "glacier://vault", "--repair")
        statuses = [self.runs.command(*command)]
        self.turn(5)
        assert [*statuses, self.runs.command(*command)] == [75, 0]

    def retrieve(self) -> None:
        """Until all of it is back."""
        statuses = [self.down()]
        if statuses[-1] == 75:
            self.turn(5)
            statuses.append(self.down())
        assert statuses[-1] == 0

    @property
    def journaled(self) -> dict[str, list[str]]:
        """The ids of the archives of each name, the newest first."""
        (path,) = (self.folder / "state").rglob("*.journal")
        journal = Journal(path, index=self.folder / "index")
        found = {name: [each.id for each in versions] for name, versions in journal.page("", None, 100)}
        journal.close()
        return found


@settings(
    phases=[Phase.generate],
    max_examples=STORIES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=STORIES == 4,
)
@given(steps)
def test_all_ends_well(story: list[tuple[str | int | float, ...]]) -> None:
    with world() as made:
        for name in NAMES:
            made.act(("write", name, 1000, 0))
        for step in story:
            made.act(step)
        made.place.controls.faults.clear()
        assert made.up() == 0
        made.repair()
        agree(made)
        assert made.up() == 0
        agree(made)
        files = contents(made.folder / "tree")
        assert {name: made.place.content(ids[0]) for name, ids in made.journaled.items()} == files
        made.retrieve()
        assert contents(made.folder / "back") == files
        assert made.place.billing.billed_twice() == []


def agree(made: World) -> None:
    """The journal has what the vault has."""
    known = sorted(archive for ids in made.journaled.values() for archive in ids)
    assert known == sorted(archive.id for archive in made.place.archives)


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@contextmanager
def world() -> Iterator[World]:
    with vault_place() as place, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each in ("tree", "back"):
            (folder / each).mkdir()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": name,
            "TRANSFER_STATE_DIR": str(folder / "state"),
            "AWS_ENDPOINT_URL_GLACIER": place.endpoint,
            "AWS_ACCESS_KEY_ID": KEY.id,
            "AWS_SECRET_ACCESS_KEY": KEY.secret,
            "AWS_REGION": REGION,
        }
        yield World(place, folder, Forked(environment))
