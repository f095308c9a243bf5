"""Descriptions of archives: mtglacier's are written, those of several tools are read."""

from transfer_glacier.descriptions.described import Described
from transfer_glacier.descriptions.mtglacier import NAME_BYTES, describe, room
from transfer_glacier.descriptions.reading import named, read

__all__ = ["NAME_BYTES", "Described", "describe", "named", "read", "room"]
