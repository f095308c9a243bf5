"""The options that these commands share."""

from __future__ import annotations

from transfer.cli import choices as choose
from transfer.cli.command import together
from transfer.cli.values import parse_count
from transfer.options import Options

_places = choose.Section("Places")
_effort = choose.Section("Effort")
_cost = choose.Section("Cost")
_effect = choose.Section("What is done")

RETRIES = _effort.value(
    "--retries",
    read=parse_count,
    default=Options().retries,
    metavar="N",
    help=f"Tries again for each call ({Options().retries}).",
)
PLACES = together(choose.SOURCE, choose.CONFIG)
JOURNAL = _places.file("--vault-journal", help="The vault's journal, in place of the setting 'journal'.")
PRICES = _cost.file("--prices", help="A table of prices, in place of the one that comes with it.")
WAIT = _effect.flag("--wait", help="Stay until the inventory is there, which takes hours.")
