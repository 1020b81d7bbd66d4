from __future__ import annotations

from typing import Any

import pytest

from tests.asking import PASSWORD, UNLIMITED, USERNAME, Asker, an_asker
from tests.scripted import Reader
from tests.simulated import SimulatedTransport
from vr_exporter.appliance.errors import ApplianceError
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.events import Requested
from vr_exporter.domain.inventory import Pairing, Replication
from vr_exporter.domain.snapshot import POLL_FAILURE_REASONS, SURPRISE_KINDS
from vr_exporter.simulator.faults import KINDS, Fault, Stage
from vr_exporter.simulator.options import Quotas
from vr_exporter.simulator.world import WorldOptions

ACCOUNT = Credentials(USERNAME, PASSWORD)
LIVELY = WorldOptions(replications=250, seed=7, speed=20)
FORMS: dict[str, dict[str, Any]] = {
    "v2": {},
    "v2 terse": {"null_members": "absent", "remote_members": "absent"},
    "v2 small pages": {"page_size_cap": 30},
    "v2 links of another host": {"page_size_cap": 30, "link_base": "https://inside.example"},
    "v1": {"versions": frozenset({"v1"})},
    "v1 with zones": {"versions": frozenset({"v1"}), "v1_times": "iso_offset"},
    "v1 with digits": {"versions": frozenset({"v1"}), "v1_times": "digits"},
}


class Site(Reader):
    """A simulated appliance with its remote site logged in, read by ours at one moment."""

    def __init__(self, asker: Asker, **options: Any) -> None:
        super().__init__(
            SimulatedTransport(asker.api, wait=asker.clock.wait),
            clock=asker.clock,
            password=PASSWORD,
            **options,
        )
        self.world = asker.world

    def read(self) -> tuple[tuple[Pairing, ...], tuple[Replication, ...]]:
        """Read all that a poll reads; returns pairings and replications."""
        appliance = self.appliance
        appliance.begin_poll(3600)
        facts = appliance.facts()
        for pairing in appliance.pairings():
            if not appliance.has_remote_session(pairing.id):
                appliance.open_remote_session(pairing.id, ACCOUNT)
        pairings = appliance.pairings()
        rows: list[Replication] = []
        for pairing in pairings:
            rows += appliance.replications(pairing, local_vc_id=facts.vc_id).rows
            appliance.replication_issues(pairing.id)
            appliance.pairing_issues(pairing.id)
        appliance.replication_servers()
        appliance.tasks()
        return pairings, tuple(rows)


@pytest.mark.parametrize("form", FORMS)
def test_every_field_of_every_replication_is_the_worlds(form: str) -> None:
    """In either API and in every form of its answers we read what is so, and nothing surprises."""
    site = Site(an_asker(world_options=LIVELY, logged_in=False, **FORMS[form]))
    pairings, rows = site.read()
    truth = {row["ids"]["madrid"]: row for row in site.world.truth()["replications"]}
    assert {row.id for row in rows} == truth.keys()
    for row in rows:
        assert_is_true(row, truth[row.id])
    assert [pairing.name for pairing in pairings] == ["vc.berlin.example"]
    assert not site.surprises()
    assert site.appliance.api == form[:2]


def assert_is_true(row: Replication, truth: dict[str, Any]) -> None:
    """Compare one replication with the world's own account of it."""
    is_outgoing = truth["source_site"] == "madrid"
    assert row.direction == ("outgoing" if is_outgoing else "incoming")
    assert row.vm == truth["name"]
    assert row.replication_server == truth["replication_server"]
    assert {error.kind: error.message for error in row.errors} == truth["errors"]
    for name in (
        "vm_id",
        "source_site",
        "target_site",
        "source_vc_id",
        "status",
        "configuration_state",
        "rpo_seconds",
        "rpo_violated",
        "rpo_violation_seconds",
        "last_sync_timestamp_seconds",
        "last_sync_duration_seconds",
        "last_sync_bytes",
        "mpit_instances",
        "mpit_retention_seconds",
    ):
        assert getattr(row, name) == truth[name], name
    assert (row.progress is None) == (truth["progress"] is None)
    if row.progress is not None:
        for name in ("ratio", "transferred_bytes", "transfer_size_bytes", "checksum_size_bytes"):
            assert getattr(row.progress, name) == truth["progress"][name], name


def test_tasks_and_servers_are_the_worlds() -> None:
    """Everybody's tasks with their times, states and operations, and the servers of this site."""
    site = Site(an_asker(world_options=LIVELY, logged_in=False))
    truth = site.world.truth()["sites"]["madrid"]
    tasks = {task.id: task for task in site.appliance.tasks()}
    assert tasks.keys() == {task["id"] for task in truth["tasks"]}
    for told in truth["tasks"]:
        task = tasks[told["id"]]
        assert task.state == told["status"]
        assert task.completed_timestamp_seconds == told["completed_timestamp_seconds"]
        assert task.started_timestamp_seconds == told["started_timestamp_seconds"]
        assert (task.operation == "sync") == (told["operation"] == "sync")
    servers = {server.id: server.replications for server in site.appliance.replication_servers()}
    assert servers == {row["uuid"]: row["replications"] for row in truth["replication_servers"]}


def test_without_the_remote_session_data_are_partial_and_no_surprise() -> None:
    """Partial data is a state of its own: every row is there, and says less."""
    site = Site(an_asker(world_options=LIVELY, logged_in=False))
    (pairing,) = site.appliance.pairings()
    assert pairing.remote_vc is None
    listing = site.appliance.replications(pairing, local_vc_id="")
    assert (len(listing.rows), listing.is_complete, listing.is_far_side_down) == (250, True, False)
    assert not site.surprises()


def test_an_hour_of_polls_keeps_the_appliances_limits_with_one_session() -> None:
    """At the default rate limits nothing is throttled, and one login serves them all."""
    asker = an_asker(
        world_options=WorldOptions(replications=900, seed=2),
        logged_in=False,
        quotas=Quotas(),
        page_size_cap=100,
    )
    site = Site(asker)
    for _ in range(60):
        site.read()
        asker.clock.advance(max(0.0, 60 - asker.clock.monotonic() % 60))
    site.appliance.close()
    codes = [event.code for event in site.told(Requested)]
    assert "429" not in codes
    assert [event.method for event in site.told(Requested)].count("DELETE") == 1
    assert sum(event.endpoint == "session" for event in site.told(Requested)) == 2


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].stage is not Stage.SITE])
def test_no_fault_gets_out_as_anything_but_an_appliance_error(kind: str) -> None:
    """Whatever the simulator can break ends in a good reading or in a failure with its reason."""
    asker = an_asker(
        world_options=WorldOptions(replications=60, seed=5, speed=20),
        logged_in=False,
        quotas=UNLIMITED,
        page_size_cap=20,
    )
    site = Site(asker)
    site.read()
    asker.api.faults.add(Fault(kind))
    failures: list[ApplianceError] = []
    for _ in range(2):
        try:
            site.read()
        except ApplianceError as error:
            failures.append(error)
        asker.clock.advance(60)
    assert {error.reason for error in failures} <= set(POLL_FAILURE_REASONS)
    assert all(str(error).isprintable() for error in failures)
    assert site.surprises().keys() <= set(SURPRISE_KINDS)
