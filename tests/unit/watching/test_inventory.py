"""One reading of a site: what fails alone, what ends the poll, who logs in where."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import (
    a_pairing,
    a_replication,
    a_replication_server,
    a_task,
    a_vc_server,
    an_issue,
    some_appliance_facts,
)
from tests.simulated import ManualClock
from vr_exporter.appliance.client import Listing
from vr_exporter.appliance.errors import ApplianceError, Refused, Stopping, Unreachable, Unreadable
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.inventory import Pairing
from vr_exporter.domain.names import PairingId, PairingName
from vr_exporter.watching.inventory import Reader, Scope
from vr_exporter.watching.reading import SiteReading

REMOTE = Credentials("monitor@remote.local", "secret")
BERLIN = a_pairing(id=PairingId("1"))
ROME = a_pairing(id=PairingId("2"), remote_vc=a_vc_server(id="rome", name="vc.rome.example"))


class FakeAppliance:
    """Answers what it is given, and raises what it is told to; writes every call down."""

    def __init__(self, *pairings: Pairing) -> None:
        self.calls: list[str] = []
        self.faults: dict[str, ApplianceError] = {}
        self.shown = pairings or (BERLIN,)
        self.partial: tuple[Pairing, ...] | None = None
        self.remote_sessions: set[str] = set()
        self.cut_off: set[str] = set()
        self.rows = (a_replication(), a_replication(id="GID-2", vm="test-2"))

    def _answer(self, call: str, answer: Any) -> Any:
        self.calls.append(call)
        if call in self.faults:
            raise self.faults[call]
        return answer

    def facts(self) -> Any:
        return self._answer("info", some_appliance_facts())

    def pairings(self) -> Any:
        is_partial = self.partial is not None and not self.remote_sessions
        return self._answer("pairings", self.partial if is_partial else self.shown)

    def replications(self, pairing: Pairing, *, local_vc_id: str) -> Any:
        self.calls.append(f"local vCenter {local_vc_id}")
        listing = Listing(self.rows, 2, is_far_side_down=pairing.id in self.cut_off)
        return self._answer(f"replications {pairing.id}", listing)

    def replication_issues(self, pairing_id: PairingId) -> Any:
        return self._answer(f"replication_issues {pairing_id}", (an_issue(),))

    def pairing_issues(self, pairing_id: PairingId) -> Any:
        return self._answer(f"pairing_issues {pairing_id}", ())

    def replication_servers(self) -> Any:
        return self._answer("replication_servers", (a_replication_server(),))

    def tasks(self) -> Any:
        return self._answer("tasks", (a_task(),))

    def has_remote_session(self, pairing_id: PairingId) -> Any:
        return self._answer(f"has_remote {pairing_id}", pairing_id in self.remote_sessions)

    def open_remote_session(self, pairing_id: PairingId, credentials: Credentials) -> None:
        self._answer(f"open_remote {pairing_id} {credentials.username}", None)
        self.remote_sessions.add(pairing_id)

    def count(self, call: str) -> int:
        """Count the calls that begin so."""
        return sum(made.startswith(call) for made in self.calls)


class FakeFarEnds:
    """Knows one account for every far end, or none; other sites may speak up later."""

    def __init__(self, credentials: Credentials | None) -> None:
        self.found = credentials
        self.introduced: list[tuple[bool, int]] = []
        self.asked_until_known = 0
        self.is_waiting = False

    def introduce(self, facts: Any, pairings: Any) -> None:
        self.introduced.append((facts is not None, len(pairings)))

    def credentials(self, pairing: Pairing) -> Credentials | None:
        del pairing
        if self.asked_until_known:
            self.asked_until_known -= 1
            return None
        return self.found

    def may_learn_more(self) -> bool:
        return self.is_waiting


class Setting:
    """A reader of a fake appliance, on a clock moved by hand."""

    def __init__(
        self,
        *pairings: Pairing,
        credentials: Credentials | None = None,
        scope: Scope | None = None,
    ) -> None:
        self.appliance = FakeAppliance(*pairings)
        self.time = ManualClock()
        self.far_ends = FakeFarEnds(credentials)
        self.reader = Reader(
            self.appliance,  # type: ignore[arg-type] # the fake has the calls that are made
            scope=scope or Scope(),
            far_ends=self.far_ends,
            clock=self.time.clock(),
        )

    def read_with(self, call: str, error: ApplianceError) -> SiteReading:
        """Read once with one call failing."""
        self.appliance.faults[call] = error
        return self.reader.read()


def reasons(reading: SiteReading) -> list[str]:
    """Say why things failed."""
    return [failure.error.reason for failure in reading.failures]


def test_a_whole_reading_asks_each_endpoint_once() -> None:
    """The requests of vr-api.md section 9, without a remote login."""
    setting = Setting()
    reading = setting.reader.read()
    asked = [call for call in setting.appliance.calls if not call.startswith("local")]
    assert asked == [
        "info",
        "pairings",
        "replications 1",
        "replication_issues 1",
        "pairing_issues 1",
        "replication_servers",
        "tasks",
    ]
    assert reading.failures == ()


def test_replications_outside_the_settings_are_left_out() -> None:
    """Exclude wins over include."""
    setting = Setting(scope=Scope(include=("*",), exclude=("test-*",)))
    pairings = setting.reader.read().pairings
    assert pairings
    assert [row.vm for row in pairings[0].replications or ()] == ["db-01"]


@pytest.mark.parametrize("reason", ["dns", "connect", "tls", "auth", "session", "throttled"])
def test_a_fault_of_the_whole_site_ends_the_poll(reason: str) -> None:
    """Nobody answers there: asking on would only cost time and requests."""
    setting = Setting(BERLIN, ROME)
    reading = setting.read_with("replications 1", ApplianceError(reason, "no"))
    assert setting.appliance.count("replications 2") == 0
    assert setting.appliance.count("tasks") == 0
    assert reasons(reading) == [reason]
    assert [read.replications for read in reading.pairings or ()] == [None, None]


def test_R3_a_broken_list_leaves_the_other_pairing_and_the_side_lists_whole() -> None:
    """A page that cannot be understood costs its pairing and nothing else."""
    setting = Setting(BERLIN, ROME)
    reading = setting.read_with("replications 1", Unreadable("not_json", "html"))
    assert [read.replications is None for read in reading.pairings or ()] == [True, False]
    assert reading.tasks is not None
    assert reasons(reading) == ["not_json"]


def test_without_pairings_there_is_nothing_to_read() -> None:
    """The poll rests on the list of pairings."""
    reading = Setting().read_with("pairings", Unreachable("timeout", "no answer"))
    assert reading.pairings is None
    assert reading.tasks is None


def test_facts_that_fail_do_not_cost_the_replications() -> None:
    """Only login, pairings and lists decide whether a site is up."""
    reading = Setting().read_with("info", Refused("server_error", "500", status=500))
    assert reading.facts is None
    assert reading.pairings
    assert reading.pairings[0].replications is not None


@pytest.mark.parametrize("reason", ["forbidden", "not_found"])
def test_A26_a_closed_endpoint_is_asked_again_after_an_hour(reason: str) -> None:
    """What is forbidden or missing now will not be there in a minute."""
    setting = Setting()
    assert reasons(setting.read_with("tasks", Refused(reason, "no", status=403))) == [reason]
    assert reasons(setting.reader.read()) == []
    setting.time.advance(3601)
    assert reasons(setting.reader.read()) == [reason]


def test_a_side_endpoint_that_failed_otherwise_is_asked_at_the_next_poll() -> None:
    """A 500 is no reason to stay away."""
    setting = Setting()
    setting.read_with("tasks", Refused("server_error", "500", status=500))
    setting.appliance.faults.clear()
    assert setting.reader.read().tasks is not None


def test_a_remote_session_is_made_once_and_then_only_looked_at() -> None:
    """One POST, then one GET a poll."""
    setting = Setting(credentials=REMOTE)
    for _ in range(3):
        reading = setting.reader.read()
    assert setting.appliance.count("open_remote") == 1
    assert setting.appliance.count("has_remote") == 3
    assert reading.pairings
    assert reading.pairings[0].remote_session_up is True


def test_no_remote_session_is_asked_for_without_credentials_or_without_need() -> None:
    """A pairing of a vCenter with itself needs none."""
    local = a_pairing(remote_vc=a_vc_server(id="vc-madrid-id"))
    needless = Setting(local, credentials=REMOTE)
    lacking = Setting()
    for setting in (needless, lacking):
        reading = setting.reader.read()
        assert setting.appliance.count("has_remote") == 0
        assert reading.pairings
        assert reading.pairings[0].remote_session_up is None


def test_a_site_says_who_it_is_before_it_reads_replications() -> None:
    """Another site may be waiting for it."""
    setting = Setting()
    setting.reader.read()
    assert setting.far_ends.introduced == [(True, 1)]


def test_a_site_that_cannot_be_read_says_so_at_once() -> None:
    """Nobody need wait for it."""
    setting = Setting()
    setting.read_with("info", Unreachable("connect", "refused"))
    assert setting.far_ends.introduced == [(False, 0)]


def test_a_first_poll_waits_for_the_far_end_to_become_known() -> None:
    """Both sites start at the same time: their pairing is named and read whole from the start."""
    setting = Setting(credentials=REMOTE)
    setting.far_ends.asked_until_known = 5
    setting.far_ends.is_waiting = True
    setting.reader.read()
    assert setting.appliance.count("open_remote") == 1


def test_a_first_poll_does_not_wait_long_and_later_ones_not_at_all() -> None:
    """A far end that is away costs two seconds, once."""
    setting = Setting()
    setting.far_ends.is_waiting = True
    setting.reader.read()
    assert sum(setting.time.waits) == pytest.approx(2.0, abs=0.05)
    waited = len(setting.time.waits)
    setting.reader.read()
    assert len(setting.time.waits) == waited


def test_a_stop_ends_the_wait_for_the_far_end() -> None:
    """Nothing outlives the program's end."""
    setting = Setting()
    setting.far_ends.is_waiting = True
    setting.time.stop()
    with pytest.raises(Stopping):
        setting.reader.read()


@pytest.mark.parametrize("reason", ["auth", "server_error"])
def test_A58_a_refused_remote_login_is_tried_again_after_five_minutes(reason: str) -> None:
    """Wrong credentials must not lock the account; the rest of the poll goes on."""
    setting = Setting(credentials=REMOTE)
    refused = Refused(reason, "no", status=500)
    reading = setting.read_with(f"open_remote 1 {REMOTE.username}", refused)
    assert reading.pairings
    assert reading.pairings[0].remote_session_up is False
    assert reading.pairings[0].replications is not None
    setting.time.advance(299)
    setting.reader.read()
    assert setting.appliance.count("open_remote") == 1
    setting.time.advance(2)
    setting.reader.read()
    assert setting.appliance.count("open_remote") == 2


def test_pairings_are_read_again_when_the_remote_login_uncovers_their_far_end() -> None:
    """The name of a pairing is that of its remote vCenter, which partial data left out."""
    setting = Setting(credentials=REMOTE)
    setting.appliance.partial = (a_pairing(id=BERLIN.id, remote_vc=None, name=PairingName("")),)
    pairings = setting.reader.read().pairings
    assert pairings
    assert pairings[0].pairing.name == "vc.berlin.example"
    assert setting.appliance.count("pairings") == 2


def test_A57_a_far_end_that_falls_silent_keeps_its_name_and_loses_its_state() -> None:
    """The label must not change because the remote site is down."""
    setting = Setting()
    setting.reader.read()
    setting.appliance.shown = (a_pairing(id=BERLIN.id, remote_vc=None, name=PairingName("")),)
    pairings = setting.reader.read().pairings
    assert pairings
    assert pairings[0].pairing.name == "vc.berlin.example"
    assert pairings[0].pairing.remote_vc == a_vc_server(connected=None)


@pytest.mark.parametrize("remote", [None, a_vc_server(id="", name="", connected=False)])
def test_A57_a_far_end_that_is_said_to_be_down_keeps_its_name(remote: Any) -> None:
    """Whether the pairing says so or the list of its replications; the next poll may differ."""
    setting = Setting()
    setting.reader.read()
    setting.appliance.shown = (a_pairing(id=BERLIN.id, remote_vc=remote, name=PairingName("")),)
    setting.appliance.cut_off = {BERLIN.id} if remote is None else set()
    (read,) = setting.reader.read().pairings or ()
    assert read.pairing.name == "vc.berlin.example"
    assert read.pairing.remote_vc == a_vc_server(connected=False)
    assert read.replications
    setting.appliance.shown, setting.appliance.cut_off = (BERLIN,), set()
    (read,) = setting.reader.read().pairings or ()
    assert read.pairing.remote_vc == a_vc_server(connected=True)


def test_A57_a_far_end_never_seen_can_be_down() -> None:
    """An exporter may be started while it is; the pairing goes by its id until it is known."""
    setting = Setting(a_pairing(id=BERLIN.id, remote_vc=None, name=PairingName("")))
    setting.appliance.cut_off = {BERLIN.id}
    (read,) = setting.reader.read().pairings or ()
    assert str(read.pairing.name) == str(BERLIN.id)
    assert read.pairing.remote_vc == a_vc_server(id="", name="", connected=False)
    assert not read.pairing.is_local
    setting.appliance.cut_off.clear()
    (read,) = setting.reader.read().pairings or ()
    assert read.pairing.remote_vc is None


def test_the_stages_share_out_the_time_of_the_poll() -> None:
    """Each second belongs to one stage."""
    setting = Setting()
    plain = setting.appliance.pairings

    def slow() -> Any:
        setting.time.advance(3)
        return plain()

    setting.appliance.pairings = slow  # type: ignore[method-assign] # time passes in one call
    stages = setting.reader.read().stages
    assert stages == {
        "pairings": 3.0,
        "replications": 0.0,
        "tasks": 0.0,
        "servers": 0.0,
        "other": 0.0,
    }


def test_an_unreadable_remote_secret_costs_the_remote_session_alone() -> None:
    """The file of a far end's password may vanish: that is no bug, and no end of the poll."""
    setting = Setting(credentials=REMOTE)

    def unreadable(_: Pairing) -> Credentials:
        raise Refused("auth", "remote.password_file: no such file")

    setting.far_ends.credentials = unreadable  # type: ignore[method-assign, assignment] # as of a bound method
    reading = setting.reader.read()
    assert reasons(reading) == ["auth"]
    assert reading.pairings
    assert reading.pairings[0].remote_session_up is False
    assert reading.pairings[0].replications is not None


@pytest.mark.parametrize(
    ("call", "seconds"), [("tasks", 3600), (f"open_remote 1 {REMOTE.username}", 300)]
)
def test_A26_A58_what_is_left_alone_is_named_until_it_is_tried_again(
    call: str, seconds: float
) -> None:
    """A poll that does not ask must not look as if all were well."""
    setting = Setting(credentials=REMOTE)
    error = Refused("forbidden", "no", status=403)
    assert setting.read_with(call, error).left_alone[0].error is error
    setting.time.advance(seconds - 1)
    reading = setting.reader.read()
    assert (reasons(reading), [each.error for each in reading.left_alone]) == ([], [error])
    setting.appliance.faults.clear()
    setting.time.advance(2)
    assert setting.reader.read().left_alone == ()


def test_the_local_vcenter_is_known_from_an_earlier_poll_where_a_pairing_does_not_tell() -> None:
    """Else one failed GET /info would turn every outgoing replication into an incoming one."""
    for local in (None, a_vc_server(id="", name="vc.madrid.example")):
        setting = Setting(a_pairing(local_vc=local))
        setting.reader.read()
        setting.read_with("info", Refused("server_error", "500", status=500))
        asked = [call for call in setting.appliance.calls if call.startswith("local vCenter")]
        assert asked == ["local vCenter vc-madrid-id"] * 2


def test_pairings_that_come_and_go_leave_nothing_behind() -> None:
    """Only what is listed now is remembered (fault-matrix B29)."""
    setting = Setting()
    for number in range(50):
        setting.appliance.shown = (a_pairing(id=PairingId(str(number))),)
        setting.reader.read()
    assert len(setting.reader._last_known) == 1
