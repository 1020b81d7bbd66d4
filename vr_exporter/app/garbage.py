"""How often the interpreter looks for garbage in cycles: seldom, as our values make none."""

from __future__ import annotations

import gc

_YOUNG = 50_000
_OLD = 50


def look_seldom() -> None:
    """Let a poll of ten thousand rows, or an import, not be searched again and again.

    A snapshot is a tree: it goes when nobody refers to it. With Python's usual 700 objects the
    search took two fifths of such a poll (`python -m benchmarks --case cycle`).
    The interpreter has nearly counted to its first larger search when it is up, which would fall
    into the imports and take 20 ms of them: a small one now lets it count anew.
    """
    gc.collect(1)
    gc.set_threshold(_YOUNG, 10, _OLD)
