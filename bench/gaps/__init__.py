"""What is known of rows that miss a target: where their time goes, and what was tried against it.

A file for each row, by its name, printed with the row for as long as it misses a target.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def gap(row: str) -> str | None:
    """The text of a row, by its name; None where there is none."""
    try:
        return (_HERE / f"{row}.md").read_text().strip()
    except FileNotFoundError:
        return None
