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

_STATUS = (200, 599)
_MEBIBYTES = (1, 1000)
VALUE_RANGES: dict[str, tuple[float, float]] = {
    "error": _STATUS,
    "bare_error": _STATUS,
    "html_error": _STATUS,
    "sync_error": _STATUS,
    "slow": (0, 3600),
    "gzip_bomb": _MEBIBYTES,
    "too_large": _MEBIBYTES,
    "too_large_chunked": _MEBIBYTES,
    "long_string": _MEBIBYTES,
    "deep_nesting": (1, 10_000_000),
    "clock_skew": (-1_000_000_000, 1_000_000_000),
    "shifting_pages": (1, 1_000_000),
    "wrong_total": (-1_000_000, 1_000_000),
    "many_rows": (0, 1_000_000_000),
    "impossible_progress": (-1_000_000, 1_000_000),
}
"""The kinds whose value is a number, and from where to where it may go."""
