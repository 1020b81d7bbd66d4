"""A block of inputs through one parser, each within its second."""

from __future__ import annotations

import logging
import signal
import time
import warnings
from random import Random

from tests.parser_fuzz.mutation import Mutator
from tests.parser_fuzz.parser import Found, Parser

MOST_SECONDS = 1.0
"""What one input may take of the processor: more, and the parser loops, or takes a square."""
_MOST_BUGS = 5
_SHOWN_BYTES = 400


class TooSlow(BaseException):
    """One input took more than its second."""


def run_block(
    parser: Parser, block: int, *, seed: int, count: int, most_seconds: float = MOST_SECONDS
) -> Found:
    """Feed it so many inputs; block and seed make them again."""
    mutator = Mutator(
        parser.samples,
        parser.odd,
        parser.tokens,
        Random(f"{seed} {parser.name} {block}"),  # noqa: S311 - the same each time
    )
    before = signal.signal(signal.SIGVTALRM, _give_up)
    found = Found()
    began = time.process_time()
    try:
        for _ in range(count):
            _feed(parser, mutator.input(), found, most_seconds)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    found.seconds = time.process_time() - began
    return found


def _feed(parser: Parser, given: bytes, found: Found, most_seconds: float) -> None:
    found.inputs += 1
    signal.setitimer(signal.ITIMER_VIRTUAL, most_seconds)
    try:
        result = parser.take(given)
    except parser.refusals as error:
        found.refused[_reason(error)] += 1
    except (Exception, TooSlow) as error:  # noqa: BLE001 - every one of them is a find
        found.refused["BUG"] += 1
        if len(found.bugs) < _MOST_BUGS:
            found.bugs.append(_told(parser, given, error))
    else:
        if result is None:
            found.refused["none"] += 1
        else:
            found.accepted += 1


def _reason(error: BaseException) -> str:
    said = getattr(error, "reason", None) or getattr(error, "status", None)
    kind = type(error).__name__
    return f"{kind} {said}" if isinstance(said, str | int) else kind


def _told(parser: Parser, given: bytes, error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code if trace else None
    place = f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if code and trace else ""
    shown = given if len(given) <= _SHOWN_BYTES else given[:_SHOWN_BYTES] + b"..."
    return f"{parser.name}: {type(error).__name__} at {place}: {error!s:.120}: {shown!r}"


def _give_up(*_: object) -> None:
    raise TooSlow("more of the processor than it may take")


def run_named(work: tuple[str, int, int, int]) -> tuple[str, Found]:
    """Do one piece of work in a program of its own: name, block, seed, count."""
    from tests.parser_fuzz.registry import parsers  # noqa: PLC0415 - once in each program

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    name, block, seed, count = work
    return name, run_block(parsers()[name], block, seed=seed, count=count)
