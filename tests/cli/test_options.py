"""Options of the command line become those of the API, under the same names."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.cli.conftest import Cli, Engine
from transfer.cli.app import app
from transfer.filters import Filter, Rule
from transfer.mtfilter import Rule as MtRule
from transfer.options import Compare, Options, Verify
from transfer.plugin import StoreOptions
from transfer.rates import parse_limit

MIB = 1024 * 1024


def names_of(command: str) -> set[str]:
    """The parameters that a command takes."""
    found = app.get_command(click.Context(app), command)
    assert found is not None
    return {param.name for param in found.params if param.name}


def test_every_field_of_the_options_can_be_set() -> None:
    """No option of the API is out of the command line's reach, but for what the engine sets."""
    given = {"filter": "include", "stores": "links"}
    reachable = names_of("sync") | names_of("copy") | {"exclude", "filter_from"}
    wanted = {given.get(field.name, field.name) for field in fields(Options)}
    wanted |= {field.name for kind in (StoreOptions, Filter) for field in fields(kind)}
    wanted -= {"rules", "shared", "asked_class"}
    assert wanted <= reachable


def test_defaults_are_the_apis(cli: Cli, engine: Engine) -> None:
    """A command line without options gives the API's defaults."""
    assert cli("sync", "a", "b").exit_code == 0
    assert engine.options == Options()


def test_values_are_read_as_people_write_them(cli: Cli, engine: Engine) -> None:
    """Sizes, rates, durations, counts, paths and settings arrive as plain values."""
    outcome = cli(
        "sync", "a", "b", "--memory", "1GiB", "--bwlimit", "10MiB/s",
        "--tps", 2.5,
        "--part-size", "8M", "--compare", "checksum", "--verify", "readback", "--no-server-copy", "--no-metadata",
        "--idle-timeout", "2m", "--links", "keep", "--transfers", 3, "--checkpoint", "x.sqlite",
        "--backup-dir", "s3://b/old", "--acl", "private", "--source-option", "endpoint=http://127.0.0.1:1",
        "--source-option", "path-style=true", "--target-option", "profile=p", "--files-from", "-", "-0",
        "--min-size", "1KB", "--dry-run",
    )  # fmt: skip
    assert outcome.exit_code == 0, outcome.output
    assert engine.options == Options(
        memory=1024 * MIB,
        bwlimit=parse_limit("10M"),
        tps=2.5,
        part_size=8 * MIB,
        compare=Compare.CHECKSUM,
        verify=Verify.READBACK,
        server_copy=False,
        metadata=False,
        transfers=3,
        checkpoint=Path("x.sqlite"),
        backup_dir="s3://b/old",
        files_from=Path("-"),
        files_from_nul=True,
        dry_run=True,
        filter=Filter(min_size=1000),
        stores=StoreOptions(links="keep", idle_timeout=120.0, acl="private"),
        source_settings={"endpoint": "http://127.0.0.1:1", "path_style": "true"},
        target_settings={"profile": "p"},
    )


def test_deleting_has_its_guards(cli: Cli, engine: Engine) -> None:
    """Which arrive beside it."""
    assert cli("sync", "a", "b", "--delete", "--max-delete", 7, "--allow-empty-source").exit_code == 0
    assert engine.options == Options(delete=True, max_delete=7, allow_empty_source=True)


def test_times_count_back_from_now_or_are_absolute(cli: Cli, engine: Engine) -> None:
    """--newer and --older take ages and dates."""
    assert cli("sync", "a", "b", "--newer", "1970-01-02T00:00:00Z", "--older", "7d").exit_code == 0
    assert engine.options.filter.newer_ns == 86_400 * 10**9
    assert engine.options.filter.older_ns is not None


def test_rules_keep_the_order_of_the_command_line(cli: Cli, engine: Engine, tmp_path: Path) -> None:
    """--include, --exclude and --filter-from make one list, in the order in which they were written."""
    rules = tmp_path / "rules"
    rules.write_text("# ours\n+ keep/**\n- keep/not\n")
    outcome = cli(
        "sync", "--exclude", "*.tmp", "a", "--include=**/*.txt", "--filter-from", rules, "b", "--exclude", "**"
    )  # fmt: skip
    assert outcome.exit_code == 0, outcome.output
    assert engine.options.filter.rules == (
        Rule(False, "*.tmp"),
        Rule(True, "**/*.txt"),
        Rule(True, "keep/**"),
        Rule(False, "keep/not"),
        Rule(False, "**"),
    )


def test_rules_of_mtglacier_keep_their_order_over_options(cli: Cli, engine: Engine) -> None:
    """Each option may have several; what is no rule is refused."""
    assert cli("sync", "a", "b", "--mt-filter", "+*.jpg -tmp/", "--include", "x", "--mt-filter", "-").exit_code == 0
    assert engine.options.filter.mt_rules == (MtRule(True, "*.jpg"), MtRule(False, "tmp/"), MtRule(False, ""))
    assert engine.options.filter.rules == (Rule(True, "x"),)
    outcome = cli("sync", "a", "b", "--mt-filter", "*.jpg")
    assert (outcome.exit_code, "'*.jpg' is not a filter rule of mtglacier" in outcome.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sync", "a"], "transfer: Missing argument 'TARGET'."),
        (["snyc", "a", "b"], "transfer: No such command 'snyc'."),
        (["sync", "a", "b", "--foo"], "transfer: No such option '--foo'."),
        (["sync", "a", "b", "--memory", "lots"], "'lots' is not a size"),
        (["sync", "a", "b", "--transfers", "0"], "'0' must be at least 1"),
        (["sync", "a", "b", "--max-delete", "-1"], "'-1' is not a number"),
        (["sync", "a", "b", "--newer", "soon"], "'soon' is not a time"),
        (["sync", "a", "b", "--bwlimit", "0K"], "'0K' is not a rate"),
        (["sync", "a", "b", "--bwlimit", "8,1M"], "'8,1M' is not an entry of a timetable"),
        (["sync", "a", "b", "--tps", "0"], "'0' is not a number of requests a second"),
        (["sync", "a", "b", "--include", "["], "transfer: "),
        (["sync", "a", "b", "--filter-from", "/nowhere"], "The filter file '/nowhere' can't be read: No such file"),
        (["sync", "a", "b", "--map-class", "GLACIER"], "'GLACIER' is not two storage classes"),
        (["sync", "a", "b", "--map-class", "A=B", "--map-class", "A=C"], "--map-class names a class twice"),
        (["sync", "a", "b", "--source-option", "endpoint"], "'endpoint' is not a setting"),
        (["sync", "a", "b", "--log-file", "/nowhere/log"], "The log file '/nowhere/log' can't be written"),
        (["sync", "a", "b", "--part-size", "0"], "--part-size must be at least 1."),
        (["sync", "a", "b", "--multipart-threshold", "0"], "--multipart-threshold must be at least 1."),
        (["sync", "a", "b", "--memory", "0"], "--memory must be at least 1MiB."),
        (["sync", "a", "b", "--idle-timeout", "0"], "--idle-timeout must be more than 0."),
        (["sync", "a", "b", "--max-delete", "5"], "--max-delete is a bound for --delete"),
        (["sync", "a", "b", "-0"], "-0 (files_from_nul) tells how keys end"),
        (["sync", "a", "b", "--report", "a.csv", "--report", "b.csv"], "--report may be given only once"),
        (["sync", "a", "b", "--files-from", "a", "--files-from", "b"], "--files-from may be given only once"),
        (["copy", "-", "-"], "Only one side can be '-'"),
        (["cat", "x", "--range", "9-1"], "'9-1' is not a range of bytes"),
    ],
)
def test_nonsense_is_one_sentence(cli: Cli, engine: Engine, arguments: list[str], sentence: str) -> None:
    """What can't be understood ends with status 2 and one line that names it."""
    outcome = cli(*arguments)
    assert outcome.exit_code == 2
    assert sentence in outcome.stderr
    assert outcome.stderr.startswith("transfer: ")
    assert outcome.stderr.count("\n") == 1


def test_a_secret_on_the_command_line_is_refused(cli: Cli, engine: Engine) -> None:
    """Everyone can read a process list: a bare secret is refused, unseen, and a reference taken."""
    outcome = cli("sync", "a", "b", "--target-option", "secret_access_key=hunter22")
    assert outcome.exit_code == 2
    assert "hunter22" not in outcome.output
    assert "env:NAME or file:PATH" in outcome.stderr
    assert cli("sync", "a", "b", "--target-option", "secret_access_key=env:HUNTER").exit_code == 0


@pytest.mark.parametrize("command", ["sync", "copy", "verify", "ls", "size", "cat", "rm", "jobs", "plugins", "demo"])
def test_every_command_has_help_with_an_example(cli: Cli, command: str) -> None:
    """The help of each command fits 80 columns and ends with an example."""
    outcome = cli(command, "--help")
    assert outcome.exit_code == 0
    text, _, example = outcome.stdout.partition("Example:\n")
    assert example.startswith(f"  transfer {command}")
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--checkpoint=", "'' names no file"),
        ("--report=.", "'.' names no file"),
        ("--source-option=endpoint=", "'endpoint' has no value; is a variable of the shell unset?"),
    ],
)
def test_an_unset_variable_of_the_shell_is_noticed(cli: Cli, option: str, sentence: str) -> None:
    """It stands for nothing, and not for the current folder or a default server."""
    outcome = cli("sync", "a", "b", option)
    assert outcome.exit_code == 2
    assert sentence in outcome.stderr


def test_a_way_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """In one sentence, before anything is done; and a stream goes only one way."""
    for command, sentence in (
        (
            ("sync", str(tmp_path), "memory://ways/x"),
            "needs a target that fetches by itself, and memory://ways/x/ can't",
        ),
        (
            ("copy", str(tmp_path), "memory://ways/x"),
            "needs a target that fetches by itself, and memory://ways/x/ can't",
        ),
        (("copy", "-", "memory://ways/x"), "--via has no effect on a stream; leave it out."),
    ):
        outcome = CliRunner().invoke(app, [*command, "--via", "fetch"])
        assert outcome.exit_code == 2
        assert sentence in outcome.stderr
        assert len(outcome.stderr.splitlines()) == 1


def test_without_arguments_is_shown_how_to_begin(cli: Cli) -> None:
    """Usage, one example, and where the rest is."""
    outcome = cli("sync")
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert outcome.stderr.splitlines() == [
        "Usage: transfer sync [OPTIONS] SOURCE TARGET",
        "",
        "Example:",
        "  transfer sync ./photos s3://bucket/photos --exclude '*.tmp'",
        "",
        "All options: transfer sync --help",
    ]
