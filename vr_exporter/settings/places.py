"""Where a setting stands, as people write it: in the file and in the environment."""

from __future__ import annotations

import re
from itertools import takewhile

Place = tuple[str | int, ...]

PREFIX = "VR_"
_FILE_NAME = re.compile(r"[\w./-]{1,255}")


def written(place: Place) -> str:
    """`sites.madrid.url`, `alertmanagers[0].url`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".") or "settings"


def looks_like_path(text: str) -> bool:
    """Whether a text may be shown as a path: people put secrets where their file belongs."""
    return _FILE_NAME.fullmatch(text) is not None and ("." in text or "/" in text)


def variable_of(place: Place) -> str:
    """Name the environment variable of a setting; a list has one as a whole."""
    names = takewhile(lambda part: isinstance(part, str), place)
    return PREFIX + "__".join(re.sub(r"[^A-Z0-9]", "_", str(name).upper()) for name in names)
