"""The checkpoint: one SQLite file for each pair of source and target, which makes a run resumable."""

from transfer.checkpoint.checkpoint import Checkpoint
from transfer.checkpoint.jobs import JobSummary, last_sign, set_aside, summaries, summary_of
from transfer.checkpoint.kept import Kept
from transfer.checkpoint.lock import Holder
from transfer.checkpoint.places import files_of, folder_of, path_of
from transfer.checkpoint.records import (
    NOTHING_WAITS,
    Alike,
    Asked,
    Backup,
    Failure,
    Look,
    OpenUpload,
    Pair,
    Parked,
    Row,
    Waiting,
)

__all__ = [
    "NOTHING_WAITS",
    "Alike",
    "Asked",
    "Backup",
    "Checkpoint",
    "Failure",
    "Holder",
    "JobSummary",
    "Kept",
    "Look",
    "OpenUpload",
    "Pair",
    "Parked",
    "Row",
    "Waiting",
    "files_of",
    "folder_of",
    "last_sign",
    "path_of",
    "set_aside",
    "summaries",
    "summary_of",
]
