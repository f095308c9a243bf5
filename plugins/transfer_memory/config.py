"""What ``memory://bucket/prefix`` can do, and how a location becomes a place in a bucket."""

from __future__ import annotations

from collections.abc import Mapping

from transfer.errors import Misconfigured
from transfer.model import Algorithm
from transfer.plugin import Capabilities, Limits, Location, Origin

CAPABILITIES = Capabilities(
    ordered=True,
    multipart=True,
    copy=True,
    update=True,
    if_absent=True,
    user_metadata=True,
    headers=True,
    tags=True,
    storage_classes=True,
    verifies=(Algorithm.CRC64NVME, Algorithm.MD5),
    keeps=(Algorithm.CRC64NVME,),
)
LIMITS = Limits(max_key=1024, delete_batch=1000)
SETTINGS: Mapping[str, str] = {}
PAGE = 1000
"""Keys in one page of a listing."""


def origin_of(location: Location) -> Origin:
    """Where the location's objects are. Raises Misconfigured without a bucket's name."""
    if not location.container:
        raise Misconfigured(f"'{location.url}' names no bucket: write memory://bucket/prefix")
    folder = location.path.strip("/")
    return Origin("memory:", "", location.container, f"{folder}/" if folder else "")
