"""One route: what answers it, and what the reference says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vr_exporter.web.message import Request, Response
from vr_exporter.web.sources import Sources


def _always(_sources: Sources) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Route:
    """One route: `answer` does the work, most else is for the reference.

    `path` may leave segments open as `{name}`. `acts`: the bearer token and JSON are asked for.
    `is_webhook`: the credential of `webhook` is, instead. `takes_webhook`: the body is one.
    `body` tells name, JSON type and meaning of each member, `answers` when each status comes.
    """

    method: str
    path: str
    summary: str
    answer: Callable[[Sources, Request], Response]
    parameters: tuple[tuple[str, str], ...] = ()
    acts: bool = False
    is_webhook: bool = False
    takes_webhook: bool = False
    body: tuple[tuple[str, str, str], ...] = ()
    answers: tuple[tuple[int, str], ...] = ()
    is_there: Callable[[Sources], bool] = _always
