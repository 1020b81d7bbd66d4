"""Where the ledger is read: through an exporter, or from the file that nobody holds."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from vr_exporter.cli import common
from vr_exporter.cli.common import CommandError, Exit
from vr_exporter.cli.local import is_answered, socket_in
from vr_exporter.cli.plain import shown
from vr_exporter.cli.reached import waited_for
from vr_exporter.cli.remote import Exporter, Parameters, at, beside
from vr_exporter.domain.episodes import stamp
from vr_exporter.domain.names import ReplicationId
from vr_exporter.ledger.folder import OWN_NAME, StateFolder, StateUnusable
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.web.api.triggers import AUDIT_ROW, TRIGGER

if TYPE_CHECKING:
    from vr_exporter.settings import Settings

_OK, _NOT_FOUND = 200, 404
_ALL_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Closed:
    """What was acknowledged: triggers, and how many by alert had healed nothing."""

    triggers: tuple[dict[str, Any], ...] = ()
    unhealed: int = 0

    def __bool__(self) -> bool:
        """Whether there was anything."""
        return bool(self.triggers or self.unhealed)


class Source(Protocol):
    """A ledger as the API shows it."""

    @property
    def name(self) -> str:
        """What is asked, for people."""

    def get(self, path: str, parameters: Parameters = ()) -> Any:
        """The answer to a GET; raises CommandError with a line for people."""

    def sites(self) -> Sequence[str]:
        """The sites that are configured."""

    def acknowledge(self, key_or_replication: str) -> Closed:
        """Close what stayed unknown, and what is taken for a loop."""

    def kill(self, *, on: bool) -> bool:
        """Stop triggers by alert, or let them go on; how it stands now."""

    def is_killed(self) -> tuple[bool, str]:
        """Whether they are stopped, and who did it when."""


class Asked:
    """The ledger of a running exporter."""

    def __init__(self, exporter: Exporter) -> None:
        self.name = exporter.name
        self._exporter = exporter

    def get(self, path: str, parameters: Parameters = ()) -> Any:
        """GET a path of the API."""
        answer = self._exporter.ask("GET", path, parameters)
        if answer.status != _OK or not isinstance(answer.shape, dict):
            raise self._exporter.refusal(answer, path)
        return answer.shape

    def sites(self) -> Sequence[str]:
        """Those of the exporter."""
        return [row["site"] for row in self.get("/api/v1/sites")["sites"]]

    def kill(self, *, on: bool) -> bool:
        """POST it."""
        path = "/api/v1/bridge/kill"
        answer = self._exporter.ask("POST", path, shape={"on": on})
        if answer.status != _OK or not isinstance(answer.shape, dict):
            raise self._exporter.refusal(answer, path)
        return bool(answer.shape["bridge"]["kill_switch"])

    def is_killed(self) -> tuple[bool, str]:
        """GET it."""
        bridge = self.get("/api/v1/bridge")["bridge"]
        return bool(bridge["kill_switch"]), str(bridge["kill_switch_by"])

    def acknowledge(self, key_or_replication: str) -> Closed:
        """POST it."""
        from urllib.parse import quote

        path = f"/api/v1/triggers/{quote(key_or_replication, safe='')}/acknowledge"
        answer = self._exporter.ask("POST", path, shape={})
        if answer.status == _NOT_FOUND:
            return Closed()
        if answer.status != _OK or not isinstance(answer.shape, dict):
            raise self._exporter.refusal(answer, path)
        return Closed(tuple(answer.shape["acknowledged"]), answer.shape.get("unhealed", 0))


class Own:
    """The ledger's file, opened by this command; answers as the API does."""

    def __init__(
        self, ledger: Ledger, name: str, *, sites: Sequence[str], now: Callable[[], float]
    ) -> None:
        self.name = name
        self._sites = sites
        self._ledger = ledger
        self._now = now

    def get(self, path: str, parameters: Parameters = ()) -> Any:
        """The answer of the API to this path."""
        limit = int(dict(parameters).get("limit", "100"))
        sites = {value for name, value in parameters if name == "site"}
        if path.endswith("/audit"):
            of_bridge = ("bridge", "true") in parameters
            rows = AUDIT_ROW.each(self._ledger.audit(limit=limit, of_bridge=of_bridge))
            return self._answer("audit", rows)
        triggers = self._ledger.triggers()
        chosen = [each for each in triggers if not sites or each.target.site in sites]
        return self._answer("triggers", TRIGGER.each(chosen[:limit]))

    def sites(self) -> Sequence[str]:
        """Those of the settings."""
        return self._sites

    def kill(self, *, on: bool) -> bool:
        """Turn it in the file."""
        self._ledger.set_kill_switch(on=on, actor=_who(), now=self._now())
        self._must_be_written()
        return self._ledger.kill_switch

    def is_killed(self) -> tuple[bool, str]:
        """Read it in the file."""
        rows = self._ledger.audit(limit=_ALL_ROWS, of_bridge=True)
        last = next((row for row in rows if row.what == "kill_switch"), None)
        by = f"{last.actor} at {stamp(last.at)}" if last else ""
        return self._ledger.kill_switch, by

    def acknowledge(self, key_or_replication: str) -> Closed:
        """Close it in the file."""
        now, actor = self._now(), _who()
        closed = self._ledger.acknowledge(key_or_replication, actor=actor, now=now)
        replication = ReplicationId(key_or_replication)
        unhealed = self._ledger.acknowledge_loop(replication, actor=actor, now=now)
        if closed or unhealed:
            self._must_be_written()
        return Closed(tuple(TRIGGER.each(closed)), unhealed)

    def _must_be_written(self) -> None:
        if not self._ledger.is_up:
            raise CommandError(Exit.STATE, f"{self.name} cannot be written")

    def _answer(self, key: str, rows: list[dict[str, object]]) -> Any:
        return json.loads(json.dumps({"generated_timestamp_seconds": self._now(), key: rows}))


class Nothing:
    """The ledger of a folder in which no exporter has run yet."""

    def __init__(self, name: str, *, sites: Sequence[str], now: Callable[[], float]) -> None:
        self.name = name
        self._sites = sites
        self._now = now

    def get(self, path: str, _parameters: Parameters = ()) -> Any:
        """An empty list."""
        return {"generated_timestamp_seconds": self._now(), path.rpartition("/")[2]: []}

    def sites(self) -> Sequence[str]:
        """Those of the settings."""
        return self._sites

    def acknowledge(self, _key_or_replication: str) -> Closed:
        """Nothing is unknown."""
        return Closed()

    def kill(self, *, on: bool) -> bool:
        """There is nothing to stop, and nowhere to write it."""
        del on
        raise CommandError(Exit.STATE, f"{self.name}: start vr-exporter serve first")

    def is_killed(self) -> tuple[bool, str]:
        """Nobody did."""
        return False, ""


def _who() -> str:
    return f"command line, {getpass.getuser()}"


@contextmanager
def ledger(
    config_file: Path | None,
    *,
    server: str | None,
    token_file: Path | None,
    wait: Callable[[float], object],
) -> Iterator[Source]:
    """The ledger at --server, else of the exporter that runs here, else the file itself.

    A holder that does not answer yet, or no more, is given a while, as `sync` gives it. Where
    there is no file none is made.
    """
    if server:
        with closing(at(server, token_file=token_file)) as exporter:
            yield Asked(exporter)
        return
    settings = common.load_settings(config_file)
    try:
        with ExitStack() as parts:
            yield _here(settings, parts, wait=wait)
    except (StateUnusable, PermissionError) as error:
        raise CommandError(Exit.STATE, str(error)) from error


def _here(settings: Settings, parts: ExitStack, *, wait: Callable[[float], object]) -> Source:
    """Find the ledger of this machine; `parts` hangs up or lets go of it."""
    file = settings.state_folder / OWN_NAME / Path(settings.state).name
    now = time.time  # noqa: TID251 the one real clock of this command
    path, sites = socket_in(settings.state_folder), tuple(settings.sites)
    if not (file.exists() or is_answered(path)):
        return Nothing(f"no ledger yet ({shown(str(file))})", sites=sites, now=now)

    def look() -> Exporter | StateFolder | None:
        return beside(path) or _held_if_free(settings)

    found = waited_for(look, wait=wait)
    if isinstance(found, Exporter):
        return Asked(parts.enter_context(closing(found)))
    folder = found if isinstance(found, StateFolder) else StateFolder(settings.state_folder)
    folder.hold()
    parts.callback(folder.release)
    opened = parts.enter_context(closing(Ledger(file, now=now())))
    return Own(opened, f"the ledger ({shown(str(file))})", sites=sites, now=now)


def _held_if_free(settings: Settings) -> StateFolder | None:
    """Hold the folder of a ledger; None where another process does."""
    folder = StateFolder(settings.state_folder)
    if folder.holder() is not None:
        return None
    with suppress(StateUnusable):
        folder.hold()
        return folder
    return None
