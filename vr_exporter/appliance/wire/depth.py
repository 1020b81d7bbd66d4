"""How deep a JSON text is nested, found before any parser follows it down."""

from __future__ import annotations

DEEPEST = 64
"""Levels of nesting that a tolerant reader follows (fault-matrix R8); the vendor's pages have six.

A typed decoder goes deeper where it skips what nobody reads, and stops by itself.
"""

_OPENING = ord("[")
_ALIKE = bytes.maketrans(b"{}", b"[]")
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'{}[]"'))
_PIECE_BYTES = 64 * 1024
"""So much is parted at once: what a hostile text is parted into stays small."""


def is_too_deep(body: bytes, limit: int = DEEPEST) -> bool:
    """Whether brackets are nested deeper than the limit; all but a rest is found at C speed.

    Brackets inside strings do not count. Text that is no JSON gets an answer too, either one.
    """
    structure, levels = _brackets(body), 0
    while structure and levels < limit:
        outer = structure.replace(b"[]", b"")
        if len(outer) == len(structure):
            break
        structure, levels = outer, levels + 1
    return _depth_exceeds(structure, limit - levels)


def _brackets(body: bytes) -> bytes:
    """Return the brackets outside of strings, all of one kind."""
    if b"\\" in body:  # pairs first: only then is a backslash before a quote its own
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    structure = body.translate(_ALIKE, _NOT_STRUCTURE).replace(b'""', b"")
    return _outside_strings(structure) if b'"' in structure else structure


def _outside_strings(structure: bytes) -> bytes:
    """Leave out what stands between quotes: every second part, in pieces and at C speed."""
    kept, is_inside = bytearray(), False
    for start in range(0, len(structure), _PIECE_BYTES):
        parts = structure[start : start + _PIECE_BYTES].split(b'"')
        kept += b"".join(parts[is_inside::2])
        is_inside ^= len(parts) % 2 == 0
    return bytes(kept)


def _depth_exceeds(structure: bytes, limit: int) -> bool:
    depth = 0
    for bracket in structure:
        depth += 1 if bracket == _OPENING else -1
        if depth > limit:
            return True
    return False
