"""One gzip member laid together from parts."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from vr_exporter.metrics.deflate import HEAD, deflate, inflate, joined, sum_of, tail

PARTS = st.lists(st.binary(max_size=2000), max_size=8)


def member(parts: list[bytes]) -> bytes:
    """Lay the parts together as a page does."""
    whole = joined(sum_of(part) for part in parts)
    return HEAD + b"".join(deflate(part) for part in parts) + tail(whole)


@given(PARTS)
def test_the_parts_make_one_member_with_a_right_checksum(parts: list[bytes]) -> None:
    """A reader that stops after the first member has read everything."""
    reader = zlib.decompressobj(wbits=31)
    assert reader.decompress(member(parts)) == b"".join(parts)
    assert reader.eof
    assert reader.unused_data == b""
    assert gzip.decompress(member(parts)) == b"".join(parts)


@given(PARTS)
def test_the_joined_sum_is_that_of_the_joined_bytes(parts: list[bytes]) -> None:
    """CRC-32 and length, as if all had been summed at once."""
    assert joined(sum_of(part) for part in parts) == sum_of(b"".join(parts))


def test_a_large_part_is_summed_right() -> None:
    """Lengths of many megabytes shift a checksum far."""
    parts = [b"a" * 3_000_000, b"bc" * 5_000_001]
    assert joined(map(sum_of, parts)).crc == zlib.crc32(b"".join(parts))


@given(st.binary(max_size=5000))
def test_a_part_inflates_to_what_it_was(plain: bytes) -> None:
    """The plain form can be had back."""
    assert inflate(deflate(plain)) == plain
