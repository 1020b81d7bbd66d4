"""Query parameters that an older version may not know: found out once, then left away (A33)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

from vr_exporter.appliance.access import Query
from vr_exporter.appliance.errors import Refused
from vr_exporter.appliance.transport import Answer
from vr_exporter.domain.events import Endpoint

log = logging.getLogger(__name__)

SMALL_LIMIT = 100
"""The vendor's default page size: asked for where a greater one is refused."""

_OPTIONAL = ("extended_info", "sort_by", "limit")
_BAD_REQUEST = 400


class Parameters:
    """Remembers per endpoint what was answered with 400, until the appliance's version changes."""

    def __init__(self) -> None:
        self._refused: dict[Endpoint, frozenset[str]] = {}
        self._hopeless: set[Endpoint] = set()

    def forget(self) -> None:
        """Try all parameters again."""
        self._refused.clear()
        self._hopeless.clear()

    def ask(
        self, endpoint: Endpoint, wanted: Mapping[str, str], get: Callable[[Query], Answer]
    ) -> Answer:
        """Get with all parameters wanted, less those that are not understood."""
        refused = self._refused.get(endpoint, frozenset())
        try:
            return get(_without(wanted, refused))
        except Refused as refusal:
            if refusal.status != _BAD_REQUEST or endpoint in self._hopeless:
                raise
            return self._find_out(endpoint, wanted, get, refusal)

    def _find_out(
        self,
        endpoint: Endpoint,
        wanted: Mapping[str, str],
        get: Callable[[Query], Answer],
        refusal: Refused,
    ) -> Answer:
        for refused in _guesses(wanted, str(refusal)):
            try:
                answer = get(_without(wanted, refused))
            except Refused as again:
                if again.status != _BAD_REQUEST:
                    raise
                continue
            self._refused[endpoint] = refused
            log.warning(
                "query parameters are not understood and left away",
                extra={"endpoint": endpoint, "parameters": ",".join(sorted(refused))},
            )
            return answer
        self._hopeless.add(endpoint)
        raise refusal


def _guesses(wanted: Mapping[str, str], text: str) -> Iterator[frozenset[str]]:
    """Guess what is refused: what the answer names, each alone, then together."""
    present = [name for name in _OPTIONAL if name in wanted]
    for name in sorted(present, key=lambda name: name not in text):
        yield frozenset({name})
    for size in range(2, len(present) + 1):
        yield frozenset(present[:size])


def _without(wanted: Mapping[str, str], refused: frozenset[str]) -> Query:
    kept = {name: value for name, value in wanted.items() if name not in refused}
    if "limit" in refused:
        kept["limit"] = str(min(int(wanted["limit"]), SMALL_LIMIT))
    return tuple(kept.items())
