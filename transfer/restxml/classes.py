"""Storage classes: what another provider calls the like of one.

The tiers are those that providers' own price lists compare: how soon an object can be read, and how often it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from transfer.restxml.dialect import Dialect

STANDARD = ("STANDARD", "Standard", "MAZ_STANDARD")
"""What is used where nothing is said."""
OUTSIDE_S3 = frozenset(
    {
        *("IA", "Archive", "ColdArchive", "DeepColdArchive"),
        *("LINE", "MAZ_STANDARD_IA", "MAZ_INTELLIGENT_TIERING", "MAZ_ARCHIVE"),
    }
)
"""Names that no server which speaks S3's protocol has, but for their provider's own."""
TIERS: Mapping[str, str] = {
    "STANDARD_IA": "infrequent",
    "ONEZONE_IA": "infrequent",
    "MAZ_STANDARD_IA": "infrequent",
    "IA": "infrequent",
    "LINE": "infrequent",
    "INTELLIGENT_TIERING": "automatic",
    "MAZ_INTELLIGENT_TIERING": "automatic",
    "GLACIER_IR": "instant",
    "COLD": "instant",
    "MAZ_COLD": "instant",
    "GLACIER": "archive",
    "ARCHIVE": "archive",
    "MAZ_ARCHIVE": "archive",
    "Archive": "archive",
    "ColdArchive": "cold archive",
    "DEEP_ARCHIVE": "deep archive",
    "DeepColdArchive": "deep archive",
}
"""The tier of each class whose name tells it."""


def class_there(dialect: Dialect, name: str) -> str | None:
    """The class that ``name``, perhaps another provider's, is in ``dialect``; None where it has none like it."""
    if name in dialect.own_classes:
        return name
    return dialect.classes.get(TIERS.get(name, ""))
