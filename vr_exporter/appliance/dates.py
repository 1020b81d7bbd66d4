"""Dates as HTTP writes them in headers."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime


def http_date(text: str | None) -> float | None:
    """Read a date of a header as seconds since 1970; None where it is none."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
