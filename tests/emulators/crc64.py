"""CRC-64/XZ, by the system's liblzma; it is none of the code that the plugins use."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from functools import cache


def crc64(data: bytes, value: int = 0) -> int:
    """The checksum of ``data`` after what gave ``value``."""
    return _function()(data, value)


@cache
def _function() -> Callable[[bytes, int], int]:
    name = ctypes.util.find_library("lzma")
    if name is None:
        return _slow()
    function = ctypes.CDLL(name).lzma_crc64
    function.restype = ctypes.c_uint64
    function.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64)

    def fast(data: bytes, value: int) -> int:
        result: int = function(data, len(data), value)
        return result

    return fast


def _slow() -> Callable[[bytes, int], int]:
    """Byte by byte, for machines without the library."""
    table = []
    for byte in range(256):
        entry = byte
        for _ in range(8):
            entry = entry >> 1 ^ (0xC96C5795D7870F42 if entry & 1 else 0)
        table.append(entry)

    def slow(data: bytes, value: int) -> int:
        value ^= 0xFFFFFFFFFFFFFFFF
        for byte in data:
            value = table[(value ^ byte) & 0xFF] ^ value >> 8
        return value ^ 0xFFFFFFFFFFFFFFFF

    return slow
