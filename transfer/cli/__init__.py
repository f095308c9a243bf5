"""The command line: arguments in, engine out. The only place that prints."""

import gc

from transfer.cli.start import prepare

_ALLOCATIONS = 50_000
"""Between two searches for cycles of garbage: more than a start makes. Python's own 700 cost an eighth of it, and find
nothing; long runs make so few cycles that the figure is the same to them."""


def main() -> None:
    """What the command ``transfer`` runs."""
    prepare()
    from transfer.cli.app import app  # noqa: PLC0415 - nothing goes before the line above

    gc.set_threshold(_ALLOCATIONS)
    app.main(prog_name="transfer")
