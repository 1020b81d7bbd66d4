"""One gzip member laid together from parts that were deflated alone (RFC 1951, RFC 1952).

Many clients stop after the first member of a gzip body, so a page must be one. Each part ends at
a byte, by a full flush; the checksum of the whole follows from those of the parts.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

_engine: ModuleType = zlib
with suppress(ImportError):
    _engine = import_module("isal.isal_zlib")

LEVEL = 1
_RAW = -15
_POLYNOMIAL = 0xEDB88320
_NO_NAME_NO_TIME = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_EMPTY_LAST_BLOCK = b"\x03\x00"

HEAD = _NO_NAME_NO_TIME
"""What a gzip member begins with."""

_Matrix = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """CRC-32 and length of some plain bytes, which is all that a gzip member tells at its end."""

    crc: int = 0
    size: int = 0

    def then(self, other: Sum) -> Sum:
        """The sum of these bytes with others behind them."""
        return Sum(_shifted(self.crc, other.size) ^ other.crc, self.size + other.size)


def sum_of(plain: bytes) -> Sum:
    """Sum some bytes."""
    return Sum(_engine.crc32(plain), len(plain))


def joined(sums: Iterable[Sum]) -> Sum:
    """The sum of bytes that stand one behind the other."""
    whole = Sum()
    for each in sums:
        whole = whole.then(each)
    return whole


def deflate(plain: bytes) -> bytes:
    """Compress some bytes into a part of a member."""
    engine = _engine.compressobj(LEVEL, zlib.DEFLATED, _RAW)
    part: bytes = engine.compress(plain) + engine.flush(zlib.Z_FULL_FLUSH)
    return part


def inflate(part: bytes) -> bytes:
    """What was deflated."""
    plain: bytes = _engine.decompressobj(_RAW).decompress(part)
    return plain


def tail(whole: Sum) -> bytes:
    """What ends a gzip member whose parts have this sum."""
    return _EMPTY_LAST_BLOCK + struct.pack("<II", whole.crc, whole.size & 0xFFFFFFFF)


def _shifted(crc: int, size: int) -> int:
    """A checksum moved on by so many zero bytes: the way to join checksums (as zlib does)."""
    power = 0
    while size and crc:
        if size & 1:
            crc = _times(_zero_bytes(power), crc)
        size >>= 1
        power += 1
    return crc


@cache
def _zero_bytes(power: int) -> _Matrix:
    """The operator over GF(2) of 2 to the `power` zero bytes."""
    if power:
        half = _zero_bytes(power - 1)
        return tuple(_times(half, row) for row in half)
    one_bit = (_POLYNOMIAL, *(1 << bit for bit in range(31)))
    two_bits = tuple(_times(one_bit, row) for row in one_bit)
    four_bits = tuple(_times(two_bits, row) for row in two_bits)
    return tuple(_times(four_bits, row) for row in four_bits)


def _times(matrix: _Matrix, vector: int) -> int:
    product = 0
    for row in matrix:
        if vector & 1:
            product ^= row
        vector >>= 1
    return product
