"""What Glacier charges: a table of prices, which users can replace by one of theirs.

Amounts are decimal numbers in the currency of the table. Nothing here is a bill: free tiers, discounts and taxes are
not in it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import Any

from transfer.errors import Misconfigured

ELSEWHERE = "elsewhere"
"""The region of the table whose prices are assumed for regions that it does not name."""
_TIERS = ("expedited", "standard", "bulk")
_PRICES = ("storage", "upload", "transfer_out")
_BUNDLED = "prices.toml"


@dataclass(frozen=True, slots=True)
class Rate:
    """Of one tier of retrievals."""

    gb: Decimal
    thousand: Decimal
    """For 1,000 requests."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all regions of a table, which is as of ``date``."""

    date: str
    currency: str
    minimum_days: int
    """Of storage that is paid for in any case."""
    overhead: int
    """Bytes that are stored, and paid for, beside each archive's own."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Of one region. ``assumed`` names those that were not found published: ``storage``, ``retrieval.bulk``, …"""

    region: str
    terms: Terms
    storage: Decimal
    """For a GB and month."""
    upload: Decimal
    """For 1,000 requests."""
    transfer_out: Decimal
    """For a GB out of AWS."""
    retrieval: Mapping[str, Rate]
    """By tier, in small letters."""
    assumed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """All regions' prices, from ``file``, which says where it has them from."""

    file: str
    source: str
    regions: Mapping[str, Prices]

    def prices(self, region: str) -> Prices:
        """Raises Misconfigured for a region that the table neither names nor has prices to assume for."""
        found = self.regions.get(region) or self.regions.get(ELSEWHERE)
        if found is None:
            raise Misconfigured(f"{self.file} has no prices for the region {region}; add [regions.{region}] to it.")
        return found


def bundled() -> Table:
    """The table that comes with this package."""
    return _table(tomllib.loads(_text(), parse_float=Decimal), _BUNDLED)


def read_table(path: str) -> Table:
    """A user's table, which replaces ours. Raises Misconfigured for what can't be read or used."""
    try:
        with open(path, "rb") as file:
            document = tomllib.load(file, parse_float=Decimal)
    except OSError as error:
        raise Misconfigured(f"The prices in {path} can't be read: {error.strerror}.") from None
    except ValueError as error:
        raise Misconfigured(f"The prices in {path} are not TOML: {error}.") from None
    return _table(document, path)


def _text() -> str:
    return resources.files("transfer_glacier").joinpath(_BUNDLED).read_text(encoding="utf-8")


def _table(document: Mapping[str, Any], file: str) -> Table:
    reader = _Reader(file)
    _known(document, ("date", "currency", "source", "minimum_days", "overhead_bytes", "regions"), "", file)
    terms = Terms(
        reader.text(document, "date"),
        reader.text(document, "currency"),
        int(reader.number(document, "minimum_days")),
        int(reader.number(document, "overhead_bytes")),
    )
    sections = reader.section(document, "regions")
    regions = {name: reader.prices(name, region, terms) for name, region in sections.items()}
    return Table(file, reader.text(document, "source"), regions)


class _Reader:
    """Takes values out of a document, or says which one is wrong."""

    def __init__(self, file: str) -> None:
        self._file = file

    def text(self, section: Mapping[str, Any], name: str) -> str:
        value = section.get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "must be a text in quotes")
        return value

    def number(self, section: Mapping[str, Any], name: str, where: str = "") -> Decimal:
        value = section.get(name)
        if not isinstance(value, (int, Decimal)) or isinstance(value, bool):
            raise self._wrong(where + name, "must be a number")
        number = Decimal(value)
        if not (number.is_finite() and number >= 0):
            raise self._wrong(where + name, "must be 0 or more")
        return number

    def section(self, section: Mapping[str, Any], name: str, where: str = "") -> Mapping[str, Any]:
        value = section.get(name)
        if not isinstance(value, dict):
            raise self._wrong(where + name, "must be a table")
        return value

    def prices(self, name: str, region: object, terms: Terms) -> Prices:
        where = f"regions.{name}."
        if not isinstance(region, dict):
            raise self._wrong(f"regions.{name}", "must be a table")
        _known(region, (*_PRICES, "retrieval", "assumed"), where, self._file)
        tiers = self.section(region, "retrieval", where)
        _known(tiers, _TIERS, f"{where}retrieval.", self._file)
        return Prices(
            name,
            terms,
            storage=self.number(region, "storage", where),
            upload=self.number(region, "upload", where),
            transfer_out=self.number(region, "transfer_out", where),
            retrieval={tier: self._rate(tiers, tier, f"{where}retrieval.") for tier in tiers},
            assumed=self._names(region, f"{where}assumed"),
        )

    def _rate(self, tiers: Mapping[str, Any], tier: str, where: str) -> Rate:
        rate = self.section(tiers, tier, where)
        _known(rate, ("gb", "requests"), f"{where}{tier}.", self._file)
        return Rate(self.number(rate, "gb", f"{where}{tier}."), self.number(rate, "requests", f"{where}{tier}."))

    def _names(self, region: Mapping[str, Any], where: str) -> frozenset[str]:
        names = region.get("assumed", [])
        known = {*_PRICES, *(f"retrieval.{tier}" for tier in _TIERS)}
        if not (isinstance(names, list) and known.issuperset(str(name) for name in names)):
            raise self._wrong(where, f"must be a list of names among {', '.join(sorted(known))}")
        return frozenset(names)

    def _wrong(self, name: str, what: str) -> Misconfigured:
        return Misconfigured(f"The prices in {self._file} can't be used: {name} {what}.")


def _known(section: Mapping[str, Any], names: tuple[str, ...], where: str, file: str) -> None:
    for name in section:
        if name not in names:
            known = ", ".join(names)
            raise Misconfigured(f"The prices in {file} can't be used: {where}{name} is unknown; know {known}.")
