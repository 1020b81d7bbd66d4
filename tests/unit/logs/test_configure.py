from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from vr_exporter.logs import configure, learn_secret


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    names = ("", "vr_exporter", "httpx", "httpcore")
    levels = {name: logging.getLogger(name).level for name in names}
    handlers = logging.getLogger().handlers[:]
    raises, threads = logging.raiseExceptions, logging.logThreads
    yield
    logging.getLogger().handlers[:] = handlers
    logging.raiseExceptions, logging.logThreads = raises, threads
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def logged(level: str, form: str = "logfmt") -> list[str]:
    """What stands on the stream after a record of each level, ours and httpx'."""
    stream = io.StringIO()
    configure(level=level, form=form, handler=logging.StreamHandler(stream))
    for name in ("vr_exporter.worker", "httpx"):
        for number in (logging.DEBUG, logging.INFO, logging.WARNING):
            logging.getLogger(name).log(number, "%s %s", name, logging.getLevelName(number))
    return stream.getvalue().splitlines()


@pytest.mark.parametrize(("level", "ours"), [("debug", 3), ("info", 2), ("warn", 1), ("error", 0)])
def test_level_holds_for_our_records(level: str, ours: int) -> None:
    """Lines below the level are left out."""
    assert sum("vr_exporter" in line for line in logged(level)) == ours


def test_C26_libraries_of_the_wire_begin_at_warning() -> None:
    """No DEBUG or INFO of httpx, which may hold addresses and headers."""
    assert sum("httpx" in line for line in logged("debug")) == 1


def test_learnt_secret_leaves_no_line() -> None:
    """A secret learnt anywhere is masked in message and facts."""
    learn_secret("tr0ub4dor-and-3")
    stream = io.StringIO()
    configure(handler=logging.StreamHandler(stream))
    logging.getLogger("vr_exporter").info("tr0ub4dor-and-3", extra={"x": ["tr0ub4dor-and-3"]})
    assert "tr0ub4dor" not in stream.getvalue()
    assert stream.getvalue().count("<secret>") == 2
