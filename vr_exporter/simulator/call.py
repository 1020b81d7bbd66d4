"""One routed request with all that an operation needs to answer it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vr_exporter.simulator.errors import bad_request, no_session, not_found
from vr_exporter.simulator.lists import Parameters, single
from vr_exporter.simulator.messages import SimRequest
from vr_exporter.simulator.options import ApiOptions
from vr_exporter.simulator.partial import Remote, Withholding
from vr_exporter.simulator.results import Row
from vr_exporter.simulator.routes import Operation
from vr_exporter.simulator.sessions import Session
from vr_exporter.simulator.world import SiteView

_TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Call:
    """A request that found its operation; `session` is None only for a login."""

    request: SimRequest
    version: str
    operation: Operation
    ids: Mapping[str, str]
    parameters: Parameters
    view: SiteView
    options: ApiOptions
    session: Session | None
    is_remote_down: Callable[[str], bool]

    @property
    def pairing_id(self) -> str:
        """The pairing in the path."""
        return self.ids["pairing_id"]

    @property
    def local_vc_id(self) -> str:
        """The id of the near vCenter Server."""
        vc_id: str = self.view.info()["vc_guid"]
        return vc_id

    @property
    def living_session(self) -> Session:
        """The session of every operation but the login."""
        if self.session is None:
            raise no_session()
        return self.session

    def pairing(self) -> Row:
        """The pairing in the path with all that is known of it."""
        for row in self.view.pairings():
            if row["pairing_id"] == self.pairing_id:
                return row
        raise not_found()

    def withholding(self, pairing_id: str, *, is_reading: bool = True) -> Withholding:
        """What this session may know of the far side of a pairing."""
        return Withholding(
            remote=self._remote(pairing_id, is_reading=is_reading),
            local_vc_id=self.local_vc_id,
            members=self.options.remote_members,
            names_down_servers=self.options.down_servers == "error",
        )

    def _remote(self, pairing_id: str, *, is_reading: bool) -> Remote:
        if self.view.is_local(pairing_id):
            return Remote.OPEN
        if self.is_remote_down(pairing_id):
            return Remote.DOWN
        needs_login = self.options.partial_data or not is_reading
        if needs_login and pairing_id not in self.living_session.remote:
            return Remote.NOT_AUTHENTICATED
        return Remote.OPEN

    def flag(self, name: str) -> bool:
        """A boolean of the query, False where it is absent."""
        text = single(self.parameters, name)
        if text is None:
            return False
        if text.lower() not in _TRUTHS:
            raise bad_request(f"The parameter {name} is not true or false.")
        return _TRUTHS[text.lower()]

    def guid(self, name: str) -> str | None:
        """A UUID of the query, None where it is absent."""
        text = single(self.parameters, name)
        if text is None:
            return None
        try:
            return str(uuid.UUID(text))
        except ValueError as error:
            raise bad_request(f"The parameter {name} is not a UUID.") from error
