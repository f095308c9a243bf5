"""Errors become one sentence and an exit status; never a traceback, never a secret."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Engine
from transfer.cli.logs import logging_to
from transfer.errors import Awaited, Denied, Misconfigured, NoSpace, NotFound, Refused, Transient
from transfer.event import Notice
from transfer.secrets import Redactor


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Misconfigured("no."), 2),
        (NotFound("no."), 2),
        (Denied("no."), 2),
        (Refused("no."), 3),
        (Awaited("no."), 75),
        (Transient("no."), 1),
        (NoSpace("no."), 1),
        (ExceptionGroup("two", [ValueError("x"), ExceptionGroup("one", [Refused("no.")])]), 3),
    ],
)
def test_an_error_gives_its_sentence_and_status(cli: Cli, engine: Engine, error: Exception, status: int) -> None:
    """What ends a run is told in the error's own words, and its kind decides the status."""
    engine.error = error
    outcome = cli("sync", "a", "b")
    assert (outcome.exit_code, outcome.stderr) == (status, "transfer: no.\n")


def test_a_bug_is_told_without_a_traceback(cli: Cli, engine: Engine) -> None:
    """An exception that nobody expected says so in one line, with status 70."""
    engine.error = ZeroDivisionError("oops")
    outcome = cli("sync", "a", "b")
    assert outcome.exit_code == 70
    assert outcome.stderr.startswith("transfer: internal error: ZeroDivisionError: oops; run it again with --log-level")
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize("to_file", [True, False])
def test_the_log_has_the_traceback(cli: Cli, engine: Engine, tmp_path: Path, to_file: bool) -> None:
    """With --log-level debug the traceback is in the log, which is a file or stderr."""
    engine.error = ZeroDivisionError("oops")
    log = tmp_path / "log"
    outcome = cli("sync", "a", "b", "--log-level", "debug", *(["--log-file", log] if to_file else []))
    assert "Traceback" in (log.read_text() if to_file else outcome.stderr)
    assert ("Traceback" in outcome.stderr) is not to_file


def test_control_characters_can_not_reach_the_terminal(cli: Cli, engine: Engine) -> None:
    """A key that would move the cursor is shown escaped."""
    engine.error = Denied("'a\x1b[2J\n\u202eb' is not yours.")
    assert cli("sync", "a", "b").stderr == "transfer: 'a\\x1b[2J\\x0a\\u202eb' is not yours.\n"


def test_secrets_are_masked_in_errors_and_logs(
    cli: Cli, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the configuration, the environment or the options name as secret is never printed."""
    monkeypatch.setenv("MY_SECRET_KEY", "from-environment")
    monkeypatch.setenv("PLAIN", "from-option")
    (tmp_path / "token").write_text("from-file\n")
    config = tmp_path / "transfer.toml"
    config.write_text(f'[remote.x]\ntype = "s3"\nsession_token = "file:{tmp_path}/token"\n')
    log = tmp_path / "log"
    engine.error = ZeroDivisionError("from-environment from-option from-file")
    outcome = cli(
        "sync", "a", "b", "--config", config, "--target-option", "secret_access_key=env:PLAIN",
        "--log-level", "debug", "--log-file", log,
    )  # fmt: skip
    assert outcome.exit_code == 70
    for text in (outcome.output, log.read_text()):
        assert "***" in text
        assert "from-" not in text


def test_logging_is_left_as_it_was(cli: Cli, engine: Engine) -> None:
    """A command takes its handlers away again."""
    before = (list(logging.getLogger().handlers), logging.getLogger("transfer").level)
    cli("sync", "a", "b", "--log-level", "debug")
    assert (list(logging.getLogger().handlers), logging.getLogger("transfer").level) == before


def test_warnings_are_shown_on_stderr(cli: Cli, engine: Engine) -> None:
    """Without any option, warnings are logged to stderr and lesser things are not."""
    logger = logging.getLogger("transfer.test")

    def tell() -> None:
        logger.info("quiet")
        logger.warning("loud %s", "words")

    engine.meanwhile = tell
    outcome = cli("sync", "a", "b")
    assert "WARNING transfer.test: loud words" in outcome.stderr
    assert "quiet" not in outcome.stderr


def test_notices_are_told_where_there_is_no_live_display(cli: Cli, engine: Engine) -> None:
    """What a person should know is a line on stderr, and with --json an event on stdout alone."""
    engine.events = [Notice("The stream may have up to 5 GiB.")]
    assert cli("sync", "a", "b", "--no-progress").stderr == "transfer: The stream may have up to 5 GiB.\n"
    outcome = cli("sync", "a", "b", "--json")
    assert (outcome.stderr, '"notice"' in outcome.stdout) == ("", True)


def test_a_log_that_can_not_be_written_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """And the run goes on."""
    with logging_to(Redactor(), level="info", file=Path("/dev/full")):
        for number in range(3):
            logging.getLogger("transfer").info("line %d", number)
    assert capsys.readouterr().err == (
        "transfer: The log file '/dev/full' can't be written: No space left on device. What goes on is not logged.\n"
    )
