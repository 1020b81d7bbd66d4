"""What is wrong with the five fields of a cron line, said in words."""

from __future__ import annotations

import re

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    ("weekday", 0, 7, {name: number for number, name in enumerate(_WEEKDAYS)}),
)
_MOST_DIGITS = 2
_ITEM = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/([0-9]{1,2}))?", re.ASCII)


def cron_fault(text: str) -> str:
    """Say what is wrong with a cron line; empty when nothing is."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"a cron line has 5 fields, not {len(fields)}"
    for field, (name, lowest, highest, names) in zip(fields, _FIELDS, strict=True):
        if not all(_is_item(item, lowest, highest, names) for item in field.split(",")):
            return f"the {name} of a cron line is {lowest} to {highest}, a range, a list or *"
    return ""


def _is_item(item: str, lowest: int, highest: int, names: dict[str, int]) -> bool:
    match = _ITEM.fullmatch(item.lower())
    if match is None or match[3] == "0":
        return False
    ends = [_number(end, names) for end in (match[1], match[2]) if end is not None]
    return all(lowest <= end <= highest for end in ends) and ends == sorted(ends)


def _number(text: str, names: dict[str, int]) -> int:
    """Read a number or a name; what is neither lies outside every range."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else names.get(text, -1)
