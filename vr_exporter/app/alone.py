"""The exporter for the life of one command: no address but the socket in the state folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vr_exporter.app.accounts import learn_secrets
from vr_exporter.app.exporter import Exporter
from vr_exporter.app.serving import WebOptions
from vr_exporter.ledger.folder import StateFolder
from vr_exporter.settings import Settings

FIRST_POLLS_SECONDS = 600.0
"""A very large site in small pages takes minutes until its names are known."""


@contextmanager
def running(settings: Settings) -> Iterator[Path]:
    """Run the exporter beside a command, and hand over the socket on which it answers.

    Raises StateUnusable when the state folder cannot be held, ListenError for the socket.
    """
    folder = StateFolder(settings.state_folder)
    folder.hold()
    try:
        yield from _served(settings, folder)
    finally:
        folder.release()


def _served(settings: Settings, folder: StateFolder) -> Iterator[Path]:
    learn_secrets(settings)
    exporter = Exporter(settings, folder=folder, load=lambda: settings, web=WebOptions(listen=()))
    try:
        exporter.start()
        threading.Thread(target=exporter.run, name="alone", daemon=True).start()
        exporter.await_first_polls(FIRST_POLLS_SECONDS)
        yield folder.socket
    finally:
        exporter.stop()
