"""The exporter that a command speaks with: at an address, beside it, or begun by it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from vr_exporter.cli.common import CommandError, Exit
from vr_exporter.cli.local import socket_in
from vr_exporter.cli.remote import Exporter, at, beside
from vr_exporter.ledger.folder import StateFolder, StateUnusable
from vr_exporter.web.listeners import ListenError

if TYPE_CHECKING:
    from vr_exporter.settings import Settings

Start = Callable[["Settings"], AbstractContextManager[Path]]
"""Runs an exporter in this process for as long as it is entered; yields its socket.

Raises StateUnusable or ListenError.
"""

Found = TypeVar("Found")

STARTING_SECONDS = 15.0
"""So long a holder of the state is given to answer: it may just be starting, or ending."""
_STEP_SECONDS = 0.25


class Reached:
    """An exporter in reach while entered.

    One that runs on this machine may end before our wishes do: `again` then finds the next one,
    or becomes it. Where there are no settings, `server` is asked and no other.
    """

    exporter: Exporter

    def __init__(
        self,
        settings: Settings | None,
        *,
        server: str | None,
        token_file: Path | None,
        start: Start,
        wait: Callable[[float], object],
    ) -> None:
        self.is_alone = False
        self._settings = settings
        self._server = server or ""
        self._token_file = token_file
        self._start = start
        self._wait = wait
        self._parts = ExitStack()

    def __enter__(self) -> Self:
        """Find it; raises CommandError with a line for people."""
        with ExitStack() as undone:
            undone.callback(self._parts.close)
            if self._settings is None:
                self.exporter = at(self._server, token_file=self._token_file)
            else:
                self.exporter = self._found(self._settings)
            undone.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Hang up, and end the exporter that was begun here."""
        try:
            self.exporter.close()
        finally:
            self._parts.close()

    def again(self) -> None:
        """After silence: where nobody holds the state any more, go on in this process."""
        if self._settings is None or self.is_alone:
            return
        found = beside(socket_in(self._settings.state_folder))
        if found is None and not _is_held(self._settings):
            try:
                found = self._begin(self._settings)
            except (StateUnusable, ListenError):
                return
        if found is not None:
            self.exporter.close()
            self.exporter = found

    def _found(self, settings: Settings) -> Exporter:
        path = socket_in(settings.state_folder)
        found = waited_for(lambda: beside(path) or self._begun_if_free(settings), wait=self._wait)
        return self._begun(settings) if found is None else found

    def _begun_if_free(self, settings: Settings) -> Exporter | None:
        """Begin one where nobody holds the state; None where another command was quicker."""
        if _is_held(settings):
            return None
        try:
            return self._begun(settings)
        except CommandError:
            if _is_held(settings):
                return None
            raise

    def _begun(self, settings: Settings) -> Exporter:
        try:
            return self._begin(settings)
        except (StateUnusable, ListenError) as error:
            raise CommandError(Exit.STATE, str(error)) from error

    def _begin(self, settings: Settings) -> Exporter:
        path = self._parts.enter_context(self._start(settings))
        self.is_alone = True
        name = "the exporter that this command runs"
        return Exporter(name, "http://exporter", socket_path=path, token="")


def waited_for(
    look: Callable[[], Found | None], *, wait: Callable[[float], object]
) -> Found | None:
    """Look again and again while whoever holds the state may yet begin, or cease, to answer."""
    for _ in range(round(STARTING_SECONDS / _STEP_SECONDS)):
        found = look()
        if found is not None:
            return found
        wait(_STEP_SECONDS)
    return None


def _is_held(settings: Settings) -> bool:
    """Whether another process holds the state; a folder of no use is left to `start` to refuse."""
    try:
        return StateFolder(settings.state_folder).holder() is not None
    except StateUnusable:
        return False
