"""Asking the appliances from a command, without a running exporter."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vr_exporter.app.accounts import RemoteAccounts, credentials_reader
from vr_exporter.app.reading import Shared, reading_for
from vr_exporter.appliance.lockout import Lockout
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import PairingSnapshot, Snapshot
from vr_exporter.ledger.folder import StateFolder, StateUnusable
from vr_exporter.logs import configure, learn_secret
from vr_exporter.settings import Secrets, Settings
from vr_exporter.watching.board import Board
from vr_exporter.watching.peers import Peers

POLL_SECONDS = 300.0
"""A single reading of a large site in small pages may take as long as the pace makes it."""


def shared_for(settings: Settings) -> Shared:
    """Make what all sites of this command have in common, refused logins included.

    A login that was refused a moment ago, here or in a running exporter, is not tried again.
    From here on SIGTERM ends the command as Ctrl-C does, so that sessions are logged out.
    """
    configure(level="error")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    clock = Clock(time.time, time.monotonic, threading.Event().wait)  # noqa: TID251 the one real clock of this command
    return Shared(
        board=Board(),
        lockout=Lockout(_logins_folder(settings)),
        peers=Peers(lambda: [SiteName(name) for name in settings.sites]),
        settings=lambda: settings,
        clock=clock,
        credentials_of=credentials_reader(Secrets(learned=learn_secret, failed=lambda: None)),
    )


def read_once(settings: Settings, names: Iterable[str]) -> Snapshot:
    """Read each site once, as a poll does, and log out.

    A site whose far end turns out to be another one of them is read again with that account.
    """
    shared = shared_for(settings)
    with _readings(settings, names, shared) as readings:
        for reading in readings:
            reading.read()
        for reading in readings:
            if reading.could_see_more():
                reading.read()
    return shared.board.current()


class _Accounts(RemoteAccounts):
    """Waits for no other site to be known: they are read one after another."""

    def may_learn_more(self) -> bool:
        return False


class _Reading:
    """One site as a worker would poll it, but only when asked."""

    def __init__(self, name: SiteName, settings: Settings, shared: Shared) -> None:
        self._accounts = _Accounts(name, shared.settings, shared.peers, shared.credentials_of)
        self._reading = reading_for(
            name, settings, shared, tell=lambda _event: None, far_ends=self._accounts
        )
        self._interval = settings.sites[name].poll_interval
        self._now = shared.clock.now
        self._board = shared.board
        self._pairings: tuple[PairingSnapshot, ...] = ()

    def read(self) -> None:
        """Read the site and hang it up."""
        self._reading.appliance.begin_poll(POLL_SECONDS)
        observation = self._reading.watch.observe(
            self._reading.reader.read(),
            before=self._reading.watch.before_first_poll(self._interval),
            seen_tasks=None,
            interval_seconds=self._interval,
            now=self._now(),
        )
        self._pairings = observation.snapshot.pairings
        self._board.put(observation.snapshot)

    def close(self) -> None:
        """Log out."""
        self._reading.appliance.close()

    def could_see_more(self) -> bool:
        """Whether a remote login became possible since the site was read."""
        return any(
            each.up
            and each.remote_session_up is None
            and not each.pairing.is_local
            and self._accounts.account_for(each.pairing) is not None
            for each in self._pairings
        )


@contextmanager
def _readings(settings: Settings, names: Iterable[str], shared: Shared) -> Iterator[list[_Reading]]:
    readings = [_Reading(SiteName(name), settings, shared) for name in names]
    try:
        yield readings
    finally:
        for reading in readings:
            reading.close()


def _logins_folder(settings: Settings) -> Path | None:
    """Where refused logins are remembered, None where this process has to remember alone.

    What belongs to another user is left alone: root checks what a service will run, and a folder
    made by root would keep the service out.
    """
    try:
        is_ours = _is_ours(settings.state_folder)
        return StateFolder(settings.state_folder).path if is_ours else None
    except (OSError, StateUnusable):
        return None


def _is_ours(folder: Path) -> bool:
    if not folder.exists():
        return os.geteuid() != 0
    return folder.stat().st_uid == os.geteuid()
