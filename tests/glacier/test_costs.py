"""What a run is going to cost at a vault, what it did cost, and ``--max-cost``."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from tests.glacier.test_command_line import remote, run
from tests.glacier.vaultplace import VaultPlace
from transfer.errors import Denied
from transfer.model import Page
from transfer_glacier import listing

__all__ = ["remote"]

PRICES = """
date = "2026-01-01"
currency = "USD"
source = "made up"
minimum_days = 90
overhead_bytes = 0
[regions.us-east-1]
storage = 1073741824      # a dollar for a byte and month
upload = 1000             # a dollar a request
transfer_out = 0
retrieval.standard = { gb = 1073741824, requests = 1000 }
retrieval.bulk = { gb = 0, requests = 10 }
"""


@contextmanager
def broken_listing() -> Iterator[None]:
    """Vaults can't be listed."""

    async def fails(*_: object, **__: object) -> AsyncIterator[Page]:
        raise Denied("it is forbidden to look")
        yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "pages", fails)
        yield


@pytest.fixture
def priced(remote: Path) -> Path:
    """The same, with prices that are easy to add up."""
    (remote / "prices.toml").write_text(PRICES)
    with (remote / "transfer.toml").open("a") as config:
        config.write(f'prices = "{remote / "prices.toml"}"\n')
    return remote


def told(*arguments: str) -> tuple[int, dict[str, object]]:
    """Exit status, and the last line as JSON."""
    status, said = run(*arguments, "--json")
    return status, json.loads(said.splitlines()[-1])


def totals(body: dict[str, object]) -> list[Decimal]:
    """What is charged, of each place."""
    costs = body["costs"]
    assert isinstance(costs, list)
    return [Decimal(cost["total"]) for cost in costs]


def test_a_plan_tells_what_it_costs_to_get_things_back(priced: Path, place: VaultPlace) -> None:
    assert run("sync", "tree", "vaults://vault")[0] == 0
    status, said = run("sync", "vaults://vault", "out", "--dry-run")
    assert status == 0
    assert (
        "At vaults://vault/: About 5.00 USD (prices of 2026-01-01, us-east-1, before taxes): "
        "1.00 for 1 standard request, 4.00 for 0.00 GB retrieved."
    ) in said
    assert totals(told("sync", "vaults://vault", "out", "--dry-run", "--tier", "bulk")[1]) == [Decimal("0.01")]
    assert place.jobs == []


def test_what_costs_more_is_refused_before_anything_is_asked_for(priced: Path, place: VaultPlace) -> None:
    assert run("sync", "tree", "vaults://vault")[0] == 0
    status, said = run("sync", "vaults://vault", "out", "--max-cost", "4.99")
    assert status == 3, said
    assert "this would cost about 5.00 USD, which is more than --max-cost 4.99 allows; nothing was asked for" in said
    assert place.jobs == []
    status, body = told("sync", "vaults://vault", "out", "--max-cost", "5")
    assert (status, totals(body), len(place.jobs)) == (75, [Decimal(5)], 1)


def test_what_was_asked_for_before_costs_nothing_more(priced: Path, place: VaultPlace) -> None:
    assert run("sync", "tree", "vaults://vault")[0] == 0
    assert run("sync", "vaults://vault", "out")[0] == 75
    status, body = told("sync", "vaults://vault", "out", "--max-cost", "0")
    assert (status, totals(body)) == (75, [])
    place.turn(hours=5)
    assert run("sync", "vaults://vault", "out", "--max-cost", "0")[0] == 0
    assert (priced / "out" / "a").read_bytes() == b"data"


def test_what_is_replaced_early_is_paid_for(priced: Path, place: VaultPlace) -> None:
    """And so are the requests that write: three for each archive of one part."""
    status, body = told("sync", "tree", "vaults://vault", "--dry-run")
    assert (status, totals(body)) == (0, [Decimal(3)])
    status, body = told("sync", "tree", "vaults://vault")
    assert (status, totals(body)) == (0, [Decimal(3)])
    (priced / "tree" / "a").write_bytes(b"other")
    status, said = run("sync", "tree", "vaults://vault", "--dry-run")
    assert status == 0
    assert "About 15.00 USD" in said, said
    assert "3.00 for 3 upload requests, 12.00 for 1 archive younger than 90 days" in said
    status, said = run("sync", "tree", "vaults://vault", "--max-cost", "14")
    assert status == 3, said
    assert [archive.size for archive in place.archives] == [4]
    status, body = told("sync", "tree", "vaults://vault", "--max-cost", "15")
    assert (status, [round(total) for total in totals(body)]) == (0, [15])


def test_older_archives_that_are_kept_cost_nothing(priced: Path, place: VaultPlace) -> None:
    keeping = ("--target-option", "keep_versions=true")
    assert run("sync", "tree", "vaults://vault", *keeping)[0] == 0
    (priced / "tree" / "a").write_bytes(b"other")
    assert totals(told("sync", "tree", "vaults://vault", "--dry-run", *keeping)[1]) == [Decimal(3)]
    assert totals(told("sync", "tree", "vaults://vault", *keeping)[1]) == [Decimal(3)]


def test_versions_that_go_are_paid_for(priced: Path, place: VaultPlace) -> None:
    """Only the newest is replaced; all of a name are deleted, unless they are kept."""
    keeping = ("--target-option", "keep_versions=true")
    for data, mtime in ((b"data", 1_000_000_000), (b"other", 1_000_000_010)):
        (priced / "tree" / "a").write_bytes(data)
        os.utime(priced / "tree" / "a", (mtime, mtime))
        assert run("sync", "tree", "vaults://vault", *keeping)[0] == 0
    assert len(place.archives) == 2
    (priced / "tree" / "a").write_bytes(b"the third")
    assert [round(total) for total in totals(told("sync", "tree", "vaults://vault", "-n")[1])] == [3 + 15]
    (priced / "tree" / "a").rename(priced / "tree" / "b")
    delete = ("sync", "tree", "vaults://vault", "--delete", "-n")
    assert [round(total) for total in totals(told(*delete)[1])] == [3 + 15 + 12]
    assert [round(total) for total in totals(told(*delete, *keeping)[1])] == [3 + 15]


def test_what_is_deleted_early_is_paid_for(priced: Path, place: VaultPlace) -> None:
    (priced / "tree" / "b").write_bytes(b"more data")
    assert run("sync", "tree", "vaults://vault")[0] == 0
    (priced / "tree" / "b").unlink()
    delete = ("sync", "tree", "vaults://vault", "--delete")
    status, body = told(*delete, "--dry-run")
    assert (status, [round(total) for total in totals(body)]) == (0, [27])
    assert run(*delete, "--max-cost", "20")[0] == 3
    assert len(place.archives) == 2
    status, body = told(*delete, "--max-cost", "27.01")
    assert (status, [round(total) for total in totals(body)], len(place.archives)) == (0, [27], 1)


def test_a_plan_that_is_not_whole_is_refused(priced: Path, place: VaultPlace) -> None:
    """What a failed listing did not tell of would be paid for unseen."""
    assert run("sync", "tree", "vaults://vault")[0] == 0
    with broken_listing():
        status, said = run("sync", "vaults://vault", "out", "--max-cost", "100")
    assert status == 3, said
    assert "a listing failed, so nobody knows what this costs" in said
    assert place.jobs == []


def test_a_missing_price(priced: Path, place: VaultPlace) -> None:
    """It stops a plan, and not a run that has done its work."""
    assert run("sync", "tree", "vaults://vault")[0] == 0
    fast = ("sync", "vaults://vault", "out", "--tier", "expedited")
    for more in (["--dry-run"], ["--max-cost", "1"]):
        status, said = run(*fast, *more)
        assert (status, place.jobs) == (2, []), said
        assert "There is no price for expedited retrievals in us-east-1" in said
    status, said = run(*fast)
    assert (status, len(place.jobs)) == (75, 1)
    assert "What this comes to is not known: There is no price for expedited" in said


def test_one_object(priced: Path, place: VaultPlace) -> None:
    assert run("sync", "tree", "vaults://vault")[0] == 0
    assert run("copy", "vaults://vault/a", "b", "--max-cost", "4")[0] == 3
    assert run("copy", "vaults://vault/a", "b", "--max-cost", "5")[0] == 75
    status, said = run("copy", "tree/a", "vaults://vault/a", "--max-cost", "4")
    assert status == 3, said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sync", "tree", "out", "--max-cost", "1"], "nothing is known of what is charged for at"),
        (
            ["sync", "tree", "vaults://vault", "--max-cost", "much"],
            "'much' is no amount; write a number like 20",
        ),
        (["sync", "tree", "vaults://vault", "--max-cost", "-1"], "--max-cost must be 0 or more"),
        (["sync", "tree", "vaults://vault", "--max-cost", "nan"], "--max-cost must be 0 or more"),
        (["copy", "vaults://vault/a", "-", "--max-cost", "1"], "--max-cost"),
        (
            ["sync", "tree", "vaults://vault", "--target-option", "prices=none.toml"],
            "The prices in none.toml can't be read: No such file or directory",
        ),
        (["ls", "vaults://vault", "--source-option", "prices=tree/a"], "The prices in tree/a are not TOML"),
    ],
)
def test_misuse_is_one_sentence(remote: Path, arguments: list[str], words: str) -> None:
    status, said = run(*arguments)
    assert (status, said.count("\n")) == (2, 1), said
    assert words in said
