"""Costs, worked out by hand; and tables of prices, ours and users'."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.costs import Estimate
from transfer.errors import Misconfigured
from transfer_glacier.estimate import early_deletion, nothing, retrieval, storage, uploads
from transfer_glacier.prices import ELSEWHERE, Prices, bundled, read_table

GB = 1024**3
DAY = 86_400
NOW = 1_700_000_000

TABLE = """
date = "2030-01-02"
currency = "EUR"
source = "our contract"
minimum_days = 10
overhead_bytes = 0
[regions.here]
storage = 3
upload = 0.5
transfer_out = 0
retrieval.standard = { gb = 1.5, requests = 2 }
assumed = ["upload"]
"""


@pytest.fixture(name="east")
def _east() -> Prices:
    return bundled().prices("us-east-1")


def exactly(estimate: Estimate) -> Decimal:
    return estimate.total.normalize()


def test_standard_retrieval_by_hand(east: Prices) -> None:
    """The example of AWS's own pages: 15,000,000 objects, 102,400 GB: 750 for the requests and 1,024 for the bytes."""
    found = retrieval(east, "standard", 15_000_000, 102_400 * GB)
    assert [charge.amount for charge in found.charges] == [750, 1024]
    assert str(found) == (
        "About 1,774.00 USD (prices of 2026-10-03, us-east-1, before taxes): 750.00 for 15,000,000 standard requests, "
        "1,024.00 for 102,400.00 GB retrieved."
    )


def test_the_other_tiers_by_hand(east: Prices) -> None:
    """1,000 requests and 100 GB: 10 + 3 expedited, 0.025 + 0.25 in bulk, which are assumed."""
    assert exactly(retrieval(east, "expedited", 1000, 100 * GB)) == 13
    bulk = retrieval(east, "bulk", 1000, 100 * GB)
    assert exactly(bulk) == Decimal("0.275")
    assert str(bulk).endswith("0.03 for 1,000 bulk requests (assumed), 0.25 for 100.00 GB retrieved (assumed).")


def test_what_leaves_aws_costs_more_than_its_retrieval(east: Prices) -> None:
    """100 GB: 1 for the retrieval, 9 for the way out."""
    found = retrieval(east, "standard", 0, 100 * GB, leaving=100 * GB)
    assert exactly(found) == 10
    assert "9.00 for 100.00 GB sent out of AWS" in str(found)


def test_uploads_by_hand(east: Prices) -> None:
    """0.03 for 1,000."""
    assert exactly(uploads(east, 50_000)) == Decimal("1.5")
    assert str(uploads(east, 1)).endswith(": 0.01 for 1 upload request.")


def test_storage_by_hand(east: Prices) -> None:
    """1,000 GB in 32,768 archives, each with 32 KiB more, which are one GB: 1,001 x 0.0036."""
    assert exactly(storage(east, 32_768, 1000 * GB)) == Decimal("3.6036")


def test_early_deletion_by_hand(east: Prices) -> None:
    """100 GB after 30 days: two months, 0.72, and 32 KiB of them; after 90 days or more nothing."""
    overhead = 2 * Decimal("0.0036") * 32_768 / GB
    assert early_deletion(east, [(100 * GB, NOW - 30 * DAY)], NOW).total == Decimal("0.72") + overhead
    assert early_deletion(east, [(100 * GB, NOW - 90 * DAY), (GB, 0)], NOW) == nothing(east)


def test_early_deletion_names_how_many(east: Prices) -> None:
    """Only the young ones; one that a clock ahead of ours made is as one made now."""
    deleted = [(GB, NOW), (GB, NOW + 5 * DAY), (GB, NOW - 100 * DAY)]
    found = early_deletion(east, deleted, NOW)
    assert found.total == 2 * early_deletion(east, deleted[:1], NOW).total
    assert str(found).endswith(": 0.03 for 2 archives younger than 90 days.")


@given(
    st.lists(st.tuples(st.integers(0, 2**45), st.integers(-200 * DAY, DAY)), max_size=10),
    st.integers(0, 200 * DAY),
)
def test_waiting_never_makes_a_deletion_dearer(deleted: list[tuple[int, int]], later: int) -> None:
    """The sum falls with time, and is never more than the whole minimum."""
    east = bundled().prices("us-east-1")
    archives = [(size, NOW + offset) for size, offset in deleted]
    now, then = early_deletion(east, archives, NOW).total, early_deletion(east, archives, NOW + later).total
    whole = 3 * storage(east, len(deleted), sum(size for size, _ in deleted)).total
    assert 0 <= then <= now <= whole + Decimal("1e-9")


def test_estimates_add_up(east: Prices) -> None:
    """A plan that overwrites pays for uploads and for early deletions."""
    both = uploads(east, 1000).plus(early_deletion(east, [(100 * GB, NOW)], NOW))
    assert len(both.charges) == 2
    assert both.total == uploads(east, 1000).total + early_deletion(east, [(100 * GB, NOW)], NOW).total


def test_nothing_costs_nothing(east: Prices) -> None:
    """In a sentence of its own."""
    assert retrieval(east, "bulk", 0, 0) == nothing(east)
    assert str(nothing(east)) == "Nothing to pay for (prices of 2026-10-03, us-east-1)."


def test_our_table_is_whole() -> None:
    """Every region has all tiers; regions that it does not name are assumed to be dear, and say so."""
    table = bundled()
    for prices in table.regions.values():
        assert set(prices.retrieval) == {"expedited", "standard", "bulk"}
        rates = [prices.retrieval[tier] for tier in ("expedited", "standard", "bulk")]
        assert rates == sorted(rates, key=lambda rate: rate.gb, reverse=True)
        assert prices.terms.minimum_days == 90
    assert table.prices("ap-south-1").region == ELSEWHERE
    assert str(storage(table.prices("ap-south-1"), 1, GB)).endswith("1.00 GB (assumed).")
    assert table.prices("eu-west-1").region == "eu-west-1"


def test_a_users_table_replaces_ours(tmp_path: Path) -> None:
    """With its own currency, and without regions of ours."""
    path = tmp_path / "prices.toml"
    path.write_text(TABLE)
    table = read_table(str(path))
    here = table.prices("here")
    assert str(retrieval(here, "standard", 1000, 2 * GB)).startswith("About 5.00 EUR (prices of 2030-01-02, here, ")
    assert early_deletion(here, [(GB, NOW - 5 * DAY)], NOW).total == Decimal("0.5")
    assert uploads(here, 1000).charges[0].assumed
    with pytest.raises(Misconfigured, match=r"prices\.toml has no prices for the region us-east-1; add \[regions"):
        table.prices("us-east-1")
    with pytest.raises(Misconfigured, match="no price for bulk retrievals in here; there is for standard"):
        retrieval(here, "bulk", 1, 1)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("storage = 3", "", "regions.here.storage must be a number"),
        ("storage = 3", "storage = true", "regions.here.storage must be a number"),
        ("storage = 3", "storage = -3", "regions.here.storage must be 0 or more"),
        ("storage = 3", "storage = nan", "regions.here.storage must be 0 or more"),
        ("storage = 3", "storage = 3\nstorrage = 3", "regions.here.storrage is unknown; know storage, "),
        ("requests = 2", "request = 2", "regions.here.retrieval.standard.request is unknown"),
        ("retrieval.standard", "retrieval.slow", "regions.here.retrieval.slow is unknown; know expedited, "),
        ('["upload"]', '["uploads"]', "regions.here.assumed must be a list of names among "),
        ('"EUR"', "7", "currency must be a text in quotes"),
        ("[regions.here]", "[prices.here]", "prices is unknown"),
        ("date =", "date", "are not TOML"),
    ],
)
def test_wrong_tables_are_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    """With the path, the name and what is wrong with it."""
    path = tmp_path / "prices.toml"
    path.write_text(TABLE.replace(old, new))
    with pytest.raises(Misconfigured) as caught:
        read_table(str(path))
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    """In a sentence."""
    with pytest.raises(Misconfigured, match=r"can't be read: No such file or directory\.$"):
        read_table(str(tmp_path / "none.toml"))
