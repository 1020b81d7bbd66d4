"""Numbers as people read them: times, lengths and sizes."""

from __future__ import annotations

from datetime import UTC, datetime

from vr_exporter.web.status_page.markup import Html, markup

UNKNOWN = "\u2013"
_SPANS = ((86400, "d"), (3600, "h"), (60, "min"))
_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")
_STEP = 1000


def length(seconds: float | None) -> str:
    """A length of time in its two largest units, such as `3 h 20 min`."""
    if seconds is None:
        return UNKNOWN
    left = int(seconds)
    for index, (span, unit) in enumerate(_SPANS):
        if left >= span:
            whole, rest = divmod(left, span)
            finer = _SPANS[index + 1 : index + 2]
            parts = [f"{whole} {unit}"] + [
                f"{rest // smaller} {name}" for smaller, name in finer if rest >= smaller
            ]
            return " ".join(parts)
    return f"{left} s"


def size(count: float | None) -> str:
    """Bytes in decimal units, such as `1.5 GB`."""
    if count is None:
        return UNKNOWN
    amount, unit = float(count), 0
    while amount >= _STEP and unit < len(_SIZES) - 1:
        amount /= _STEP
        unit += 1
    return f"{amount:.0f} {_SIZES[unit]}" if unit == 0 else f"{amount:.1f} {_SIZES[unit]}"


def moment(timestamp_seconds: float | None) -> str:
    """A time in UTC, such as `2026-05-04 03:02:01 UTC`."""
    try:
        when = datetime.fromtimestamp(timestamp_seconds or 0, UTC)
    except (ValueError, OverflowError, OSError):
        return UNKNOWN
    return UNKNOWN if timestamp_seconds is None else f"{when:%Y-%m-%d %H:%M:%S} UTC"


def ago(timestamp_seconds: float | None, *, now: float) -> Html:
    """How long ago something was, with the time itself shown under the pointer."""
    if timestamp_seconds is None:
        return markup("{unknown}", unknown=UNKNOWN)
    return markup(
        '<time datetime="{instant}" title="{moment}">{length} ago</time>',
        instant=moment(timestamp_seconds).replace(" UTC", "Z").replace(" ", "T"),
        moment=moment(timestamp_seconds),
        length=length(max(now - timestamp_seconds, 0)),
    )
