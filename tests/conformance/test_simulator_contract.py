"""A contract tool drives every operation of the simulated appliance in every state."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conformance.states import STATES, Appliance, State
from tests.contract import the_contract

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 12
_OPERATIONS = sorted(the_contract().operations)
_STATES = {state.name: state for state in STATES}


@cache
def _appliance(state: State) -> tuple[Appliance, Any]:
    appliance = Appliance(state)
    schema = schemathesis.openapi.from_dict(appliance.document())
    schema.app = appliance
    return appliance, schema


def _drive(state: State, operation_id: str, *, judge: Callable[[Any], None]) -> None:
    _, schema = _appliance(state)
    operation = schema.find_operation_by_id(operation_id)
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))

    @given(case=cases)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def every_case(case: Any) -> None:
        judge(case)

    every_case()


@pytest.mark.parametrize("operation_id", _OPERATIONS)
@pytest.mark.parametrize("state", list(_STATES))
def test_every_answer_keeps_the_document(state: str, operation_id: str) -> None:
    """Whatever is asked, well or badly, status, type and body are as documented."""
    chosen = _STATES[state]
    checks = [*CHECKS, not_a_server_error] if chosen.never_server_error else CHECKS
    _drive(chosen, operation_id, judge=lambda case: case.call_and_validate(checks=checks))


@pytest.mark.parametrize(
    ("kind", "operation_id"),
    [
        ("numbers_as_strings", "getAllReplications"),
        ("null_list", "getRecentTasksInfo"),
        ("wrong_type", "getVrInfo"),
        ("html_error", "getVrPairings"),
        ("truncated", "getVrPairings"),
        ("task_unknown_status", "getRecentTasksInfo"),
    ],
)
def test_answer_broken_on_purpose_is_caught(kind: str, operation_id: str) -> None:
    """The check can fail: a fault that leaves the document is found by the tool."""
    state = State(f"broken by {kind}", faults=(kind,))
    with pytest.raises(FailureGroup):
        _drive(state, operation_id, judge=lambda case: case.call_and_validate(checks=CHECKS))
