"""Every documented answer of every operation is given, and keeps the document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.asking import Asker, an_asker, basic
from tests.conformance.states import STATES, UNKNOWN_ID, ids_of
from tests.contract import BrokenAnswerError, Documented, the_contract
from vr_exporter.simulator.faults import KINDS
from vr_exporter.simulator.faults.fault import Stage
from vr_exporter.simulator.messages import SimResponse
from vr_exporter.simulator.options import Account, Quotas
from vr_exporter.simulator.routes import OPERATIONS
from vr_exporter.simulator.world import WorldOptions

Recipe = Callable[[Documented], SimResponse]
_GOOD = {200, 202, 204}
_LIVELY = WorldOptions(replications=120, seed=4, speed=20)


def _path(operation: Documented, ids: dict[str, str], query: str = "") -> str:
    path = operation.path
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return path + query


def _asked(
    asker: Asker, operation: Documented, *, ids: dict[str, str] | None = None, query: str = ""
) -> SimResponse:
    path = _path(operation, ids or ids_of(asker), query)
    is_login = operation.id in {"login", "createRemoteSession"}
    return asker.ask(operation.method, path, authorization=basic() if is_login else None)


def _good(operation: Documented) -> SimResponse:
    asker = an_asker(instances=True).log_in_remotely()
    ids = ids_of(asker)
    if operation.id == "resumeReplication":
        asker.world.pause(asker.world.find(ids["replication_id"]))
    return _asked(asker, operation, ids=ids)


def _bad_request(operation: Documented) -> SimResponse:
    return _asked(an_asker().log_in_remotely(), operation, query="?x=%zz")


def _unauthorized(operation: Documented) -> SimResponse:
    asker = an_asker(logged_in=False)
    return asker.ask(operation.method, _path(operation, ids_of(asker)))


def _forbidden(operation: Documented) -> SimResponse:
    account = Account("monitor@vsphere.local", "simulated", frozenset({operation.id}))
    return _asked(an_asker(accounts=(account,)), operation)


def _not_found(operation: Documented) -> SimResponse:
    asker = an_asker(instances=True)
    return _asked(asker, operation, ids=dict.fromkeys(ids_of(asker), UNKNOWN_ID))


def _throttled(operation: Documented) -> SimResponse:
    asker = an_asker(quotas=Quotas(service=1))
    return _asked(asker, operation)


def _failed(operation: Documented) -> SimResponse:
    asker = an_asker()
    asker.break_by("error")
    return _asked(asker, operation)


RECIPES: dict[int, Recipe] = {
    **dict.fromkeys(_GOOD, _good),
    400: _bad_request,
    401: _unauthorized,
    403: _forbidden,
    404: _not_found,
    429: _throttled,
    500: _failed,
}
_DOCUMENTED = [
    (operation.id, status)
    for operation in the_contract().operations.values()
    for status in sorted(operation.statuses)
]


def _judge(operation_id: str, response: SimResponse) -> None:
    the_contract().check(
        operation_id,
        response.status,
        content_type=response.header("Content-Type"),
        body=response.body,
    )


@pytest.mark.parametrize(("operation_id", "status"), _DOCUMENTED)
def test_every_documented_answer_is_given(operation_id: str, status: int) -> None:
    """Each operation gives each status that the document lists for it, in its shape."""
    response = RECIPES[status](the_contract().operations[operation_id])
    assert response.status == status
    _judge(operation_id, response)


def test_simulator_has_the_operations_of_the_document() -> None:
    """No operation is missing and none is invented; privileges are those documented."""
    document = the_contract().document
    listed = {}
    for operation in the_contract().operations.values():
        described = document["paths"][operation.path][operation.method.lower()]
        words = described.get("x-dr-permissions", {}).get("permissions", ())
        privileges = (words,) if isinstance(words, str) else tuple(words)
        listed[operation.id] = (operation.method, operation.path, privileges)
    assert {o.id: (o.method, o.template, o.privileges) for o in OPERATIONS} == listed


def test_operations_that_can_be_forbidden_are_those_with_a_403() -> None:
    """The document lists no 403 for a login and for reading one's own session."""
    listed = {o.id for o in the_contract().operations.values() if 403 in o.statuses}
    assert {o.id for o in OPERATIONS if o.is_forbiddable} == listed


def _reads() -> Iterator[Documented]:
    return (o for o in the_contract().operations.values() if o.method == "GET")


@pytest.mark.parametrize("state", [state.name for state in STATES if state.never_server_error])
@pytest.mark.parametrize("query", ["", "?limit=1000", "?limit=7&offset=7&sort_by=id&order_by=desc"])
def test_whole_lists_of_a_living_world_keep_the_document(state: str, query: str) -> None:
    """Hundreds of replications in all their states, tasks of all kinds, read for half an hour."""
    options = next(s for s in STATES if s.name == state).options
    asker = an_asker(world_options=_LIVELY, **options) if "quotas" not in options else an_asker()
    ids = ids_of(asker)
    for _ in range(6):
        asker.clock.advance(300)
        for operation in _reads():
            _judge(operation.id, _asked(asker, operation, ids=ids, query=query))


@pytest.mark.parametrize("site", ["madrid", "berlin"])
def test_far_side_that_is_down_keeps_the_document(site: str) -> None:
    """Partial data and refusals of either site are as documented."""
    asker = an_asker(site=site, world_options=_LIVELY).log_in_remotely()
    ids = ids_of(asker)
    asker.world.set_down("berlin" if site == "madrid" else "madrid", True)
    asker.clock.advance(600)
    for operation in the_contract().operations.values():
        if operation.id != "logout":
            _judge(operation.id, _asked(asker, operation, ids=ids))


# the judge itself


def _answer(row: dict[str, Any]) -> bytes:
    return json.dumps({"list": [row]}).encode()


@pytest.mark.parametrize(
    ("status", "content_type", "body", "told"),
    [
        (418, "application/json", b"{}", "not documented"),
        (404, None, b"no such pairing", "has a body"),
        (200, "text/html", b"{}", "comes as text/html"),
        (200, "application/json", b"{", "no JSON"),
        (200, "application/json", b'{"list": [{"last_sync_time": NaN}]}', "NaN is no JSON"),
        (200, "application/json", b"{}", "'list' is a required property"),
        (200, "application/json", _answer({}), "'last_sync_time' is a required property"),
        (200, "application/json", _answer({"last_sync_time": "5"}), "not of type 'integer'"),
        (200, "application/json", _answer({"last_sync_time": 2**63}), "is not a 'int64'"),
        (200, "application/json", _answer({"last_sync_time": 1, "name": None}), "not of type"),
        (
            200,
            "application/json",
            _answer({"last_sync_time": 1, "status": {"status": "RECONFIGURING"}}),
            "is not one of",
        ),
        (
            200,
            "application/json",
            _answer({"last_sync_time": 1, "target_replication_server_uuid": "no"}),
            "is not valid under any",
        ),
    ],
)
def test_broken_answer_is_caught(
    status: int, content_type: str | None, body: bytes, told: str
) -> None:
    """The judge finds each way of leaving the document."""
    with pytest.raises(BrokenAnswerError, match=told):
        the_contract().check("getAllReplications", status, content_type=content_type, body=body)


def test_null_is_kept_apart_from_not_nullable() -> None:
    """What the document calls nullable may be null."""
    row = {"last_sync_time": 1, "vm_id": None, "sync_progress": None, "recovery_error": None}
    the_contract().check(
        "getAllReplications", 200, content_type="application/json", body=_answer(row)
    )


_KEEP_THE_DOCUMENT = {
    "unknown_fields",  # more members are allowed
    "times_in_seconds",  # still integers
    "times_zero",
    "times_negative",
    "times_far_future",
    "negative_sizes",
    "impossible_progress",  # the range of a replication's progress is assumed
    "falling_progress",
    "wild_names",  # strings all the same
    "long_string",
    "row_vanishes",
    "missing_ids",  # an id is not required
}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].stage is Stage.ROW])
def test_row_faults_break_the_document_or_are_listed_as_keeping_it(kind: str) -> None:
    """Of every row fault it is known whether it leaves the document."""
    asker = an_asker(replications=3)
    ids = ids_of(asker)
    asker.clock.advance(2)
    asker.break_by(kind, value=1 if kind == "long_string" else None)
    of_tasks = kind.startswith("task_")
    operation = the_contract().operations[
        "getRecentTasksInfo" if of_tasks else "getAllReplications"
    ]
    response = _asked(asker, operation, ids=ids, query="?extended_info=true" * (not of_tasks))
    if (of_tasks and kind != "task_unknown_status") or kind in _KEEP_THE_DOCUMENT:
        _judge(operation.id, response)
        return
    with pytest.raises(BrokenAnswerError):
        _judge(operation.id, response)
