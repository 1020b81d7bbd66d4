"""Every parser under a few hundred inputs that nobody sends; the million is `tests.parser_fuzz`."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator

import pytest

from tests.parser_fuzz.parser import Parser
from tests.parser_fuzz.registry import parsers
from tests.parser_fuzz.run import run_block

COUNT = int(os.environ.get("VR_TORTURE_INPUTS", "200"))
ROOMS = 8
"""So many tests share the parsers: a program of its own for each would cost more than it tests."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What parsers log and warn of is not what is tested."""
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


@pytest.mark.xdist_group("parsers")
@pytest.mark.parametrize("room", range(ROOMS))
def test_A19_no_input_ends_a_parser_otherwise_than_documented(room: int) -> None:
    """It takes an input, or refuses it by the exception that it documents, within a second."""
    mine = list(parsers().values())[room::ROOMS]
    found = [run_block(parser, 0, seed=7, count=COUNT) for parser in mine]
    assert [bug for each in found for bug in each.bugs] == []
    assert [
        parser.name for parser, each in zip(mine, found, strict=True) if not each.accepted
    ] == []


def test_an_undocumented_exception_and_an_endless_input_are_found() -> None:
    """The fuzzer can fail: what is raised beside the refusals counts, and so does a loop."""

    def take(given: bytes) -> object:
        while given == b"a":
            pass
        return given.decode()

    for sample, kind in ((b"\xff", "UnicodeDecodeError"), (b"a", "TooSlow")):
        poor = Parser("poor", (sample,), take, odd=(sample,))
        (bug, *_) = run_block(poor, 0, seed=1, count=3, most_seconds=0.02).bugs
        assert kind in bug
