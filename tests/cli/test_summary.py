"""The end of a run tells what was done, how it was proven, and what to do next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.samples import FAILED, result_of
from transfer.cli.job import Job, Rows
from transfer.cli.summary import summary
from transfer.event import Listener, Result, Totals
from transfer.filters import Filter, Rule
from transfer.options import Options


async def nothing(listener: Listener) -> Result:
    raise AssertionError


def told(result: Result, verb: str = "sync", rows: Rows = Rows.NONE, **options: Any) -> str:
    return summary(Job(verb, "a → b", Options(**options), nothing, rows=rows), result, color=False)


def test_what_is_left_out_is_told_truly() -> None:
    """A filter may be the reason, where there is one."""
    result = result_of(totals=Totals(left_out=1))
    assert "  left out           1  links, special files and the like\n" in told(result)
    filtered = told(result, filter=Filter(rules=(Rule(False, "*.txt"),)))
    assert "  left out           1  by the filter, or links, special files and the like\n" in filtered


def test_a_good_run_ends_calmly() -> None:
    """Only what happened is told, and no advice is given where none is needed."""
    totals = Totals(copied=1204, copied_bytes=3 << 30, skipped_proven=8, skipped_assumed=4, sent_bytes=2 << 30,
                    resumed_bytes=1 << 30, retries=3)  # fmt: skip
    text = told(result_of(seconds=64.0, totals=totals, proofs=(("verified (crc64nvme)", 1204),)))
    assert text == "\n".join(
        [
            "sync a → b",
            "",
            "  copied             1,204  3.0 GiB",
            "  skipped               12  8 proven equal, 4 assumed",
            "",
            "  proven: 1,204 verified (crc64nvme)",
            "  2.0 GiB sent in 1m04s, 32.0 MiB/s, 3 calls made again",
            "  1.0 GiB were there from an earlier run and not sent again",
        ]
    )


@pytest.mark.parametrize(
    ("more", "options", "advice"),
    [
        ({"interrupted": True}, {}, "Run the same command again to go on"),
        ({"refused": "12 deletions are more than --max-delete 10."}, {}, "Refused: 12 deletions are more than"),
        ({"totals": Totals(failed=2)}, {}, "Run the same command again to try what failed"),
        ({"totals": Totals(failed=11)}, {}, "Add --report FILE.csv"),
        ({"totals": Totals(failed=11)}, {"report": Path("r.csv")}, "Every object is in r.csv."),
        ({"totals": Totals(failed=1, unproven=1)}, {}, "--allow-unproven to accept it"),
        ({"dry_run": True}, {}, "Run it without --dry-run"),
        ({"notes": ("Nothing was deleted.",)}, {}, "Nothing was deleted."),
    ],
)
def test_the_last_lines_say_what_to_do(more: dict[str, Any], options: dict[str, Any], advice: str) -> None:
    """Each way to end has its advice."""
    assert advice in told(result_of(**more), **options)


def test_what_waits_for_cold_storage_is_told_with_its_time() -> None:
    """How much it is, until when, and what to do then; a failure is told of too, and goes before in the status."""
    totals = Totals(pending=2, pending_bytes=5 << 20, thaws=1, thaws_bytes=1 << 20)
    text = told(result_of(totals=totals, ready_ns=1_800_000_001 * 10**9))
    assert "  thaws asked for    1  1.0 MiB\n  waiting            2  5.0 MiB in cold storage\n" in text
    assert "\n2 objects, 5.0 MiB, wait for cold storage and should be readable by 2027-01-1" in text
    assert text.endswith("Run the same command again then, or with --wait to stay till it is done.")
    assert "wait for cold storage. Run the same command again later" in told(result_of(totals=totals))
    assert result_of(totals=totals).exit_status == 75
    assert result_of(totals=replace(totals, failed=1)).exit_status == 1
    assert "to thaw            1" in told(result_of(totals=totals, dry_run=True))


def test_the_first_failures_are_named_and_the_rest_counted() -> None:
    """Ten failures are told with their reasons; one without a key by its reason alone."""
    failures = tuple(replace(FAILED, key=f"key-{number}") for number in range(15))
    text = told(result_of(totals=Totals(failed=15), failures=(replace(FAILED, key=""), *failures)))
    assert "\n  the server said no\n  key-0: the server said no\n" in text
    assert "key-8:" in text
    assert "key-9:" not in text
    assert "and 5 more" in text


def test_a_comparison_has_words_of_its_own() -> None:
    """verify tells what is equal and what is not; its differences stand above, and are not told twice."""
    result = result_of(totals=Totals(skipped_proven=5, failed=1), failures=(FAILED,))
    text = told(result, verb="verify", rows=Rows.DIFFERENCES)
    assert "equal              5" in text
    assert "different          1" in text
    assert FAILED.key + ":" not in text
    assert "transfer sync makes them equal; --delete removes what only the target has." in text


def test_a_dry_run_says_what_would_be() -> None:
    """Nothing was copied, so nothing is said to have been."""
    text = told(result_of(dry_run=True))
    assert "to copy" in text
    assert "copied" not in text
    assert "sent" not in text


def test_a_removal_speaks_of_deletions_alone() -> None:
    """Also where there was nothing to delete."""
    assert "deleted            0" in told(result_of(totals=Totals()), verb="rm")
    assert "copied" not in told(result_of(totals=Totals()), verb="rm")


def test_names_in_a_summary_are_harmless() -> None:
    """Escape sequences in keys and errors are spelt out."""
    failure = replace(FAILED, key="\x1b[31mred", error="no\r\nway")
    text = told(result_of(totals=Totals(failed=1), failures=(failure,)))
    assert "\\x1b[31mred: no\\x0d\\x0away" in text
