"""Operations that change something: remote logins, syncs, pauses."""

from __future__ import annotations

from collections.abc import Callable

from vr_exporter.simulator.call import Call
from vr_exporter.simulator.errors import remote_down
from vr_exporter.simulator.results import NOTHING, Entity, Row
from vr_exporter.simulator.sessions import account_of
from vr_exporter.simulator.world import Replica


def remote_session(call: Call) -> Entity:
    """Who is logged in at the far side; an error where nobody is."""
    call.pairing()
    remote = call.withholding(call.pairing_id, is_reading=False)
    remote.refuse(call.options.remote_unauthenticated_status)
    session = call.living_session
    username = session.remote.get(call.pairing_id, session.account.username)
    return Entity({"username": username}, has_meta=False)


def open_remote_session(call: Call) -> Entity:
    """Log in at the far side with credentials of that side; once more does no harm."""
    call.pairing()
    if call.is_remote_down(call.pairing_id):
        raise remote_down()
    accounts = call.options.remote_accounts
    account = account_of(
        call.request.headers.get("authorization"),
        call.options.accounts if accounts is None else accounts,
    )
    call.living_session.remote[call.pairing_id] = account.username
    return NOTHING


def sync(call: Call) -> Entity:
    """Start a sync; works without a remote session, not while the far side is down."""
    _replica(call)
    if call.is_remote_down(call.pairing_id):
        raise remote_down()
    return _acted(call, call.view.sync)


def pause(call: Call) -> Entity:
    """Pause a replication; needs the far side."""
    return _configured(call, call.view.pause)


def resume(call: Call) -> Entity:
    """Resume a replication; needs the far side."""
    return _configured(call, call.view.resume)


def _configured(call: Call, act: Callable[..., Row]) -> Entity:
    _replica(call)
    remote = call.withholding(call.pairing_id, is_reading=False)
    remote.refuse(call.options.remote_unauthenticated_status)
    return _acted(call, act)


def _acted(call: Call, act: Callable[..., Row]) -> Entity:
    user = call.living_session.account.username
    return Entity(act(call.pairing_id, call.ids["replication_id"], user=user), status=202)


def _replica(call: Call) -> Replica:
    call.pairing()
    return call.view.find(call.pairing_id, call.ids["replication_id"])
