"""The simulated appliance as a function: a request in, an answer out, no sockets in between."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from vr_exporter.simulator.call import Call
from vr_exporter.simulator.counters import Counters
from vr_exporter.simulator.encoding import answer_of
from vr_exporter.simulator.errors import (
    Refusal,
    bad_request,
    forbidden,
    no_session,
    not_found,
    response_error,
)
from vr_exporter.simulator.faults import Faults
from vr_exporter.simulator.faults.faults import Scene, Struck
from vr_exporter.simulator.limits import Limiter
from vr_exporter.simulator.lists import (
    ListQuery,
    envelope,
    linker,
    read_list_query,
    read_parameters,
)
from vr_exporter.simulator.lists import selected as select
from vr_exporter.simulator.messages import Delivery, SimRequest, SimResponse
from vr_exporter.simulator.operations import ACTIONS
from vr_exporter.simulator.options import ApiOptions
from vr_exporter.simulator.results import NOTHING, Entity, Listing, Row, Selection
from vr_exporter.simulator.routes import Operation, Route, route
from vr_exporter.simulator.sessions import Session, Sessions, account_of
from vr_exporter.simulator.world import SiteView, World, WorldRefusal

_UNKNOWN_PATH = "(unknown)"


@dataclass(frozen=True, slots=True)
class _Made:
    """An answer before it is written: made under the lock, encoded outside of it."""

    status: int
    document: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    version: str = "v2"


class Api:
    """One appliance: a site of the world behind the documented interface.

    Safe for many threads: the world's lock is held while an answer is made. The clock is the
    world's: `now` gives wall-clock seconds.
    """

    def __init__(
        self,
        world: World,
        site: str,
        options: ApiOptions | None = None,
        *,
        faults: Faults | None = None,
    ) -> None:
        self.site = site
        self.options = options or ApiOptions()
        self.now: Callable[[], float] = world.now
        self.faults = faults or Faults(now=self.now)
        self.counters = Counters()
        self.limiter = Limiter(self.options.quotas, now=self.now)
        self.sessions = Sessions(
            now=self.now,
            idle_timeout_seconds=self.options.idle_timeout_seconds,
            seed=f"{world.options.seed} {site}",
        )
        self._world = world
        self._op_ids = random.Random(f"operations {world.options.seed} {site}")

    def answer(self, request: SimRequest) -> SimResponse:
        """Answer one request as the appliance would, or as a fault makes it."""
        with self._world.lock:
            if self.is_away():
                return SimResponse(HTTPStatus.SERVICE_UNAVAILABLE, delivery=Delivery.REFUSED)
            self._world.advance()
            found = route(request, self.options.versions)
            struck = self.faults.striking(self._scene(request, found))
            made = self._admitted(request, found, struck)
        response = made if isinstance(made, SimResponse) else self._written(made)
        response = struck.answer(self._dated(response))
        self.counters.answered(_endpoint(request, found), response.status)
        return response

    @property
    def view(self) -> SiteView:
        """What this site sees of the world, in the shapes of v2."""
        return self._world.view(self.site)

    def is_away(self) -> bool:
        """Whether the whole appliance refuses connections at present, by the file of now."""
        with self._world.lock:
            self.faults.refresh()
            return self._world.site(self.site).is_down or self.faults.is_on("site_down", self.site)

    def restart(self) -> None:
        """Forget every session, as a restart of the appliance does."""
        with self._world.lock:
            self.sessions.close_all()

    def _scene(self, request: SimRequest, found: Route | int) -> Scene:
        operation = "" if isinstance(found, int) else found.operation.id
        return Scene(self.site, operation, f"{request.method} {request.target}")

    def _admitted(
        self, request: SimRequest, found: Route | int, struck: Struck
    ) -> _Made | SimResponse:
        token = request.headers.get("x-dr-session")
        self.counters.asked(_endpoint(request, found), token)
        is_admitted = self.limiter.admit(peer=request.peer, token=token)
        if struck.has("session_expired"):
            self.sessions.close_all()
        spoiled = struck.in_place_of_answer()
        if spoiled is not None:
            return spoiled
        if not is_admitted:
            return self._throttled()
        if isinstance(found, int):
            return _Made(found)
        return self._made(request, found, struck)

    def _throttled(self) -> _Made:
        quotas = self.options.quotas
        seconds = math.ceil(self.limiter.window_ends_in_seconds())
        headers = (("Retry-After", str(seconds)),) if quotas.retry_after else ()
        return _Made(quotas.status, headers=headers)

    def _made(self, request: SimRequest, found: Route, struck: Struck) -> _Made:
        try:
            status, document = self._performed(request, found, struck)
        except (Refusal, WorldRefusal) as refusal:
            status, document = refusal.status, self._error_of(refusal)
        return _Made(status, document, version=found.version)

    def _error_of(self, refusal: Refusal | WorldRefusal) -> Row | None:
        return response_error(
            refusal.status,
            code=refusal.code,
            message=refusal.message,
            op_id=str(uuid.UUID(int=self._op_ids.getrandbits(128), version=4)),
            style=self.options.error_codes,
        )

    def _performed(self, request: SimRequest, found: Route, struck: Struck) -> tuple[int, Any]:
        operation = found.operation
        if not request.is_well_formed:
            raise bad_request("The address is not well formed.")
        session = self._session_for(request, operation)
        if operation.id == "login":
            return HTTPStatus.OK, self._login(request)
        call = self._call(request, found, session)
        result = self._logout(call) if operation.id == "logout" else ACTIONS[operation.id](call)
        if isinstance(result, Listing):
            return HTTPStatus.OK, struck.document(_page(call, result, struck))
        return result.status, _spoiled_entity(result, struck)

    def _session_for(self, request: SimRequest, operation: Operation) -> Session | None:
        if not operation.needs_session:
            return None
        session = self.sessions.find(request.headers.get("x-dr-session"))
        if session is None:
            if operation.id == "getCurrentSession":
                raise Refusal(self.options.dead_session_status, "no_session", "No session.")
            raise no_session()
        lacking = session.account.lacks & {*operation.privileges, operation.id}
        if lacking and operation.is_forbiddable:
            raise forbidden(f"Permission is lacking: {min(lacking)}.")
        return session

    def _call(self, request: SimRequest, found: Route, session: Session | None) -> Call:
        view = self.view
        return Call(
            request=request,
            version=found.version,
            operation=found.operation,
            ids=found.ids,
            parameters=read_parameters(request.query),
            view=view,
            options=self.options,
            session=session,
            is_remote_down=lambda pairing_id: (
                view.is_down(pairing_id) or self.faults.is_on("remote_down", self.site, pairing_id)
            ),
        )

    def _login(self, request: SimRequest) -> Row:
        account = account_of(request.headers.get("authorization"), self.options.accounts)
        return {"session_id": self.sessions.open(account).token}

    def _logout(self, call: Call) -> Entity:
        self.sessions.close(call.living_session)
        return NOTHING

    def _written(self, made: _Made) -> SimResponse:
        return answer_of(
            made.status,
            made.document,
            headers=made.headers,
            version=made.version,
            options=self.options,
        )

    def _dated(self, response: SimResponse) -> SimResponse:
        return response.with_header("Date", formatdate(self.now(), usegmt=True))


def _page(call: Call, listing: Listing, struck: Struck) -> Row:
    if listing.is_paged:
        query = read_list_query(call.parameters, fields=listing.fields, options=call.options)
    else:
        query = ListQuery(limit=max(1, len(listing.handles)))
    handles = select(listing.handles, query, value_of=listing.value_of, options=call.options)
    whole = Selection(handles, listing.row_of, len(handles))
    selection = struck.listing(whole, query.limit)
    cut = selection.handles[query.offset : query.offset + query.limit]
    rows = [selection.row_of(handle) for handle in cut]
    return envelope(
        struck.rows(rows),
        query,
        total=selection.total,
        length=len(selection.handles),
        errors=listing.errors(rows),
        link=linker(call.request, query, parameters=call.parameters, base=call.options.link_base),
    )


def _spoiled_entity(entity: Entity, struck: Struck) -> Any:
    if entity.row is None:
        return None
    rows = struck.rows([entity.row])
    if not rows:
        raise not_found()
    return struck.document(replace(entity, row=rows[0]).document() or {})


def _endpoint(request: SimRequest, found: Route | int) -> str:
    if isinstance(found, int):
        return f"{request.method} {_UNKNOWN_PATH}"
    return found.operation.endpoint
