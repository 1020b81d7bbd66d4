"""What an operator sees of an appliance's faults, in the metrics and in the log.

Each test carries the id of its row in the fault matrix.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal

import pytest

from tests.watched import ACCOUNT, Samples, Watched
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.simulator.options import ApiOptions, Quotas

HEALTHY = 30


@pytest.fixture
def watched() -> Iterator[Watched]:
    """One site of 30 replications, polled well once."""
    with Watched() as made:
        made.poll()
        yield made


def replications(metrics: Samples, site: str = "madrid") -> int:
    """Count the replications on the page."""
    return len(metrics.of("vr_replication_rpo_seconds", site=site))


def connected(metrics: Samples) -> dict[str, float]:
    """Whether the appliance says that it reaches each vCenter of the pairing, by side."""
    found = metrics.of("vr_pairing_vc_connected", site="madrid")
    return {dict(labels)["side"]: value for labels, value in found.items()}


def test_A2_a_refused_connection_lowers_up_and_keeps_the_values(watched: Watched) -> None:
    """Two retries, then the next poll; the reason is counted and logged once with the address."""
    watched.madrid.breaks("site_down")
    for _ in range(3):
        watched.poll()
    metrics = watched.metrics()
    assert metrics.value("vr_up", site="madrid") == 0
    assert metrics.failures() == {"connect": 3}
    assert metrics.value("vr_api_retries_total", reason="connect") == 6
    assert replications(metrics) == HEALTHY
    assert len(watched.log.warnings("connect")) == 1
    assert "madrid.example:443" in watched.log.warnings("connect")[0]


def test_A2_a_connection_that_comes_back_heals_at_once(watched: Watched) -> None:
    """The end of the episode is logged with its length, and no login is repeated."""
    watched.madrid.breaks("site_down")
    watched.poll()
    watched.madrid.heals()
    watched.poll()
    metrics = watched.metrics()
    assert metrics.value("vr_up", site="madrid") == 1
    assert metrics.value("vr_api_logins_total", site="madrid") == 1
    ended = [record for record in watched.log.with_reason("connect") if record.levelname == "INFO"]
    assert len(ended) == 1


@pytest.mark.parametrize("kind", ["hang", "hang_after_head"])
def test_A9_a_hanging_answer_costs_its_timeout_and_no_more(watched: Watched, kind: str) -> None:
    """The list hangs; the worker is free again within the poll's deadline."""
    watched.madrid.breaks(kind, operation="getAllReplications")
    before = watched.time.monotonic()
    watched.poll(after=0.0)
    took = watched.time.monotonic() - before
    metrics = watched.metrics()
    assert took <= 61
    assert metrics.value("vr_up", site="madrid") == 0
    assert metrics.failures() == {"timeout": 1}
    assert replications(metrics) == HEALTHY
    assert len(watched.log.warnings("timeout")) == 1


def test_A15_an_html_page_with_200_is_never_data(watched: Watched) -> None:
    """The log names status and type, so that a person sees the proxy."""
    watched.madrid.breaks("html_page")
    watched.poll()
    metrics = watched.metrics()
    assert metrics.value("vr_up", site="madrid") == 0
    assert set(metrics.failures()) == {"not_json"}
    assert replications(metrics) == HEALTHY
    assert "text/html" in watched.log.warnings("not_json")[0]


def test_A22_a_wrong_password_is_tried_once_in_five_minutes() -> None:
    """VCenter must not lock the account; the right password is taken up at once."""
    with Watched() as watched:
        watched.madrid.password = "wrong"
        for _ in range(5):
            watched.poll()
        metrics = watched.metrics()
        assert metrics.value("vr_up", site="madrid") == 0
        assert metrics.value("vr_api_login_failures_total", site="madrid") == 1
        assert metrics.failures() == {"auth": 5}
        assert len(watched.log.warnings("auth")) == 1
        assert "wrong" not in watched.metrics().text
        watched.madrid.password = "simulated"
        watched.poll()
        assert watched.metrics().value("vr_up", site="madrid") == 1


def test_A22_the_same_wrong_password_is_tried_again_after_five_minutes() -> None:
    """An account unlocked by its owner is found without a restart."""
    with Watched() as watched:
        watched.madrid.password = "wrong"
        watched.poll()
        watched.poll(after=301)
        assert watched.metrics().value("vr_api_login_failures_total", site="madrid") == 2


def test_A23_an_expired_session_is_renewed_once_and_the_poll_goes_on(watched: Watched) -> None:
    """Nothing of it is a failure."""
    watched.madrid.breaks("session_expired", times=1)
    watched.poll()
    metrics = watched.metrics()
    assert metrics.value("vr_up", site="madrid") == 1
    assert metrics.value("vr_api_logins_total", site="madrid") == 2
    assert metrics.value("vr_api_retries_total", reason="session_expired") == 1
    assert metrics.failures() == {}


def test_A23_a_second_expiry_in_one_poll_ends_it(watched: Watched) -> None:
    """An appliance that forgets every session is not asked for ever."""
    watched.madrid.breaks("session_expired", operation="getAllReplications")
    watched.poll()
    metrics = watched.metrics()
    assert metrics.failures() == {"session": 1}
    assert metrics.value("vr_api_logins_total", site="madrid") == 2
    assert replications(metrics) == HEALTHY
    assert len(watched.log.warnings("session")) == 1


def test_A24_a_session_that_expires_between_pages_restarts_the_list() -> None:
    """Pages read before are thrown away: every replication is there once."""
    with Watched(page_size=10) as watched:
        watched.poll()
        watched.madrid.breaks("session_expired", operation="getAllReplications", skip=1, times=1)
        watched.poll()
        metrics = watched.metrics()
        assert metrics.value("vr_up", site="madrid") == 1
        assert replications(metrics) == HEALTHY
        assert metrics.failures() == {}
        assert metrics.surprises() == {}
        assert metrics.value("vr_api_logins_total", site="madrid") == 2
        assert metrics.value("vr_pairing_remote_session_up", site="madrid") == 1


def test_A26_a_missing_privilege_is_logged_once_with_what_it_costs(watched: Watched) -> None:
    """The families vanish, the site stays up; an hour long there is one line and no `over:`."""
    watched.poll()
    watched.madrid.breaks("error", value=403, operation="getRecentTasksInfo")
    for _ in range(50):
        watched.poll()
    metrics = watched.metrics()
    assert metrics.value("vr_up", site="madrid") == 1
    assert metrics.of("vr_tasks", site="madrid") == {}
    assert metrics.failures() == {"forbidden": 1}
    (line,) = watched.log.with_reason("forbidden")
    assert (line.levelname, line.privilege) == ("WARNING", "System.View")  # type: ignore[attr-defined]
    assert line.metrics_lost == "vr_tasks* vr_task_*"  # type: ignore[attr-defined]
    watched.madrid.heals()
    for _ in range(12):
        watched.poll()
    assert [each.levelname for each in watched.log.with_reason("forbidden")] == ["WARNING", "INFO"]
    assert watched.metrics().of("vr_tasks", site="madrid") != {}


def test_A58_a_refused_remote_login_is_one_warning_while_it_lasts(watched: Watched) -> None:
    """Between its tries, five minutes apart, nothing claims that it is over."""
    watched.madrid.breaks("error", value=401, match="* */remote-session*")
    for _ in range(9):
        watched.poll()
    metrics = watched.metrics()
    assert metrics.value("vr_up", site="madrid") == 1
    assert metrics.value("vr_pairing_remote_session_up", site="madrid") == 0
    lines = list(watched.log.with_reason("auth"))
    assert [line.levelname for line in lines] == ["WARNING"]


@pytest.mark.parametrize(("retry_after", "least"), [("120", 108), ("0", 0.9), ("soon", 27)])
def test_A29_A30_a_429_makes_the_whole_site_pause(
    watched: Watched, retry_after: str, least: float
) -> None:
    """For as long as Retry-After says, else half a minute; nothing is asked meanwhile."""
    watched.madrid.breaks("throttled", value=retry_after, times=1)
    before = watched.time.now()
    watched.poll(after=0.0)
    metrics = watched.metrics()
    assert metrics.value("vr_api_throttled_total", site="madrid") == 1
    waited = watched.time.now() - before
    until = metrics.value("vr_api_throttled_until_timestamp_seconds", site="madrid")
    assert waited >= least or (until or 0) - before >= least


def test_A29_a_long_throttle_ends_the_poll_and_is_shown(watched: Watched) -> None:
    """The values stay, the end of the wait is a metric, and the appliance is left alone."""
    watched.madrid.breaks("throttled", value="600", times=1)
    watched.poll()
    metrics = watched.metrics()
    assert metrics.failures() == {"throttled": 1}
    until = metrics.value("vr_api_throttled_until_timestamp_seconds", site="madrid")
    assert until is not None
    assert until - watched.time.now() > 500
    assert replications(metrics) == HEALTHY
    asked = watched.madrid.appliance.requests_sent
    watched.poll()
    assert watched.madrid.appliance.requests_sent == asked
    watched.poll(after=700)
    healed = watched.metrics()
    assert healed.value("vr_up", site="madrid") == 1
    assert healed.value("vr_api_throttled_until_timestamp_seconds", site="madrid") is None


def test_A29_the_limits_of_the_appliance_are_not_reached_by_our_own_pace() -> None:
    """A site of many pages is read within 40 requests a minute."""
    with Watched(page_size=10, replications=600) as watched:
        for _ in range(3):
            watched.poll()
        metrics = watched.metrics()
        assert metrics.value("vr_api_throttled_total", site="madrid") == 0
        assert metrics.failures() == {}
        assert metrics.value("vr_poll_interval_seconds", site="madrid") == pytest.approx(
            136, rel=0.05
        )


@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.parametrize("kind", ["error", "bare_error"])
def test_A32_a_server_error_is_retried_and_then_told(
    watched: Watched, kind: str, status: int
) -> None:
    """With or without a ResponseError; its code and operation id are in the log for support."""
    watched.madrid.breaks(kind, value=status, operation="getAllReplications")
    watched.poll()
    metrics = watched.metrics()
    assert metrics.value("vr_up", site="madrid") == 0
    assert metrics.failures() == {"server_error": 1}
    assert metrics.value("vr_api_retries_total", reason="5xx") == 2
    assert replications(metrics) == HEALTHY
    (text,) = watched.log.warnings("server_error")
    assert str(status) in text
    assert ("op_id" in text) is (kind == "error")


def test_A31_one_endpoint_that_is_unavailable_costs_no_login_in_each_poll(
    watched: Watched,
) -> None:
    """The session is dead where the appliance restarts, not where one list of it is away (A25)."""
    watched.madrid.breaks("unavailable", operation="getRecentTasksInfo")
    for _ in range(5):
        watched.poll()
    assert watched.madrid.api.counters.logins == 1
    assert watched.metrics().value("vr_up", site="madrid") == 1


def test_A32_a_single_server_error_is_healed_by_the_retry(watched: Watched) -> None:
    """Nobody is woken for one 500."""
    watched.madrid.breaks("error", operation="getAllReplications", times=1)
    watched.poll()
    metrics = watched.metrics()
    assert metrics.value("vr_up", site="madrid") == 1
    assert metrics.failures() == {}


def test_A34_R10_duplicate_rows_are_shown_once_and_counted() -> None:
    """The first one is kept; Prometheus would drop the second in silence."""
    with Watched(page_size=10) as watched:
        watched.madrid.breaks("duplicate_rows")
        watched.poll()
        metrics = watched.metrics()
        ids = [dict(labels)["replication"] for labels in metrics.of("vr_replication_rpo_seconds")]
        assert len(ids) == len(set(ids))
        assert metrics.surprises()["duplicate"] >= 1
        assert metrics.value("vr_up", site="madrid") == 1


def test_A35_rows_that_shift_between_pages_are_listed_again() -> None:
    """A list that moved once is whole at the second reading, and nothing counts as removed."""
    with Watched(page_size=10) as watched:
        watched.poll()
        watched.madrid.breaks("shifting_pages", times=3)
        for _ in range(3):
            watched.poll()
        metrics = watched.metrics()
        assert replications(metrics) == HEALTHY
        assert metrics.value("vr_replications_removed_total", site="madrid") == 0


def test_A35_rows_that_keep_shifting_remove_nothing() -> None:
    """What could be read is published, the mismatch counted, and no removal declared."""
    with Watched(page_size=10) as watched:
        watched.poll()
        watched.madrid.breaks("shifting_pages")
        for _ in range(4):
            watched.poll()
        metrics = watched.metrics()
        assert metrics.value("vr_up", site="madrid") == 1
        assert metrics.surprises()["count"] >= 3
        assert metrics.value("vr_replications_removed_total", site="madrid") == 0


def test_A40_an_unknown_status_is_shown_verbatim_and_counted_as_other(watched: Watched) -> None:
    """It is neither OK nor ERROR."""
    watched.madrid.breaks("unknown_status", value="RECONFIGURING")
    watched.poll()
    metrics = watched.metrics()
    assert len(metrics.of("vr_replication_status", status="RECONFIGURING")) == HEALTHY
    assert metrics.total("vr_replications", status="OTHER") == HEALTHY
    assert metrics.total("vr_replications", status="OK") == 0
    assert metrics.total("vr_replications", status="ERROR") == 0
    assert metrics.surprises()["enum"] == HEALTHY


def test_A41_a_null_costs_its_field_and_never_the_row(watched: Watched) -> None:
    """The sample is absent, not 0; the other fields stay."""
    watched.madrid.breaks("null_fields", value="rpo")
    watched.poll()
    metrics = watched.metrics()
    assert replications(metrics) == 0
    assert len(metrics.of("vr_replication_status")) == HEALTHY
    assert metrics.surprises()["null"] == HEALTHY
    assert metrics.value("vr_up", site="madrid") == 1


def test_A41_a_row_without_an_id_is_dropped_alone(watched: Watched) -> None:
    """It cannot be told from any other; the rest of its page stays."""
    watched.madrid.breaks("missing_ids", rate=0.5)
    watched.poll()
    metrics = watched.metrics()
    assert 0 < len(metrics.of("vr_replication_status")) < HEALTHY
    assert metrics.surprises()["null"] >= 1


def test_A42_digits_in_a_string_are_taken_and_counted(watched: Watched) -> None:
    """A quoted 42 is 42."""
    before = watched.metrics().of("vr_replication_rpo_seconds")
    watched.madrid.breaks("numbers_as_strings")
    watched.poll()
    metrics = watched.metrics()
    assert metrics.of("vr_replication_rpo_seconds") == before
    assert metrics.surprises()["type"] >= HEALTHY


@pytest.mark.parametrize("kind", ["numbers_as_exponents", "booleans_for_numbers"])
def test_A42_what_only_looks_like_a_number_is_absent(watched: Watched, kind: str) -> None:
    """Exponents in quotes and booleans cost the field."""
    watched.madrid.breaks(kind)
    watched.poll()
    metrics = watched.metrics()
    assert replications(metrics) == 0
    assert len(metrics.of("vr_replication_status")) == HEALTHY
    assert metrics.surprises()["type"] >= HEALTHY


def test_A46_wild_names_leave_the_page_whole(watched: Watched) -> None:
    """One line a sample, readable by the strict parser; control characters are replaced."""
    watched.madrid.breaks("wild_names")
    watched.poll()
    metrics = watched.metrics()
    names = {dict(labels)["vm"] for labels in metrics.of("vr_replication_info")}
    assert len(metrics.of("vr_replication_info")) == HEALTHY
    assert len(names) > 5
    assert not any(character in name for name in names for character in "\x00\r\n\u202e")
    assert metrics.surprises()["name"] >= 1
    json.dumps(sorted(names)).encode("ascii")


def test_R2_a_site_away_for_ten_minutes_blinds_nobody_and_leaves_the_other_fresh() -> None:
    """Up falls at once, detail stays for five minutes and then goes, counters stay throughout."""
    with Watched(sites=("madrid", "berlin")) as watched:
        watched.poll()
        watched.madrid.breaks("site_down")
        seen: list[tuple[float | None, float | None, int, int]] = []
        for _ in range(10):
            watched.poll(after=59.0)
            metrics = watched.metrics()
            seen.append(
                (
                    metrics.value("vr_up", site="madrid"),
                    metrics.value("vr_snapshot_stale", site="madrid"),
                    replications(metrics),
                    replications(metrics, "berlin"),
                )
            )
        fresh, stale = (0, 0, HEALTHY, HEALTHY), (0, 1, 0, HEALTHY)
        assert seen[0] == fresh
        assert seen[-1] == stale
        assert seen == sorted(seen, key=lambda step: step[1] or 0)
        assert 4 <= seen.count(fresh) <= 5
        metrics = watched.metrics()
        assert metrics.value("vr_up", site="berlin") == 1
        assert metrics.value("vr_poll_last_success_timestamp_seconds", site="madrid") is not None
        assert metrics.of("vr_syncs_observed_total", site="madrid")
        watched.madrid.heals()
        watched.poll()
        healed = watched.metrics()
        assert healed.value("vr_snapshot_stale", site="madrid") == 0
        assert replications(healed) == HEALTHY
        warnings = [
            record for record in watched.log.with_reason("connect") if record.levelname == "WARNING"
        ]
        assert len(warnings) <= 2


def test_R3_a_rate_limit_of_one_appliance_leaves_the_other_alone() -> None:
    """Each site has its own worker, session and pace."""
    with Watched(sites=("madrid", "berlin")) as watched:
        watched.sites["madrid"].api.limiter._quotas = Quotas(client=3)
        watched.poll()
        metrics = watched.metrics()
        assert metrics.value("vr_up", site="madrid") == 0
        assert metrics.value("vr_up", site="berlin") == 1


@pytest.mark.parametrize("down_servers", ["null", "error"])
def test_A57_a_far_site_that_is_down_costs_its_own_facts_alone(
    down_servers: Literal["null", "error"],
) -> None:
    """Whether the far vCenter is withheld or named in error: shown, and no sync is asked for."""
    options = ApiOptions(accounts=(ACCOUNT,), down_servers=down_servers)
    with Watched(api_options=options) as watched:
        watched.poll()
        before = watched.metrics()
        (vm, *_) = watched.names()
        pairing = connected(before)
        assert set(pairing.values()) == {1}
        watched.madrid.breaks("remote_down")
        watched.poll()
        metrics = watched.metrics()
        assert metrics.value("vr_up", site="madrid") == 1
        assert connected(metrics) == {side: side == "local" for side in pairing}
        assert replications(metrics) == HEALTHY
        assert metrics.of("vr_pairing_info").keys() == before.of("vr_pairing_info").keys()
        assert metrics.value("vr_pairing_remote_session_up", site="madrid") == 0
        (verdict,) = watched.ask(vm)
        watched.work(10)
        assert watched.trigger(verdict).reason == "remote_down"
        assert watched.madrid.posts == 0
        watched.madrid.heals()
        watched.poll(after=301)
        assert connected(watched.metrics()) == pairing


def test_A57_an_exporter_started_while_the_far_site_is_down_says_so() -> None:
    """It has never seen the far vCenter, and skips a sync all the same."""
    with Watched() as watched:
        watched.madrid.breaks("remote_down")
        watched.poll()
        assert connected(watched.metrics()) == {"local": 1, "remote": 0}
        (verdict,) = watched.ask(watched.names()[0])
        watched.work(10)
        assert watched.trigger(verdict).reason == "remote_down"


def test_A57_a_far_site_where_nobody_is_logged_in_is_not_down() -> None:
    """Its vCenter is withheld as well, but a sync needs no login over there."""
    with Watched() as watched:
        watched.madrid.breaks("error", value=401, match="* */remote-session*")
        watched.poll()
        assert connected(watched.metrics()) == {"local": 1}
        (verdict,) = watched.ask(watched.names()[0])
        watched.work(300)
        assert watched.trigger(verdict).state is TriggerState.SUCCEEDED
