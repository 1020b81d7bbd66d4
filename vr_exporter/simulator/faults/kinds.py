"""The table of all kinds of faults, in the order in which `simulate --help` shows them."""

from __future__ import annotations

from vr_exporter.simulator.faults.answers import ANSWER_KINDS
from vr_exporter.simulator.faults.fault import Kind
from vr_exporter.simulator.faults.listings import DOCUMENT_KINDS, LISTING_KINDS
from vr_exporter.simulator.faults.requests import REQUEST_KINDS, SITE_KINDS
from vr_exporter.simulator.faults.rows import ROW_KINDS

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        *SITE_KINDS,
        *REQUEST_KINDS,
        *ANSWER_KINDS,
        *LISTING_KINDS,
        *DOCUMENT_KINDS,
        *ROW_KINDS,
    )
}

NUMBERED = frozenset(
    {
        "error",
        "bare_error",
        "gzip_bomb",
        "too_large",
        "too_large_chunked",
        "deep_nesting",
        "clock_skew",
        "sync_error",
        "shifting_pages",
        "wrong_total",
        "many_rows",
        "impossible_progress",
        "long_string",
    }
)
"""The kinds whose value is a number."""
