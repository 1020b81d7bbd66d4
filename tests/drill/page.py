"""The exporter's page with every number of seconds turned into seconds of the machine's clock."""

from __future__ import annotations

import re
from typing import Final

from tests.drill.hurry import HurriedTime

_SECONDS: Final = re.compile(r"vr_\w*_seconds(_total|_sum|_bucket)?")
_BOUND: Final = re.compile(r'le="([\d.eE+-]+)"')
_SAMPLE: Final = re.compile(r"(\w+)(\{.*\})? (\S+)")


def at_rest(text: str, time: HurriedTime) -> str:
    """A page in the text format; what the process says of itself is real and stays."""
    return "".join(_line(line, time) for line in text.splitlines(keepends=True))


def _line(line: str, time: HurriedTime) -> str:
    sample = None if line.startswith("#") else _SAMPLE.fullmatch(line.rstrip("\n"))
    if sample is None or not _SECONDS.fullmatch(sample[1]):
        return line
    name, labels, value = sample[1], sample[2] or "", sample[3]
    if name.endswith("_bucket"):
        labels = _BOUND.sub(lambda bound: f'le="{float(bound[1]) / time.factor!r}"', labels)
    elif name.endswith("_timestamp_seconds"):
        value = repr(time.at_rest(float(value)))
    else:
        value = repr(float(value) / time.factor)
    return f"{name}{labels} {value}\n"
