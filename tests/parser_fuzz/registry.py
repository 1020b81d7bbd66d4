"""Every parser that meets something from outside."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from tests.parser_fuzz import appliance, bridge, local, settings, web
from tests.parser_fuzz.parser import Parser


@functools.cache
def parsers() -> Mapping[str, Parser]:
    """All of them by name; made once in a program."""
    rooms = (appliance, web, bridge, settings, local)
    return MappingProxyType({each.name: each for room in rooms for each in room.parsers()})
