"""What one replication is, and which states it is in."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    YES_IS_BAD,
)
from dashboards.build.panels import UNSEEN
from dashboards.build.promql import LAST_TO_READ, ONE, SITE, seen_by_site
from dashboards.build.tables import Column, Label, Table

_OPTIONS: Final = {
    "quiescing": "Quiescing",
    "network_compression": "Compression",
    "encryption": "Encryption",
    "auto_replicate_new_disks": "New disks too",
    "vm_data_sets": "VM data sets",
    "enhanced": "Enhanced",
    "mpit": "Points in time",
}
_FACTS: Final = (
    "vm",
    "source_site",
    "target_site",
    "direction",
    "replication_type",
    "replication_server",
    "recovery_solution",
)


FACTS = Row(
    "What it is",
    (
        Table(
            title="States and errors",
            says="The exact states as each site sees them, and the kinds of error reported now."
            " Good is OK and no kind; the text of an error stands on the status page.",
            alerts=("VrReplicationError", "VrReplicationUnsettled"),
            empty=UNSEEN,
            width=24,
            height=5,
            labels=(
                Label("site", "Site"),
                Label("status", "Status"),
                Label("state", "Configuration"),
                Label("kind", "Error"),
            ),
            columns=(
                Column(
                    "topk by (site) (1, max by (site, status)"
                    f" (vr_replication_status{{{ONE}}} and {LAST_TO_READ}))"
                ),
                Column(
                    "topk by (site) (1, "
                    + seen_by_site("vr_replication_configuration_state", "state")
                    + ")"
                ),
                Column(seen_by_site("vr_replication_error", "kind")),
                Column(seen_by_site("vr_replication_rpo_violated"), "RPO flag", words=YES_IS_BAD),
            ),
        ),
        Table(
            title="From where to where",
            says="Names of the VM, its sites and the replication server that takes its copy. Two"
            " rows mean that both of its sites are watched.",
            alerts=("VrReplicationServerDown",),
            empty=UNSEEN,
            width=24,
            height=5,
            labels=tuple(
                Label(name, "VM" if name == "vm" else name.replace("_", " ").capitalize())
                for name in ("site", *_FACTS)
            ),
            columns=(Column(seen_by_site("vr_replication_info", *_FACTS)),),
        ),
        Table(
            title="Options",
            says="Switches of this replication; empty where the appliance does not say. Quiescing"
            " and compression cost time, encryption none that you would notice.",
            empty=UNSEEN,
            width=24,
            height=5,
            labels=tuple(
                Label(name, title) for name, title in (("site", "Site"), *_OPTIONS.items())
            ),
            columns=(
                Column(
                    seen_by_site(
                        "vr_replication_options_info",
                        *_OPTIONS,
                        selector=f'{SITE},replication="$replication"',
                    )
                ),
                Column(seen_by_site("vr_replication_mpit_instances"), "Kept", "none"),
                Column(seen_by_site("vr_replication_mpit_retention_seconds"), "Kept for", "s"),
            ),
        ),
    ),
)
