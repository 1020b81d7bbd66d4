"""The description of the API against a served exporter: generated requests, every answer checked.

`VR_OPENAPI_EXAMPLES=2000 .venv/bin/pytest -q tests/integration/test_openapi.py` tries more.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

from tests.command_line import a_world, served, settings_file
from tests.prometheus import exporter, fetch, running, wait_until
from vr_exporter.web.routes import ROUTES, Route

LISTENING = r"addresses=(\S+)"
TOKEN = "described-and-served"
WEBHOOK_TOKEN = "described-for-alerts"
EXAMPLES = int(os.environ.get("VR_OPENAPI_EXAMPLES", "25"))
"""Requests of each kind for each route: sound ones, unsound ones, and sound ones about what is."""

Operation = APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    ignored_auth,
]


@dataclass(frozen=True, slots=True)
class Described:
    """A served exporter, and what it says of itself."""

    url: str
    document: dict[str, Any]
    known: dict[str, str]

    def operation(self, route: Route) -> Operation:
        """A route as it is described."""
        schema = schemathesis.openapi.from_dict(self.document)
        operation: Operation = schema[route.path][route.method]
        return operation

    def ask(self, case: Case) -> None:
        """Send one request and judge the answer."""
        token = WEBHOOK_TOKEN if case.operation.path == "/api/v1/alertmanager" else TOKEN
        case.call_and_validate(
            base_url=self.url, headers={"Authorization": f"Bearer {token}"}, checks=CHECKS
        )


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    """An exporter of one small site, all of whose routes are open."""
    folder = tmp_path_factory.mktemp("x")
    with served(a_world()) as appliance:
        config = settings_file(
            folder,
            {"madrid": {"url": appliance.url}},
            api={"bearer_token": TOKEN},
            webhook={"bearer_token": WEBHOOK_TOKEN},
        )
        command = exporter(
            *("serve", "--config.file", config, "--web.listen-address", "127.0.0.1:0"),
            "--web.enable-lifecycle",
        )
        with running(command, until=LISTENING) as (_, url):
            wait_until(lambda: fetch(f"{url}/-/ready").startswith("ready"), "it is ready")
            yield Described(url, json.loads(fetch(f"{url}/api/v1/openapi.json")), known_at(url))


def known_at(url: str) -> dict[str, str]:
    """A good value for each part of a path that is left open; one sync is begun for it."""
    row = json.loads(fetch(f"{url}/api/v1/replications?site=madrid"))["replications"][0]
    wish = urllib.request.Request(  # noqa: S310 - our own address
        f"{url}/api/v1/sites/madrid/replications/{row['replication']}/sync",
        data=b"{}",
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(wish, timeout=60) as answer:  # noqa: S310
        key = json.loads(answer.read())["key"]
    names = {"site": "madrid", "replication": row["replication"], "file": "page.css"}
    return {**names, "key": key, "trigger": key}


@pytest.mark.xdist_group("openapi")
@pytest.mark.timeout(600 + EXAMPLES)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_C10_every_answer_is_described_whatever_is_asked(
    described: Described, route: Route
) -> None:
    """No status, media type or JSON that the description does not name, and never a 500."""
    operation = described.operation(route)
    names = {parameter.name for parameter in operation.path_parameters}
    about_what_is = {name: value for name, value in described.known.items() if name in names}
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        operation.as_strategy(path_parameters=about_what_is),
    )

    @given(case=cases)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=[*HealthCheck]
    )
    def asked(case: Case) -> None:
        described.ask(case)

    asked()


@pytest.mark.xdist_group("openapi")
def test_what_is_served_is_what_the_routes_are(described: Described) -> None:
    """Every route of the table is in the description of an exporter where all is open."""
    served_routes = {
        (method.upper(), path)
        for path, methods in described.document["paths"].items()
        for method in methods
    }
    assert served_routes == {(route.method, route.path) for route in ROUTES}
