"""The reference names what there is, and nothing else; what it says of bad input is what is said."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import get_args

import click
import pytest
from click.testing import CliRunner

from tests.docs import pages
from tests.plugins.scripted import error, scripted
from transfer.cli.app import app
from transfer.cli.problems import BROKEN_PIPE, INTERNAL, INTERRUPTED, REFUSED, USAGE
from transfer.cli.stream import result_body
from transfer.event import PENDING, BytesMoved, Event, Finished, Listed, Result, RunFinished, Totals
from transfer.report import FIELDS
from transfer.testing.playground import furnish
from transfer.testing.servers import Server
from transfer_s3.config import SETTINGS

pytestmark = pytest.mark.xdist_group("docs")

TEXT = (pages.DOCS / "reference.md").read_text(encoding="utf-8")


def section(heading: str) -> list[list[str]]:
    """The rows of the tables below a heading, without their heads."""
    part = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [re.split(r" *\| *", line.strip())[1:-1] for line in part.splitlines() if line.startswith("| ")]
    return [row for row in rows if not row[0].startswith(("option", "setting", "column", "event", "what"))]


def options() -> Iterator[tuple[str, str]]:
    """Every option of every command of the core, with its line of help."""
    root = click.Context(app)
    commands = [app.get_command(root, name) for name in app.modules]
    for command in commands:
        assert command is not None
        for one in [command, *(command.commands.values() if isinstance(command, click.Group) else ())]:
            context = click.Context(one)
            for option in one.get_params(context):
                if isinstance(option, click.Option) and "--help" not in option.opts:
                    record = option.get_help_record(context)
                    assert record is not None
                    yield record


def test_all_options_are_there_with_the_words_of_the_help() -> None:
    """And no other."""
    assert {(row[0].strip("`"), row[1]) for row in section("Options")} == set(options())


def test_all_settings_of_a_remote_are_there() -> None:
    """With the words of ``transfer plugins``."""
    assert {(row[0].strip("`"), row[1]) for row in section("transfer.toml")} == set(SETTINGS.items())


def test_all_columns_of_the_report_are_there() -> None:
    """In their order."""
    assert [row[0].strip("`") for row in section("Report")] == list(FIELDS)


def test_all_events_are_there_with_their_fields() -> None:
    """As they are printed: some are put together, and the result is spread out."""
    told = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in section("JSON events")}
    plain = set(get_args(Event)) - {BytesMoved, Listed, Finished, RunFinished}
    names = {kind: re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower() for kind in plain}
    expected = {name: {field.name for field in fields(kind)} for kind, name in names.items()}
    expected |= {"run_finished": set(result_body(Result(Totals(), 0.0)))}
    expected |= {"finished": set(), "progress": {"bytes_moved", "bytes_resumed", "source_listed", "target_listed"}}
    assert told == expected


def test_all_exit_statuses_are_there() -> None:
    """Those of a run, and those of the command."""
    told = {int(row[0]) for row in section("Exit status") if row[0].isdecimal()}
    assert told == {0, 1, USAGE, REFUSED, INTERNAL, PENDING, INTERRUPTED, BROKEN_PIPE}


def test_all_columns_of_a_listing_are_there(tmp_path: Path) -> None:
    """Of ``ls --json``."""
    (tmp_path / "k").touch()
    printed = json.loads(CliRunner().invoke(app, ["ls", str(tmp_path), "--json"]).output)
    told = re.search(r"`transfer ls --json` prints (.*?)\.", TEXT, re.DOTALL)
    assert told is not None
    assert re.findall(r"`(\w+)`", told[1]) == list(printed)


async def test_bad_input_is_told_in_the_words_of_the_page(tmp_path: Path, servers: Mapping[str, Server]) -> None:
    """Every command of the table gives its sentence, alone, and exit status 2."""
    rows = [row for row in section("What is refused") if row[1]]
    given = [
        pages.Command(f"{row[1].strip('`')}; echo $?", f"transfer: {row[2]}\n2".replace("(…)", "(MovedPermanently, …)"))
        for row in rows
    ]
    elsewhere = error("MovedPermanently", 301, x_amz_bucket_region="eu-west-1")
    async with scripted(lambda _: elsewhere) as far:
        environment = furnish(tmp_path, {**servers, "far": Server(int(far.endpoint.rpartition(":")[2]))})
        printed = await asyncio.to_thread(pages.run_all, given, tmp_path, environment)
    if wrong := pages.differences(given, printed):
        pytest.fail("\n\n".join(wrong), pytrace=False)
