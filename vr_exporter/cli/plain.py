"""Text from outside made safe to print, and figures as people read them."""

from __future__ import annotations

import sys

_BYTE_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_TIME_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))
_BYTES_PER_UNIT = 1024
_EXACT_BELOW = 10

LONGEST_TEXT = 1000


def shown(text: str) -> str:
    """Make any text one safe line: known secrets masked, what steers a terminal escaped."""
    from vr_exporter.logs import one_line

    return one_line(text, longest=LONGEST_TEXT)


def survive_any_encoding() -> None:
    """Let the output escape what its encoding lacks instead of failing on it."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def span(seconds: float) -> str:
    """A time in its two largest units, such as `1h5m`."""
    left, parts = round(abs(seconds)), list[str]()
    for unit, length in _TIME_UNITS:
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count}{unit}")
        elif parts:
            break
        if len(parts) == 2:  # noqa: PLR2004 two units say enough
            break
    return "".join(parts) or "0s"


def size(count: float) -> str:
    """Bytes in the largest unit that leaves a whole number, such as `1.5 GiB`."""
    for unit in _BYTE_UNITS:
        if count < _BYTES_PER_UNIT or unit == _BYTE_UNITS[-1]:
            break
        count /= _BYTES_PER_UNIT
    is_exact = unit == "B" or count >= _EXACT_BELOW
    return f"{count:.0f} {unit}" if is_exact else f"{count:.1f} {unit}"
