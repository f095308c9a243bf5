"""Why a row can't be run."""

from __future__ import annotations


class Unavailable(Exception):
    """This machine lacks what a row needs. The message stands in the results, and the bench goes on."""
