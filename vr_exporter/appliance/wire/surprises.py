"""What was odd in an answer and tolerated, counted by kind (fault-matrix R10)."""

from __future__ import annotations

import logging
from collections import Counter

from vr_exporter.appliance.errors import printable

log = logging.getLogger(__name__)

_SHOWN_CHARACTERS = 80


class Surprises:
    """Counts oddities by kind, one of `SURPRISE_KINDS`; values go to the debug log only.

    `noted` is how many there were in all.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.noted = 0

    def note(self, kind: str, field: str, value: object = None) -> None:
        """Count one oddity."""
        self.counts[kind] += 1
        self.noted += 1
        if log.isEnabledFor(logging.DEBUG):
            shown = printable(repr(value)[: 2 * _SHOWN_CHARACTERS], _SHOWN_CHARACTERS)
            log.debug("odd value", extra={"kind": kind, "field": field, "value": shown})
