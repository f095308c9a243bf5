"""Pairs in which each place is the source once, and the target once."""

from __future__ import annotations

KINDS = ("disk", "s3", "oss", "cos", "kodo")
RING = [("disk", "s3"), ("s3", "oss"), ("oss", "cos"), ("cos", "kodo"), ("kodo", "disk")]
