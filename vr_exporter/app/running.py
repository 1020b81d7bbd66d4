"""A process that serves: its logs, its signals, its state folder, its orderly end."""

from __future__ import annotations

import logging
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vr_exporter import __version__
from vr_exporter.app.accounts import learn_secrets
from vr_exporter.app.exporter import Exporter
from vr_exporter.app.serving import WebOptions
from vr_exporter.app.supervision import TooManyCrashesError
from vr_exporter.ledger.file_system import doubtful_kind
from vr_exporter.ledger.folder import StateFolder
from vr_exporter.logs import LogQueue, configure
from vr_exporter.settings import Settings, effective_values

log = logging.getLogger(__name__)

STOPPED_BY_FORCE = 4
"""The exit code after a second signal, as in surface.md."""

BUG = 1
FIRST_POLLS_SECONDS = 5.0
LAST_LINES_SECONDS = 0.5
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Process:
    """What a serving process is made from.

    `load` reads the settings, at the start and again for each reload.
    `ready` is called with the URLs once every site was tried, or when that takes long.
    """

    load: Callable[[], Settings]
    web: WebOptions
    log_level: str = "info"
    log_format: str = "logfmt"
    ready: Callable[[tuple[str, ...]], None] | None = None


def run(process: Process) -> int:
    """Serve until a signal, and return the exit code.

    Raises SettingsError, WebFileError and ListenError before any site was asked, StateUnusable
    when the state folder cannot be held.
    """
    settings = process.load()
    _harden()
    with _logging(process) as queue:
        folder = StateFolder(settings.state_folder)
        folder.hold()
        _warn_of_file_system(folder)
        learn_secrets(settings)
        exporter = Exporter(settings, folder=folder, load=process.load, web=process.web)
        queue.dropped = exporter.own.log_lines_dropped
        _warn_of_unverified_sites(settings)
        for name, value in effective_values(settings):
            log.debug("effective setting", extra={"setting": name, "value": value})
        try:
            return _serve(exporter, process, queue)
        finally:
            folder.release()


def _serve(exporter: Exporter, process: Process, queue: LogQueue) -> int:
    _obey_signals(exporter, last_words=lambda: queue.finish(LAST_LINES_SECONDS))
    exporter.start()
    log.info(
        "listening",
        extra={
            "addresses": " ".join(exporter.server.urls),
            "external_url": exporter.external_url,
            "version": __version__,
        },
    )
    try:
        if process.ready:
            exporter.await_first_polls(FIRST_POLLS_SECONDS)
            process.ready(exporter.server.urls)
        exporter.run()
    except TooManyCrashesError as error:
        log.critical("ended by a bug of ours", extra={"error": str(error)})
        return BUG
    finally:
        exporter.stop()
    return 0


def _obey_signals(exporter: Exporter, *, last_words: Callable[[], object]) -> None:
    """SIGTERM and SIGINT stop, a second one at once; SIGHUP reloads.

    A thread of its own heeds them: Python would run a handler when the main thread comes to, and
    that may wait for a lock to its end when the signal meets it on the way there.
    """
    heard, told = socket.socketpair()
    told.setblocking(False)
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    for number in SIGNALS:
        signal.signal(number, lambda *_: None)

    def heed() -> None:
        while told and (numbers := heard.recv(16)):  # told lives as long as this thread
            for number in numbers:
                _heed(signal.Signals(number), exporter, last_words=last_words)

    threading.Thread(target=heed, name="signals", daemon=True).start()


def _heed(number: signal.Signals, exporter: Exporter, *, last_words: Callable[[], object]) -> None:
    if number is signal.SIGHUP:
        if not exporter.is_stopping:
            threading.Thread(target=exporter.reload, name="reload", daemon=True).start()
    elif number in SIGNALS and exporter.is_stopping:
        log.warning("ended at once by a second signal")
        last_words()
        os._exit(STOPPED_BY_FORCE)
    elif number in SIGNALS:
        exporter.tell_to_stop()
        log.info("told to stop", extra={"signal": number.name})


@contextmanager
def _logging(process: Process) -> Iterator[LogQueue]:
    queue = LogQueue(sys.stderr)
    configure(level=process.log_level, form=process.log_format, handler=queue)
    threading.excepthook = _report_dead_thread
    sys.unraisablehook = _report_unraisable
    threading.Thread(target=queue.drain, name="log", daemon=True).start()
    try:
        yield queue
    finally:
        queue.finish(LAST_LINES_SECONDS)


def _report_unraisable(lost: sys.UnraisableHookArgs) -> None:
    """Threads of connections end here, and what goes wrong while something is freed."""
    error = lost.exc_value or lost.exc_type()
    log.error("nobody could be told of a bug of ours", exc_info=error)


def _report_dead_thread(dead: threading.ExceptHookArgs) -> None:
    name = dead.thread.name if dead.thread else ""
    error = dead.exc_value or dead.exc_type()
    log.error("thread died of a bug of ours", extra={"name_of_thread": name}, exc_info=error)


def _harden() -> None:
    """Leave no memory image behind that could hold a secret (fault-matrix C26)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _warn_of_file_system(folder: StateFolder) -> None:
    """Say that the state lies where its durability is another's affair (fault-matrix B21)."""
    if kind := doubtful_kind(folder.path.resolve()):
        log.warning(
            "state lies on a file system that may not keep it",
            extra={"folder": str(folder.path), "kind": kind, "remedy": "use a local disk"},
        )


def _warn_of_unverified_sites(settings: Settings) -> None:
    for name, site in settings.sites.items():
        if site.tls.insecure_skip_verify:
            log.warning(
                "certificate is not verified",
                extra={"site": name, "remedy": "set tls.ca_file or tls.fingerprint_sha256"},
            )
