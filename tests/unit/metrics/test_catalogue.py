"""The families are those of the catalogue, with its kinds, labels and marks."""

from __future__ import annotations

import pytest

from tests.builders import NOW, a_site_snapshot
from tests.pages import a_page, named, names_on, own_metrics
from tests.rich import EXPECTED_VMS, a_rich_site, some_alert_facts, tell_everything
from vr_exporter.domain.names import SiteName
from vr_exporter.metrics.catalogue import TABLES
from vr_exporter.metrics.own_families import TABLES as OWN_TABLES
from vr_exporter.metrics.page import Page

R = "site pairing replication vm"

CATALOGUE = f"""
vr_replication_info info {R} pairing_id vm_id source_site target_site direction \
replication_type replication_server recovery_solution
vr_replication_options_info info site replication quiescing network_compression encryption \
auto_replicate_new_disks vm_data_sets enhanced mpit
vr_replication_status gauge {R} status
vr_replication_configuration_state gauge {R} state
vr_replication_recovery_state gauge? {R} state
vr_replication_rpo_seconds gauge {R}
vr_replication_rpo_violated gauge {R}
vr_replication_rpo_violation_seconds gauge {R}
vr_replication_rpo_breached gauge {R}
vr_replication_rpo_breached_seconds_total counter {R}
vr_replication_last_sync_timestamp_seconds gauge {R}
vr_replication_last_sync_duration_seconds gauge {R}
vr_replication_last_sync_bytes gauge {R}
vr_replication_synced_bytes_total counter {R}
vr_replication_mpit_instances gauge? {R}
vr_replication_mpit_retention_seconds gauge? {R}
vr_replication_sync_progress_ratio gauge? {R}
vr_replication_sync_transferred_bytes gauge? {R}
vr_replication_sync_transfer_size_bytes gauge? {R}
vr_replication_sync_checksum_compared_bytes gauge? {R}
vr_replication_sync_checksum_size_bytes gauge? {R}
vr_replication_sync_progress_changed_timestamp_seconds gauge? {R}
vr_replication_error gauge? {R} kind
vr_replications gauge site pairing direction status
vr_replications_rpo gauge site pairing direction verdict
vr_syncs_observed_total counter site pairing direction
vr_syncs_observed_bytes_total counter site pairing direction
vr_transferred_bytes_total counter site pairing direction
vr_sync_duration_seconds histogram site pairing direction
vr_replications_removed_total counter site
vr_vm_replicated gauge? vm
vr_appliance_info info site version build api
vr_pairing_info info site pairing pairing_id local_vc remote_vc
vr_pairing_up gauge site pairing
vr_pairing_remote_session_up gauge? site pairing
vr_pairing_vc_connected gauge site pairing side
vr_issues gauge site pairing scope severity
vr_replication_server_info info site server name side decommissioned
vr_replication_server_connected gauge site server
vr_replication_server_replications gauge site server
vr_tasks gauge site operation status
vr_task_progress_ratio gauge? site replication operation
vr_task_oldest_timestamp_seconds gauge? site operation
vr_tasks_completed_total counter site operation
vr_tasks_failed_total counter site operation class
vr_task_errors_total counter? site code
vr_task_duration_seconds histogram site operation
vr_task_queue_wait_seconds histogram site operation
vr_task_progress_regressions_total counter site
vr_trigger_requests_total counter site source outcome
vr_trigger_skips_total counter site reason
vr_triggers_queued gauge site
vr_triggers_in_flight gauge site
vr_triggers_ambiguous gauge site
vr_trigger_duration_seconds histogram site source
vr_trigger_circuit_open gauge site
vr_trigger_kill_switch gauge
vr_up gauge site
vr_snapshot_stale gauge site
vr_poll_last_success_timestamp_seconds gauge site
vr_poll_last_attempt_timestamp_seconds gauge site
vr_poll_duration_seconds gauge site stage
vr_poll_interval_seconds gauge site
vr_polls_total counter site
vr_poll_failures_total counter site reason
vr_polls_skipped_total counter site
vr_poll_surprises_total counter site kind
vr_rows_dropped gauge site
vr_api_requests_total counter site endpoint method code
vr_api_request_duration_seconds histogram site endpoint
vr_api_retries_total counter site reason
vr_api_throttled_total counter site
vr_api_throttle_wait_seconds_total counter site
vr_api_throttled_until_timestamp_seconds gauge? site
vr_api_budget_requests gauge site
vr_api_budget_remaining_requests gauge site
vr_api_logins_total counter site
vr_api_login_failures_total counter site
vr_api_received_bytes_total counter site
vr_api_certificate_expiry_timestamp_seconds gauge? site
vr_api_tls_verification_disabled gauge site
vr_clock_skew_seconds gauge site
vr_snapshot_rendered_bytes gauge format
vr_snapshot_render_duration_seconds gauge
vr_webhooks_received_total counter
vr_webhooks_refused_total counter reason
vr_webhook_alerts_total counter status
vr_webhook_deadman_timestamp_seconds gauge?
vr_store_up gauge
vr_store_size_bytes gauge
vr_store_writes_total counter
vr_store_write_failures_total counter op
vr_alerts_active gauge alertname
vr_alerts_sent_total counter? receiver
vr_alerts_failed_total counter? receiver
vr_alerts_dropped_total counter reason
vr_alert_queue_length gauge? receiver
vr_alert_queue_capacity gauge
vr_alert_queue_oldest_timestamp_seconds gauge? receiver
vr_alert_post_duration_seconds histogram? receiver
vr_alert_clock_skew_seconds gauge? receiver
vr_exporter_build_info info version revision python
vr_exporter_config_last_reload_successful gauge
vr_exporter_config_last_reload_success_timestamp_seconds gauge
vr_secret_reload_failures_total counter
vr_log_lines_dropped_total counter
"""
"""Name, kind (with a question mark where the family is optional) and labels in their order."""

FAMILIES = {words[0]: words[1:] for words in map(str.split, CATALOGUE.strip().splitlines())}
NAMES = list(FAMILIES)

WITHOUT_SITE_TOO = {"vr_trigger_requests_total", "vr_trigger_skips_total"}
"""Families that also have samples without a site: of wishes that name none we know."""


def sample_name(name: str) -> str:
    """The name of some sample of a family."""
    return f"{name}_count" if FAMILIES[name][0].startswith("histogram") else name


def a_rich_page() -> Page:
    """A page on which every family has samples."""
    own = own_metrics("madrid", alerts=some_alert_facts)
    tell_everything(own, SiteName("madrid"))
    own.reloaded(succeeded=True, now=NOW)
    return a_page(a_rich_site(), own=own, expected_vms=EXPECTED_VMS)


def test_the_tables_declare_the_catalogue_and_nothing_else() -> None:
    """Each family has the kind, labels in order, and optional mark that the catalogue gives it."""
    declared = {
        f.name: [f"{f.kind}{'?' * f.is_optional}", *(f.on or table.labels), *f.labels]
        for table in TABLES
        for f in table.families
    } | {
        f.name: [f"{f.kind}{'?' * f.is_optional}", *table.labels, *f.labels]
        for table in OWN_TABLES
        for f in table.families
    }
    assert declared == FAMILIES


def test_no_family_is_declared_twice() -> None:
    """A name stands in one table only."""
    names = [f.name for table in TABLES for f in table.families]
    names += [f.name for table in OWN_TABLES for f in table.families]
    assert len(names) == len(set(names))


def test_every_family_has_samples_on_a_rich_page() -> None:
    """Where everything has something to say, no family is silent."""
    shown = names_on(a_rich_page())
    assert [name for name in NAMES if sample_name(name) not in shown] == []


@pytest.mark.parametrize("name", NAMES)
def test_samples_carry_the_labels_of_the_catalogue(name: str) -> None:
    """A sample has the declared labels and no others."""
    wanted = set(FAMILIES[name][1:])
    allowed = [wanted, wanted - {"site"}] if name in WITHOUT_SITE_TOO else [wanted]
    for labels in named(a_rich_page(), sample_name(name)):
        assert {label for label, _ in labels} in allowed


def test_only_optional_families_are_missing_where_all_is_plain() -> None:
    """An idle healthy site lacks the optional families, and those that its polls have not met."""
    own = own_metrics("madrid")
    tell_everything(own, SiteName("madrid"))
    own.reloaded(succeeded=True, now=NOW)
    shown = names_on(a_page(a_site_snapshot(totals=a_rich_site().totals), own=own))
    missing = {name for name in NAMES if sample_name(name) not in shown}
    assert missing <= {name for name in NAMES if FAMILIES[name][0].endswith("?")}
