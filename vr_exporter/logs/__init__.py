"""Logs: records of `logging` as logfmt or JSON lines on stderr, bounded, without secrets."""

from __future__ import annotations

import logging
import sys

from vr_exporter.logs.lines import FORMATTERS, one_line, traceback_text
from vr_exporter.logs.queue import LogQueue
from vr_exporter.logs.redaction import redactor

__all__ = ["LogQueue", "configure", "learn_secret", "one_line", "redactor", "traceback_text"]

_LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


def configure(
    *, level: str = "info", form: str = "logfmt", handler: logging.Handler | None = None
) -> None:
    """Send every record of this level and above to stderr, or to the handler given.

    The level holds for our own records; those of libraries begin at WARNING, since theirs may
    hold addresses and headers (fault-matrix F10).
    """
    handler = handler or logging.StreamHandler(sys.stderr)
    handler.setFormatter(FORMATTERS[form]())
    logging.raiseExceptions = False
    logging.logThreads = False  # a name that no line shows; asking for it leaves an entry behind
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, _LEVELS[level]))
    logging.getLogger("vr_exporter").setLevel(_LEVELS[level])


def learn_secret(secret: str) -> None:
    """Mask this secret in everything written from now on."""
    redactor.learn(secret)
