"""What `_meta.errors` tells of rows that lack what the far side of a pairing knows (A57)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from vr_exporter.appliance.wire.fields import given
from vr_exporter.appliance.wire.shapes import MetadataList, MetaError

_DOWN = "serverdown"
"""The codes are not published: the word is looked for in whatever case and separators."""

_NO_LETTER = re.compile(r"[^a-z]")
_ROW = re.compile(r"list\W*\[(\d{1,9})\]")


def is_far_side_down(meta: MetadataList) -> bool:
    """Whether something is left out because the far side is down, not for want of a login."""
    return any(_tells_down(error) for error in given(meta.errors) or ())


def rows_cut_off(meta: MetadataList, rows: int) -> Iterable[int]:
    """Find the rows whose far side is down: those named, all where an error names none."""
    found: set[int] = set()
    for error in given(meta.errors) or ():
        if _tells_down(error):
            named = _ROW.search(given(error.field) or "")
            found.update([int(named[1])] if named else range(rows))
    return found & set(range(rows))


def _tells_down(error: MetaError) -> bool:
    return _DOWN in _NO_LETTER.sub("", (given(error.code) or "").lower())
