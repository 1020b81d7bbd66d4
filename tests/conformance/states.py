"""States of an appliance in which its answers are judged, and a WSGI face for contract tools."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.asking import UNLIMITED, Asker, an_asker
from tests.contract import the_document
from vr_exporter.simulator.fields import REPLICATION
from vr_exporter.simulator.messages import SimRequest
from vr_exporter.simulator.options import Account, Quotas
from vr_exporter.simulator.routes import OPERATIONS
from vr_exporter.simulator.world import WorldOptions

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]

UNKNOWN_ID = "HmsTask:none:0"
_EVERYTHING = frozenset(operation.id for operation in OPERATIONS)
_LIVELY = WorldOptions(replications=40, seed=3, speed=20)


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """How an appliance stands while it is asked."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    is_logged_in: bool = True
    is_logged_in_remotely: bool = False
    faults: tuple[str, ...] = ()
    never_server_error: bool = True


STATES = (
    State("whole", {"instances": True}, is_logged_in_remotely=True),
    State("partial"),
    State("terse", {"null_members": "absent", "remote_members": "absent"}),
    State("remote_down", faults=("remote_down",), never_server_error=False),
    State(
        "remote_in_error",
        {"down_servers": "error"},
        faults=("remote_down",),
        never_server_error=False,
    ),
    State("without_session", is_logged_in=False),
    State("forbidden", {"accounts": (Account("monitor@vsphere.local", "simulated", _EVERYTHING),)}),
    State("throttled", {"quotas": Quotas(session=0)}),
    State("failing", faults=("error",), never_server_error=False),
)


class Appliance:
    """An appliance in one state, for tools that speak WSGI: time passes with every request."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.asker = self._start()
        self.ids = ids_of(self.asker)
        for kind in state.faults:
            self.asker.break_by(kind)

    def document(self) -> dict[str, Any]:
        """The OpenAPI document with ids and fields of this appliance to choose from."""
        document = the_document()
        parameters = document["components"]["parameters"]
        for name, known in self.ids.items():
            parameters[name]["schema"]["enum"] = [known, UNKNOWN_ID]
        for name in ("sort_by", "filter_property"):
            parameters[name]["schema"]["enum"] = [*sorted(REPLICATION), "nothing"]
        return document

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one WSGI request with the token of the state in it."""
        self.asker.clock.advance(3)
        request = SimRequest(
            method=environ["REQUEST_METHOD"],
            target=environ["REQUEST_URI"],
            headers=self._headers(environ),
            body=environ["wsgi.input"].read(),
        )
        response = self.asker.api.answer(request)
        start_response(f"{response.status} Said", list(response.headers))
        return [response.body]

    def _start(self) -> Asker:
        options: dict[str, Any] = {
            "quotas": UNLIMITED,
            "world_options": _LIVELY,
        } | self.state.options
        asker = an_asker(logged_in=self.state.is_logged_in, **options)
        return asker.log_in_remotely() if self.state.is_logged_in_remotely else asker

    def _headers(self, environ: Environ) -> dict[str, str]:
        headers = {
            key.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
            for key, value in environ.items()
            if key.startswith("HTTP_")
        }
        if self.state.is_logged_in:
            headers["x-dr-session"] = self._token()
        return headers

    def _token(self) -> str:
        if self.asker.api.sessions.find(self.asker.token) is None:
            self.asker.log_in()
        return self.asker.token or ""


def ids_of(asker: Asker) -> dict[str, str]:
    """One id of each sort that this appliance has, by the name of its path parameter."""
    view = asker.api.view
    pairing_id = view.pairings()[0]["pairing_id"]
    replica = view.replications(pairing_id)[0]
    task = view.sync(pairing_id, view.id_of(replica), user="conformance")
    return {
        "pairing_id": pairing_id,
        "replication_id": view.id_of(replica),
        "vr_id": view.vrs(pairing_id)[0]["id"],
        "replication_server_id": view.servers()[0]["id"],
        "task_id": task["id"],
    }
