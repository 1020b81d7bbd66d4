"""The JSON objects of replications and tasks."""

from __future__ import annotations

from vr_exporter.web.api.shape import Field, Shape
from vr_exporter.web.rows import ReplicationRow, TaskRow

REPLICATION: Shape[ReplicationRow] = Shape(
    "Replication",
    (
        Field("site", "string", "the site that was asked", lambda r: r.site.site),
        Field("pairing", "string", "its pairing's name", lambda r: r.pairing.pairing.name),
        Field("pairing_id", "string", "its pairing's id", lambda r: r.pairing.pairing.id),
        Field("replication", "string", "the appliance's id", lambda r: r.replication.id),
        Field("vm", "string", "name of the VM", lambda r: r.replication.vm),
        Field("vm_id", "string", "the appliance's id of the VM", lambda r: r.replication.vm_id),
        Field(
            "direction",
            "string",
            "`outgoing`, `incoming` or `local`",
            lambda r: r.replication.direction.value,
        ),
        Field("source_site", "string", "where it comes from", lambda r: r.replication.source_site),
        Field("target_site", "string", "where it goes", lambda r: r.replication.target_site),
        Field(
            "replication_type",
            "string",
            "kind of both ends",
            lambda r: r.replication.replication_type,
        ),
        Field(
            "replication_server",
            "string",
            "the server that receives it",
            lambda r: r.replication.replication_server,
        ),
        Field(
            "recovery_solution",
            "string",
            "what protects it besides",
            lambda r: r.replication.recovery_solution,
        ),
        Field("stale", "boolean", "withheld from the page", lambda r: r.is_stale),
        Field(
            "verdict",
            "string",
            "`met`, `late`, `breached`, `excused` or `unknown`",
            lambda r: r.watched.verdict.value,
        ),
        Field("status", "string?", "the appliance's state", lambda r: r.replication.status),
        Field(
            "configuration_state",
            "string?",
            "state of its configuration",
            lambda r: r.replication.configuration_state,
        ),
        Field(
            "recovery_state",
            "string?",
            "state of its recovery",
            lambda r: r.replication.recovery_state,
        ),
        Field("rpo_seconds", "number?", "the objective", lambda r: r.replication.rpo_seconds),
        Field(
            "rpo_violated",
            "boolean?",
            "missed, says the appliance",
            lambda r: r.replication.rpo_violated,
        ),
        Field(
            "rpo_violation_seconds",
            "number?",
            "time past the objective",
            lambda r: r.replication.rpo_violation_seconds,
        ),
        Field(
            "last_sync_timestamp_seconds",
            "number?",
            "when the last sync ended",
            lambda r: r.replication.last_sync_timestamp_seconds,
        ),
        Field(
            "last_sync_duration_seconds",
            "number?",
            "how long it took",
            lambda r: r.replication.last_sync_duration_seconds,
        ),
        Field(
            "last_sync_bytes",
            "number?",
            "what it moved",
            lambda r: r.replication.last_sync_bytes,
        ),
        Field(
            "breached_seconds_total",
            "number",
            "time in breach since start",
            lambda r: r.watched.breached_seconds_total,
        ),
        Field(
            "synced_bytes_total",
            "number",
            "bytes synced since start",
            lambda r: r.watched.synced_bytes_total,
        ),
        Field(
            "progress",
            "object?",
            "of the running sync: `ratio` (0 to 1), `transferred_bytes`, `transfer_size_bytes`, "
            "`checksum_compared_bytes`, `checksum_size_bytes`",
            lambda r: r.replication.progress,
        ),
        Field(
            "progress_changed_timestamp_seconds",
            "number?",
            "when it last moved",
            lambda r: r.watched.progress_changed_timestamp_seconds,
        ),
        Field(
            "options",
            "object?",
            "switches: `quiescing`, `network_compression`, `encryption`, "
            "`auto_replicate_new_disks`, `vm_data_sets`, `enhanced`, `mpit`",
            lambda r: r.replication.options,
        ),
        Field(
            "mpit_instances",
            "number?",
            "points in time to keep",
            lambda r: r.replication.mpit_instances,
        ),
        Field(
            "mpit_retention_seconds",
            "number?",
            "for how long",
            lambda r: r.replication.mpit_retention_seconds,
        ),
        Field(
            "errors",
            "array",
            "each with `kind` (`configuration`, `group`, `recovery`) and `message`",
            lambda r: r.replication.errors,
        ),
    ),
)

TASK: Shape[TaskRow] = Shape(
    "Task",
    (
        Field("site", "string", "the site that was asked", lambda r: r.site.site),
        Field("task", "string", "the appliance's id; may be used again", lambda r: r.task.id),
        Field(
            "operation", "string", "what it does (label `operation`)", lambda r: r.task.operation
        ),
        Field("state", "string", "the appliance's state", lambda r: r.task.state.value),
        Field("entity", "string", "id of what it works on", lambda r: r.task.entity),
        Field("entity_name", "string", "name of what it works on", lambda r: r.task.entity_name),
        Field("description", "string", "the appliance's words", lambda r: r.task.description),
        Field("progress_ratio", "number?", "0 to 1", lambda r: r.task.progress_ratio),
        Field(
            "queued_timestamp_seconds",
            "number?",
            "by the appliance's clock",
            lambda r: r.task.queued_timestamp_seconds,
        ),
        Field(
            "started_timestamp_seconds",
            "number?",
            "likewise",
            lambda r: r.task.started_timestamp_seconds,
        ),
        Field(
            "completed_timestamp_seconds",
            "number?",
            "likewise",
            lambda r: r.task.completed_timestamp_seconds,
        ),
        Field(
            "duration_seconds",
            "number?",
            "completion less start",
            lambda r: r.task.duration_seconds,
        ),
        Field(
            "queue_wait_seconds",
            "number?",
            "start less queueing",
            lambda r: r.task.queue_wait_seconds,
        ),
        Field("error_class", "string?", "of a failed one (`class`)", lambda r: r.task.error_class),
        Field("error_code", "string?", "the appliance's code", lambda r: r.task.error_code),
        Field("error_message", "string", "the appliance's words", lambda r: r.task.error_message),
    ),
)
