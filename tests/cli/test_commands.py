"""The commands from end to end, between disk and memory."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.conftest import fresh_bucket
from transfer.checkpoint import Pair
from transfer.jobs import Cleaned
from transfer.testing.servers import Server


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with an empty file, one in a folder, and one with an odd name."""
    folder = tmp_path / "tree"
    (folder / "d").mkdir(parents=True)
    (folder / "a.txt").write_text("hello")
    (folder / "d" / "b.bin").write_bytes(bytes(range(256)) * 100)
    (folder / "ü +%.txt").write_bytes(b"")
    return folder


@pytest.fixture
def bucket() -> str:
    """The URL of a fresh place in memory."""
    return f"memory://{uuid.uuid4().hex}/p"


def test_a_tree_goes_there_and_back(cli: Cli, tree: Path, bucket: str, tmp_path: Path) -> None:
    """sync copies, a second one skips, verify agrees, and what comes back is equal."""
    outcome = cli("sync", tree, bucket)
    assert outcome.exit_code == 0, outcome.output
    assert "copied             3" in outcome.stdout
    assert "proven: 3 verified" in outcome.stdout
    assert "skipped            3" in cli("sync", tree, bucket).stdout
    assert cli("verify", tree, bucket).exit_code == 0
    back = tmp_path / "back"
    assert cli("sync", bucket, back).exit_code == 0
    assert {path.relative_to(back) for path in back.rglob("*")} == {path.relative_to(tree) for path in tree.rglob("*")}
    assert (back / "d" / "b.bin").read_bytes() == (tree / "d" / "b.bin").read_bytes()


def test_a_dry_run_prints_the_plan_and_touches_nothing(cli: Cli, tree: Path, tmp_path: Path) -> None:
    """Steps with sizes and reasons, totals, and an untouched target."""
    outcome = cli("sync", tree, tmp_path / "out", "--dry-run", "--report", tmp_path / "plan.csv")
    assert outcome.exit_code == 0
    assert "copy             25.0 KiB  d/b.bin  (new)\n" in outcome.stdout
    assert "to copy            3" in outcome.stdout
    assert not (tmp_path / "out").exists()
    with (tmp_path / "plan.csv").open(newline="") as file:
        assert {row["verdict"] for row in csv.DictReader(file)} == {"planned"}


def test_quiet_leaves_the_errors(cli: Cli, tree: Path, bucket: str) -> None:
    """Nothing where all went well; what failed on stderr; and the rows that were asked for."""
    outcome = cli("sync", tree, bucket, "-q")
    assert (outcome.exit_code, outcome.output) == (0, "")
    (tree / "a.txt").write_text("other")
    outcome = cli("sync", tree, bucket, "--immutable", "--quiet")
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr == "transfer: a.txt: --immutable forbids to overwrite it (changed at the source)\n"
    outcome = cli("sync", tree, bucket, "-qn")
    assert (outcome.exit_code, outcome.output) == (0, "copy                  5 B  a.txt  (changed at the source)\n")
    outcome = cli("verify", tree, bucket, "-q")
    assert (outcome.exit_code, outcome.stderr) == (1, "")
    assert outcome.stdout.split()[2] == "a.txt"


def test_quiet_tells_what_was_refused(cli: Cli, tree: Path, bucket: str) -> None:
    """It is an error."""
    assert cli("sync", tree, bucket, "-q").exit_code == 0
    (tree / "a.txt").unlink()
    outcome = cli("sync", tree, bucket, "-q", "--delete", "--max-delete", "0")
    assert (outcome.exit_code, outcome.stdout) == (3, "")
    assert outcome.stderr.startswith("transfer: Refused: 1 deletions are more than")


def test_quiet_streams_have_no_note(cli: Cli, bucket: str) -> None:
    """How large a stream may get is said to whoever wants to hear it."""
    assert "The stream may have" in cli("copy", "-", f"{bucket}/k", stdin=b"data").stderr
    outcome = cli("copy", "-", f"{bucket}/k", "--quiet", stdin=b"data")
    assert (outcome.exit_code, outcome.output) == (0, "")


def test_verbose_names_each_object(cli: Cli, tree: Path, bucket: str) -> None:
    """That something is done for; not those that are left as they are."""
    outcome = cli("sync", tree, bucket, "-v", "--include", "*.txt")
    lines = outcome.stderr.splitlines()
    assert sorted(line.partition("transfer.objects: ")[2] for line in lines) == [
        "copy done: a.txt (new)", "copy done: ü +%.txt (new)",
    ]  # fmt: skip
    outcome = cli("sync", tree, bucket, "--verbose")
    assert [line.rpartition(": ")[2] for line in outcome.stderr.splitlines()] == ["d/b.bin (new)"]
    assert "2 proven equal" in outcome.stdout
    assert "exclude each other" in cli("sync", tree, bucket, "-v", "-q").stderr


def test_verify_lists_differences_and_ends_with_1(cli: Cli, tree: Path, bucket: str) -> None:
    """Each difference is a line, and the exit status tells that there are some."""
    cli("sync", tree, bucket)
    (tree / "a.txt").write_text("other")
    (tree / "new").write_text("new")
    outcome = cli("verify", tree, bucket)
    assert outcome.exit_code == 1
    assert {line.split()[2] for line in outcome.stdout.splitlines()[:2]} == {"a.txt", "new"}


def test_events_are_json_lines_on_stdout(cli: Cli, tree: Path, bucket: str) -> None:
    """With --json stdout holds nothing but JSON, from the start of the run to its end."""
    outcome = cli("sync", tree, bucket, "--json")
    events = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert (events[0]["event"], events[-1]["event"]) == ("run_started", "run_finished")
    assert {event["key"] for event in events if event["event"] == "finished"} == {"a.txt", "d/b.bin", "ü +%.txt"}
    assert events[-1]["copied"] == 3


def test_the_report_has_all_objects(cli: Cli, tree: Path, bucket: str, tmp_path: Path) -> None:
    """--report has a row for each, with its checksum and how it was proven."""
    outcome = cli("sync", tree, bucket, "--report", tmp_path / "r.jsonl")
    assert "Every object is in " in outcome.stdout
    rows = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert {row["proof"] for row in rows} == {"verified (crc64nvme)"}
    assert len(rows) == 3


def test_a_failed_object_gives_status_1_and_its_reason(cli: Cli, tmp_path: Path) -> None:
    """What the file system can't hold fails by name, and the rest goes on."""
    bucket = f"memory://{uuid.uuid4().hex}"
    assert cli("copy", "-", f"{bucket}/x/..", stdin=b"evil").exit_code == 0
    assert cli("copy", "-", f"{bucket}/good", stdin=b"good").exit_code == 0
    outcome = cli("sync", bucket, tmp_path / "out")
    assert outcome.exit_code == 1
    assert "x/..: " in outcome.stdout
    assert "Run the same command again" in outcome.stdout
    assert (tmp_path / "out" / "good").read_bytes() == b"good"


def test_a_stream_goes_in_and_out(cli: Cli, bucket: str) -> None:
    """copy - URL takes stdin, copy URL - and cat give it back, --range a piece of it."""
    data = bytes(range(256)) * 9000
    outcome = cli("copy", "-", f"{bucket}/k", stdin=data)
    assert outcome.exit_code == 0, outcome.output
    assert cli("copy", f"{bucket}/k", "-").stdout_bytes == data
    assert cli("cat", f"{bucket}/k").stdout_bytes == data
    assert cli("cat", f"{bucket}/k", "--range", "256-258").stdout_bytes == b"\0\1\2"
    assert cli("cat", f"{bucket}/k", "--range", "2303999-").stdout_bytes == b"\xff"
    assert cli("cat", f"{bucket}/k", "--range", "2304000-").stdout_bytes == b""


def test_a_stream_may_be_bounded_and_spooled(cli: Cli, bucket: str, tmp_path: Path) -> None:
    """By the names of the API's options; the folder may be the current one, and two of them are a mistake."""
    outcome = cli("copy", "-", f"{bucket}/k", "--max-size", "4B", "--spool", ".", stdin=b"data")
    assert outcome.exit_code == 0, outcome.output
    assert "The stream has 4 B, and is sent from '.' now." in outcome.stderr
    assert cli("cat", f"{bucket}/k").stdout_bytes == b"data"
    outcome = cli("copy", "-", f"{bucket}/longer", "--max-size", "4B", stdin=b"datas")
    assert (outcome.exit_code, "longer: the stream is longer than the 4 B of --max-size" in outcome.stdout) == (1, True)
    outcome = cli("copy", "-", f"{bucket}/k", "--spool", tmp_path, "--spool", ".", stdin=b"data")
    assert (outcome.exit_code, outcome.stderr.count("\n")) == (2, 1)


def test_a_dry_run_to_stdout_is_a_plan(cli: Cli, bucket: str, tmp_path: Path) -> None:
    """And nothing of the object; as JSON and in a report too."""
    assert cli("copy", "-", f"{bucket}/k", stdin=b"secret data").exit_code == 0
    outcome = cli("copy", f"{bucket}/k", "-", "--dry-run")
    assert outcome.exit_code == 0
    assert "secret" not in outcome.output
    assert outcome.stdout.startswith("copy                 11 B  k  (asked for)\n")
    assert "Nothing was changed." in outcome.stdout
    report = tmp_path / "report.csv"
    outcome = cli("copy", f"{bucket}/k", "-", "--dry-run", "--json", "--report", report)
    events = [json.loads(line)["event"] for line in outcome.stdout.splitlines()]
    assert [event for event in events if event != "progress"] == ["run_started", "planned", "finished", "run_finished"]
    assert "k,11,copy,planned" in report.read_text()
    assert cli("copy", f"{bucket}/none", "-", "--dry-run").exit_code == 2


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--json", "--json has no effect where stdout gets the object; leave it out."),
        ("--progress", "--progress has no effect where stdout gets the object; leave it out."),
        ("--report=r.csv", "--report has no effect on a stream; leave it out."),
        ("--verify=readback", "--verify has no effect on a stream; leave it out."),
        ("--include=*", "--include/--exclude/--filter-from has no effect on a stream; leave it out."),
    ],
)
def test_what_stdout_does_not_heed_is_refused(cli: Cli, bucket: str, option: str, sentence: str) -> None:
    """By name, and nothing is written to it."""
    assert cli("copy", "-", f"{bucket}/k", stdin=b"data").exit_code == 0
    outcome = cli("copy", f"{bucket}/k", "-", option)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert sentence in outcome.stderr
    assert cli("copy", f"{bucket}/k", "-", "--memory", "2MiB", "--no-progress").stdout_bytes == b"data"


def test_a_stream_that_failed_starts_over(cli: Cli, bucket: str) -> None:
    """The advice to run the same command again to go on would be wrong: stdin has been read."""
    assert cli("copy", "-", f"{bucket}/k", stdin=b"first").exit_code == 0
    outcome = cli("copy", "-", f"{bucket}/k", "--immutable", stdin=b"second")
    assert outcome.exit_code == 1
    assert outcome.stdout.endswith("\nA stream can't be taken up again: run the command from the start.\n")


def test_one_object_is_copied_under_a_new_name(cli: Cli, tree: Path, bucket: str) -> None:
    """copy FILE URL copies just that file."""
    assert cli("copy", tree / "a.txt", f"{bucket}/new.txt").exit_code == 0
    assert cli("ls", bucket).stdout == "new.txt\n"


def test_ls_shows_keys_and_more(cli: Cli, tree: Path) -> None:
    """Keys alone, with -l their facts, with --json all, and filters apply."""
    assert cli("ls", tree).stdout == "a.txt\nd/b.bin\nü +%.txt\n"
    assert cli("ls", tree, "-0", "--exclude", "d/").stdout == "a.txt\0ü +%.txt\0"
    assert cli("ls", tree, "--min-size", "1KiB").stdout == "d/b.bin\n"
    size, day, _, _, key = cli("ls", "-l", tree, "--include", "a.txt").stdout.split()
    assert (size, day[:2], key) == ("5", "20", "a.txt")
    first = json.loads(cli("ls", "--json", tree).stdout.splitlines()[0])
    assert (first["key"], first["size"]) == ("a.txt", 5)
    assert first["mtime_ns"] == (tree / "a.txt").stat().st_mtime_ns


def test_size_counts_what_the_filters_let_through(cli: Cli, tree: Path) -> None:
    """For people, and for programs."""
    assert cli("size", tree).stdout == "3 objects, 25.0 KiB (25,605 bytes)\n"
    assert cli("size", tree, "--include", "a.txt").stdout == "1 object, 5 B (5 bytes)\n"
    assert cli("size", tree / "a.txt").stdout == "1 object, 5 B (5 bytes)\n"
    assert json.loads(cli("size", tree, "--json").stdout) == {"count": 3, "bytes": 25605, "sizeless": 0}


@pytest.mark.parametrize("command", ["ls", "size"])
def test_a_prefix_without_objects_is_told(cli: Cli, tree: Path, bucket: str, tmp_path: Path, command: str) -> None:
    """Status 1 and a sentence; but an empty folder or bucket is there, and what filters hide is too."""
    outcome = cli(command, bucket)
    assert (outcome.exit_code, outcome.stderr) == (
        1, f"transfer: Nothing is under '{bucket}'; look for a typing error.\n",
    )  # fmt: skip
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", bucket.removesuffix("/p")):
        assert (cli(command, place).exit_code, cli(command, place).stderr) == (0, "")
    assert cli("sync", tree, bucket).exit_code == 0
    assert cli(command, bucket, "--include", "nothing").exit_code == 0


def test_a_remote_alone_lists_its_buckets(
    cli: Cli, seaweed_server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One a line, or as JSON; where a provider can't tell, it is a sentence."""
    monkeypatch.setenv("KEY", seaweed_server.access_key_id)
    monkeypatch.setenv("SECRET", seaweed_server.secret_access_key)
    keys = 'access_key_id = "env:KEY"\nsecret_access_key = "env:SECRET"'
    (tmp_path / "t.toml").write_text(f'[remote.here]\ntype = "s3"\nendpoint = "{seaweed_server.endpoint}"\n{keys}\n')
    name = fresh_bucket(seaweed_server)
    outcome = cli("ls", "here://", "--config", tmp_path / "t.toml")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert name in outcome.stdout.splitlines()
    assert f'{{"bucket": "{name}"}}' in cli("ls", "here:///", "--json", "--config", tmp_path / "t.toml").stdout
    outcome = cli("ls", "memory://")
    assert (outcome.exit_code, outcome.stderr) == (
        2, "transfer: 'memory://' names no bucket, and can't tell which there are; write memory://bucket.\n",
    )  # fmt: skip


def test_rm_deletes_what_it_was_told(cli: Cli, tree: Path) -> None:
    """One object; a tree only with --recursive, and only what the filters let through."""
    assert "to delete          1" in cli("rm", tree, "-r", "--dry-run", "--include", "d/").stdout
    assert (tree / "d" / "b.bin").exists()
    assert cli("rm", tree, "-r", "--include", "d/").exit_code == 0
    assert cli("ls", tree).stdout == "a.txt\nü +%.txt\n"
    assert cli("rm", tree / "a.txt").exit_code == 0
    assert cli("rm", tree / "a.txt").exit_code == 2
    assert cli("ls", tree).stdout == "ü +%.txt\n"


def test_jobs_shows_what_was_done(cli: Cli, tree: Path, bucket: str) -> None:
    """A finished run stands in the list with its places and state."""
    assert "No checkpoints" in cli("jobs").stderr
    cli("sync", tree, bucket)
    assert cli("jobs").stdout.startswith("complete    file:")
    job = json.loads(cli("jobs", "--json").stdout)
    assert (job["state"], job["objects"], job["totals"]["copied"]) == ("complete", 3, 3)


def test_the_job_of_the_last_activity_comes_last(cli: Cli, tree: Path, tmp_path: Path) -> None:
    """Whatever their ids are."""
    for name in "abcab":
        cli("sync", tree, tmp_path / name)
    jobs = [json.loads(line) for line in cli("jobs", "--json").stdout.splitlines()]
    assert [Path(job["pair"]["target"]).name for job in jobs] == ["c", "a", "b"]


def test_jobs_are_cleaned_by_id(cli: Cli, tree: Path, bucket: str) -> None:
    """A forgotten job is gone from the list; an unknown one is a sentence."""
    cli("sync", tree, bucket)
    job = json.loads(cli("jobs", "list", "--json").stdout)
    assert "Nothing to clean" in cli("jobs", "clean").stderr
    outcome = cli("jobs", "clean", job["id"][:8], "--forget")
    assert (outcome.exit_code, "forgotten" in outcome.stdout) == (0, True)
    assert cli("jobs").stdout == ""
    assert cli("jobs", "clean", "nothing-like-it").exit_code == 2


def test_uploads_that_stay_are_told_one_by_one(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside what was done; and the exit status is that of a failure."""
    left = {"a\n": "not allowed", "b": "no connection"}
    cleaned = Cleaned("3f2a", Path("3f2a.sqlite"), Pair("here", "there"), ("c",), left, problem="Not all.")

    async def clean(*_: object, **__: object) -> list[Cleaned]:
        return [cleaned]

    monkeypatch.setattr("transfer.cli.jobs.clean_jobs", clean)
    outcome = cli("jobs", "clean", "3f2a")
    assert (outcome.exit_code, outcome.stdout) == (1, "here → there  1 upload aborted\n")
    assert outcome.stderr.splitlines() == [
        "transfer: 'a\\x0a' is left open: not allowed",
        "transfer: 'b' is left open: no connection",
        "transfer: here → there: Not all.",
    ]


@pytest.mark.parametrize("piped", [False, True])
@pytest.mark.parametrize("nul", [False, True])
def test_a_listed_name_that_is_no_text_is_a_sentence(
    cli: Cli, tree: Path, bucket: str, tmp_path: Path, piped: bool, nul: bool
) -> None:
    """It names the place and the bytes; nothing is moved, and there is no summary."""
    names = b"a.txt|ok|caf\xe9|d/b.bin".replace(b"|", b"\0" if nul else b"\n")
    (tmp_path / "names").write_bytes(names)
    origin = "-" if piped else tmp_path / "names"
    process = [sys.executable, "-m", "transfer", "copy", tree, bucket, "--files-from", origin, *["-0"] * nul]
    done = subprocess.run([*map(str, process)], input=names, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    what = f"{'name' if nul else 'line'} 3 of '{origin}'"
    told = f"transfer: --files-from: {what} is not UTF-8: caf\\xe9; rename the file, or take the line out.\n"
    assert done.stderr.decode() == told


def test_a_damaged_job_is_told_by_its_file_and_can_be_forgotten(cli: Cli, own_surroundings: Path) -> None:
    """It has no places to be called by."""
    broken = own_surroundings / "checkpoints" / "0000.sqlite"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no database" * 100)
    outcome = cli("jobs", "clean", "--all")
    sentence = "It is damaged (file is not a database); 'transfer jobs clean 0000 --forget' sets it aside."
    assert (outcome.exit_code, outcome.stderr) == (1, f"transfer: {broken}: {sentence}\n")
    outcome = cli("jobs", "clean", "0000", "--forget")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith(f"{broken}  damaged, kept as 0000.sqlite.corrupt-")
    assert "No checkpoints" in cli("jobs").stderr


def test_what_is_refused_leaves_nothing_behind(cli: Cli, tree: Path, own_surroundings: Path) -> None:
    """No job where nothing was begun, and no lock beside a file that is no checkpoint."""
    outcome = cli("copy", tree / "a.txt", tree / "a.txt")
    assert (outcome.exit_code, "onto itself" in outcome.stderr) == (2, True)
    assert "No checkpoints" in cli("jobs").stderr
    outcome = cli("sync", tree / "d", tree.with_name("out"), "--checkpoint", tree / "a.txt")
    assert (outcome.exit_code, "is no checkpoint" in outcome.stderr) == (2, True)
    assert sorted(path.name for path in tree.iterdir()) == ["a.txt", "d", "ü +%.txt"]
    assert (tree / "a.txt").read_text() == "hello"


def test_a_log_among_the_objects_is_refused(cli: Cli, tree: Path, bucket: str) -> None:
    """It would be sent as far as it is written; by --exclude it is none of them."""
    outcome = cli("sync", tree, bucket, "--log-file", tree / "x.log")
    assert (outcome.exit_code, outcome.stderr.count("\n")) == (2, 1)
    assert f"--log-file: '{tree}/x.log' is in the source {tree}/, where it would be taken" in outcome.stderr
    assert cli("sync", tree, bucket, "--log-file", tree / "x.log", "--exclude", "*.log").exit_code == 0
    assert "x.log" not in cli("ls", bucket).stdout
    assert cli("rm", bucket, "-r", "--log-file", tree / "x.log").exit_code == 0


def test_plugins_tells_what_there_is(cli: Cli) -> None:
    """Schemes with what they can do, for people and for programs."""
    assert "memory://" in cli("plugins").stdout
    found = {plugin["scheme"]: plugin for plugin in map(json.loads, cli("plugins", "--json").stdout.splitlines())}
    assert {"file", "memory", "s3"} <= set(found)
    assert found["memory"]["capabilities"]["multipart"]
    assert found["cos"]["limits"]["refused"] == ["\x18", "\x19", "\x1a", "\x1b"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sync", "gopher://a", "b"], "gopher"),
        (["sync", "/nowhere-at-all", "/tmp/b"], "/nowhere-at-all"),
        (["sync", "memory://same/p", "memory://same/p"], "same place"),
        (["cat", "memory://empty/k"], "'k'"),
        (["sync", "a", "b", "--config", "/nowhere.toml"], "/nowhere.toml"),
        (["sync", "a", "b", "--files-from", "/nowhere", "--delete"], "--files-from lists nothing"),
    ],
)
def test_impossible_places_are_a_sentence(cli: Cli, arguments: list[str], sentence: str) -> None:
    """What can't work from the start ends with status 2, naming the thing."""
    outcome = cli(*arguments)
    assert outcome.exit_code == 2, outcome.output
    assert outcome.stderr.startswith("transfer: ")
    assert sentence in outcome.stderr
    assert outcome.stderr.count("\n") == 1
