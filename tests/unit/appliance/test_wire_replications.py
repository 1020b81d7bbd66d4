from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from vr_exporter.appliance import wire
from vr_exporter.domain.inventory import (
    Direction,
    Replication,
    ReplicationError,
    ReplicationOptions,
    SyncProgress,
)

NOW = 1_790_000_000.0
MS = 1_789_999_700_000


def info(**changes: Any) -> dict[str, Any]:
    """A replication as the vendor sends it; a change to `...` leaves the member out."""
    row = {
        "id": "GID-1",
        "name": "db-01",
        "vm_id": "VirtualMachine:vm-1:vc-1",
        "source_site_name": "madrid",
        "source_vc_id": "vc-1",
        "target_site_name": "berlin",
        "target_vc_id": "vc-2",
        "status": {"status": "OK", "rpo_violation": False},
        "rpo": 15,
        "type": "VC_TO_VC",
        "configuration_state": "OK",
        "last_sync_time": MS,
        "last_sync_duration": 42,
        "last_sync_size": 1000,
        "current_rpo_violation": 0,
        "sync_progress": None,
        **changes,
    }
    return {name: value for name, value in row.items() if value is not ...}


def read(
    *rows: Any, body: bytes | None = None, api: str = "v2"
) -> tuple[tuple[Replication, ...], dict[str, int]]:
    """Read a page of rows; returns the nouns and what surprised."""
    reading = wire.Reading(NOW, api)
    page = wire.replications_page(
        body if body is not None else json.dumps({"list": rows}).encode(),
        reading,
        local_vc_id="vc-1",
    )
    return page.rows, dict(reading.surprises.counts)


def one(**changes: Any) -> tuple[Replication, dict[str, int]]:
    """Read one row."""
    (row,), surprises = read(info(**changes))
    return row, surprises


def test_A40_what_surprises_does_so_in_each_row_that_shares_it() -> None:
    """What rows have in common is read once, and what is odd in it counted for each."""
    assert read(*[info(id=f"GID-{n}", type="NEW_TYPE") for n in range(3)])[1] == {"enum": 3}


@pytest.mark.parametrize(
    ("name", "value", "field", "shown"),
    [
        ("source_vc_id", "vc-9", "source_vc_id", "vc-9"),
        ("target_vc_id", "vc-1", "direction", Direction.LOCAL),
        ("source_site_name", "rome", "source_site", "rome"),
        ("target_site_name", "rome", "target_site", "rome"),
        ("type", "UNKNOWN", "replication_type", "UNKNOWN"),
        ("replication_server_name", "vrs-9", "replication_server", "vrs-9"),
        ("recovery_solution", "SRM", "recovery_solution", "SRM"),
        ("configuration_state", "ERROR", "configuration_state", "ERROR"),
        ("recovery_state", "OK", "recovery_state", "OK"),
        ("enhanced_replication", True, "options", ReplicationOptions(enhanced=True)),
    ],
)
def test_rows_that_differ_in_one_fact_do_not_share_it(
    name: str, value: object, field: str, shown: object
) -> None:
    """What is read once for many rows is read for rows that are alike in all of it."""
    first, other = read(info(), info(id="GID-2", **{name: value}))[0]
    assert getattr(other, field) == shown
    assert getattr(first, field) != shown


@pytest.mark.parametrize("levels", [70, 900])
def test_A18_depth_in_what_nobody_reads_costs_nothing(levels: int) -> None:
    """A typed reader skips it; one that has to be tolerant refuses more than 64 levels."""
    deep = json.dumps(info(brand_new=...)).encode()[:-1] + b',"x":' + b"[" * levels + b"]" * levels
    rows, surprises = read(body=b'{"list":[' + deep + b"}]}")
    assert (len(rows), surprises) == (1, {})
    with pytest.raises(wire.NotJson, match="nested too deep"):
        read(body=b'{"list":[' + deep + b',"rpo":"5"}]}')


def test_a_whole_row_becomes_a_noun_in_base_units() -> None:
    """Minutes and milliseconds become seconds; nothing surprises."""
    row, surprises = one(current_rpo_violation=2, mpit_enabled=True, mpit_instances=3, mpit_days=5)
    assert not surprises
    assert (row.id, row.vm, row.direction) == ("GID-1", "db-01", Direction.OUTGOING)
    assert (row.rpo_seconds, row.rpo_violation_seconds) == (900, 120)
    assert row.last_sync_timestamp_seconds == MS / 1000
    assert (row.last_sync_duration_seconds, row.last_sync_bytes) == (42, 1000)
    assert (row.mpit_instances, row.mpit_retention_seconds) == (3, 5 * 86400)
    assert row.progress is None


@pytest.mark.parametrize(
    ("source", "target", "direction"),
    [
        ("vc-1", "vc-2", Direction.OUTGOING),
        ("vc-2", "vc-1", Direction.INCOMING),
        ("vc-1", "vc-1", Direction.LOCAL),
    ],
)
def test_the_direction_is_seen_from_the_site_that_is_asked(
    source: str, target: str, direction: Direction
) -> None:
    """Where the source is our own vCenter the replication goes out."""
    assert one(source_vc_id=source, target_vc_id=target)[0].direction is direction


@pytest.mark.parametrize("value", [0, -1, ..., None])
def test_never_synced_means_no_last_sync_at_all(value: Any) -> None:
    """Without a time (0, negative, null) duration and bytes are absent too."""
    row, surprises = one(last_sync_time=value, last_sync_duration=0, last_sync_size=0)
    assert row.last_sync_timestamp_seconds is None
    assert row.last_sync_duration_seconds is None
    assert row.last_sync_bytes is None
    assert surprises == ({} if isinstance(value, int) else {"null": 1})


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(MS // 1000, id="seconds"),
        pytest.param(946_684_799_999, id="before 2000"),
        pytest.param(int(NOW * 1000) + 86_400_001, id="after tomorrow"),
        pytest.param(1_515_000_000_000_000, id="year 50000"),
        pytest.param(2**63 - 1, id="end of time"),
    ],
)
def test_A39_a_time_that_cannot_be_meant_is_absent(value: int) -> None:
    """Only times between 2000 and tomorrow count; the rest of the row stays."""
    row, surprises = one(last_sync_time=value)
    assert row.last_sync_timestamp_seconds is None
    assert row.last_sync_bytes == 1000
    assert surprises == {"time": 1}


@pytest.mark.parametrize(
    "text",
    [
        "2026-09-21T15:08:20Z",
        "2026-09-21T15:08:20.000+00:00",
        "2026-09-21T17:08:20+0200",
        "2026-09-21T15:08:20",
        "1790003300000",
    ],
)
def test_v1_times_are_strings(text: str) -> None:
    """ISO 8601 in any zone, UTC without one, or digits: in v1 none of them surprises."""
    (row,), surprises = read(info(last_sync_time=text), api="v1")
    assert row.last_sync_timestamp_seconds == 1_790_003_300.0
    assert not surprises


@pytest.mark.parametrize("text", ["", "1970-01-01T00:00:00.000Z"])
def test_v1_has_strings_for_never(text: str) -> None:
    """An empty string and the epoch both mean that no sync has been."""
    (row,), surprises = read(info(last_sync_time=text), api="v1")
    assert row.last_sync_timestamp_seconds is row.last_sync_bytes is None
    assert not surprises


def test_a_string_for_a_time_surprises_in_v2_and_is_read() -> None:
    """The value is clear, the type is not what v2 promises."""
    row, surprises = one(last_sync_time="2026-09-21T15:08:20Z")
    assert row.last_sync_timestamp_seconds == 1_790_003_300.0
    assert surprises == {"type": 1}


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize("text", ["yesterday", "9" * 30, "12:00", "0x10", "2026-13-01"])
def test_A39_a_string_that_is_no_time_is_absent(text: str, api: str) -> None:
    """What cannot be read as a time counts as none."""
    (row,), surprises = read(info(last_sync_time=text), api=api)
    assert row.last_sync_timestamp_seconds is None
    assert surprises == {"type": 1}


def test_A40_an_unknown_status_is_shown_verbatim() -> None:
    """A state that no list holds is kept as it is, and counted."""
    row, surprises = one(status={"status": "RECONFIGURING"})
    assert (row.status, row.rpo_violated) == ("RECONFIGURING", False)
    assert surprises == {"enum": 1}


@pytest.mark.parametrize("member", ["type", "configuration_state", "recovery_state"])
def test_A40_other_unknown_values_are_kept_and_counted(member: str) -> None:
    """Every enumeration may grow with the next release."""
    row, surprises = one(**{member: "BRAND_NEW"})
    shown = {row.replication_type, row.configuration_state, row.recovery_state}
    assert "BRAND_NEW" in shown
    assert surprises == {"enum": 1}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"status": "OK", "rpo_violation": True}, True),
        ({"status": "SYNC_RPO_VIOLATION", "rpo_violation": False}, False),
        ({"status": "SYNC_RPO_VIOLATION"}, True),
        ({"status": "PAUSED"}, False),
        ({}, None),
        (..., None),
    ],
)
def test_the_flag_tells_of_the_rpo_and_else_the_name(status: Any, expected: Any) -> None:
    """The flag stands beside every state; only without it the state's name counts."""
    assert one(status=status)[0].rpo_violated is expected


@pytest.mark.parametrize(
    "member", ["name", "rpo", "status", "source_vc_id", "configuration_state", "mpit_enabled"]
)
def test_A41_null_where_none_is_promised_costs_the_field(member: str) -> None:
    """The field is absent, the row stays, and the surprise is counted once."""
    row, surprises = one(**{member: None})
    assert row.id == "GID-1"
    assert surprises == {"null": 1}


@pytest.mark.parametrize(
    "member",
    ["vm_id", "replication_server_name", "recovery_solution", "sync_progress", "recovery_error"],
)
def test_null_where_it_is_promised_is_no_surprise(member: str) -> None:
    """What the vendor declares nullable is absent in silence."""
    assert not one(**{member: None})[1]


@pytest.mark.parametrize("identity", [None, ..., ""])
def test_A41_a_row_without_an_id_is_dropped(identity: Any) -> None:
    """A row that nobody can point at is of no use; its neighbours stay."""
    rows, surprises = read(info(id=identity), info(id="GID-2"))
    assert [row.id for row in rows] == ["GID-2"]
    assert surprises == ({"null": 1})


def test_A42_decimal_digits_in_a_string_are_a_number() -> None:
    """A number in quotes is taken, and counted."""
    row, surprises = one(rpo="15", last_sync_size="4096")
    assert (row.rpo_seconds, row.last_sync_bytes) == (900, 4096)
    assert surprises == {"type": 2}


@pytest.mark.parametrize(
    "value", ["4e2", " 42", "4_2", "", "4.0", "٤٢", "+4", True, [], {}, 1.5, "9" * 30]
)
def test_A42_nothing_else_is_a_number(value: Any) -> None:
    """Exponents, spaces, underscores and booleans are refused: the field is absent."""
    row, surprises = one(rpo=value)
    assert row.rpo_seconds is None
    assert row.vm == "db-01"
    assert surprises == {"type": 1}


@pytest.mark.parametrize("value", ["true", 1, 0, "", []])
def test_A42_only_booleans_are_flags(value: Any) -> None:
    """A flag that is no boolean is absent."""
    row, surprises = one(quiescing_enabled=value, encryption_enabled=True)
    assert row.options is not None
    assert (row.options.quiescing, row.options.encryption) == (None, True)
    assert surprises == {"type": 1}


@pytest.mark.parametrize("value", [{}, [], True, 1.5])
def test_A42_only_text_is_a_name(value: Any) -> None:
    """An object for a name is no name."""
    row, surprises = one(name=value)
    assert row.vm == ""
    assert surprises == {"type": 1}


def test_A42_a_number_for_an_id_is_that_id() -> None:
    """The row is not lost for the want of quotes."""
    row, surprises = one(id=17)
    assert row.id == "17"
    assert surprises == {"type": 1}


@pytest.mark.parametrize(
    ("member", "noun"),
    [
        ("rpo", "rpo_seconds"),
        ("current_rpo_violation", "rpo_violation_seconds"),
        ("last_sync_duration", "last_sync_duration_seconds"),
        ("last_sync_size", "last_sync_bytes"),
        ("mpit_days", "mpit_retention_seconds"),
    ],
)
@pytest.mark.parametrize("value", [-1, 2**63, 10**25])
def test_A43_a_size_below_zero_or_beyond_64_bits_is_absent(
    member: str, noun: str, value: int
) -> None:
    """No sample rather than a wrong one."""
    row, surprises = one(**{member: value})
    assert getattr(row, noun) is None
    assert surprises == {"range": 1}


@pytest.mark.parametrize("percent", [-1, 101, 140])
def test_A43_progress_outside_its_range_is_absent(percent: int) -> None:
    """Percent go from 0 to 100; the bytes beside it stay."""
    row, surprises = one(sync_progress={"progress": percent, "transferred_current": 5})
    assert row.progress == SyncProgress(transferred_bytes=5)
    assert surprises == {"range": 1}


@pytest.mark.parametrize("part", ["transferred", "checksum"])
def test_A43_more_done_than_there_is_is_absent(part: str) -> None:
    """Of a pair that contradicts itself neither is published."""
    row, surprises = one(sync_progress={f"{part}_current": 7, f"{part}_total": 6})
    assert row.progress == SyncProgress()
    assert surprises == {"range": 1}


def test_a_total_of_zero_is_one_that_is_not_known_yet() -> None:
    """At the start of a full sync the total is 0 while bytes move already."""
    row, surprises = one(sync_progress={"transferred_current": 7, "transferred_total": 0})
    assert row.progress == SyncProgress(transferred_bytes=7, transfer_size_bytes=0)
    assert not surprises


def test_progress_is_there_while_a_sync_runs() -> None:
    """Percent become a ratio, bytes stay bytes."""
    row, _ = one(
        sync_progress={
            "progress": 25,
            "transferred_current": 1,
            "transferred_total": 4,
            "checksum_current": 2,
            "checksum_total": 8,
        }
    )
    assert row.progress == SyncProgress(0.25, 1, 4, 2, 8)


def test_A43_raw_values_go_to_the_debug_log_only(caplog: pytest.LogCaptureFixture) -> None:
    """Who looks for the cause finds field and value at debug level, cut and escaped."""
    caplog.set_level(logging.DEBUG)
    one(rpo="x\n" * 500)
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    assert vars(record)["field"] == "rpo"
    assert len(vars(record)["value"]) <= 80
    assert "\n" not in vars(record)["value"]


def test_A44_endless_strings_are_cut() -> None:
    """A name of ten megabytes becomes one of 256 characters."""
    row, surprises = one(name="x" * 10_000_000)
    assert row.vm == "x" * 256
    assert surprises == {"body": 1}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("a\x00b", "a\ufffdb"),
        ("a\r\nb", "a\ufffd\ufffdb"),
        ("a\x85b\x9b", "a\ufffdb\ufffd"),
        ("a\u202eb\u2066", "a\ufffdb\ufffd"),
    ],
    ids=["surrogate", "nul", "line break", "c1", "bidi"],
)
def test_A46_what_forges_or_breaks_text_is_replaced(name: str, shown: str) -> None:
    """Lone surrogates, control characters and bidi controls become U+FFFD."""
    row, surprises = one(name=name)
    assert row.vm == shown
    assert surprises == {"name": 1}


@pytest.mark.parametrize(
    "name",
    ['"q"', "back\\slash", "a\u2028b", "zero\u200bwidth", "😀", "{}", "", "ünï cödé", "名前", "  "],
    ids=[
        "quotes",
        "backslash",
        "u2028",
        "zero width",
        "4-byte",
        "braces",
        "empty",
        "latin",
        "cjk",
        "space",
    ],
)
def test_A46_the_rest_stays_verbatim(name: str) -> None:
    """Any other text is a name, and escaping it is the exposition's matter."""
    row, surprises = one(name=name)
    assert row.vm == name
    assert not surprises


def test_invalid_utf8_costs_the_bytes_and_not_the_page() -> None:
    """A broken byte is replaced, and counted."""
    body = json.dumps({"list": [info(name="QQ")]}).encode().replace(b"QQ", b"a\xffb")
    (row,), surprises = read(body=body)
    assert row.vm == "a\ufffdb"
    assert surprises == {"body": 1}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_A19_a_number_that_is_none_costs_its_field(number: str) -> None:
    """The page is read again row by row: that field is absent, all else stays."""
    body = json.dumps({"list": [info(rpo=424242), info(id="GID-2")]})
    rows, surprises = read(body=body.replace("424242", number).encode())
    assert [(row.id, row.rpo_seconds) for row in rows] == [("GID-1", None), ("GID-2", 900)]
    assert surprises == {"range": 1}


@pytest.mark.parametrize("junk", [None, 1, "row", [], True])
def test_R3_a_row_that_is_no_object_is_dropped_alone(junk: Any) -> None:
    """Its neighbours stay."""
    rows, surprises = read(junk, info())
    assert [row.id for row in rows] == ["GID-1"]
    assert surprises == {"type": 1}


def test_unknown_members_are_ignored() -> None:
    """The next release may add what it likes."""
    assert not one(brand_new={"deep": [1, {"x": None}]}, enhanced_replication=True)[1]


def test_without_extended_info_there_are_no_options() -> None:
    """Options are absent as a whole when none of them is sent."""
    assert one()[0].options is None


def test_points_in_time_are_absent_when_switched_off() -> None:
    """What is kept per day says nothing where nothing is kept."""
    row, _ = one(mpit_enabled=False, mpit_instances=3, mpit_days=5)
    assert row.mpit_instances is row.mpit_retention_seconds is None


def test_errors_are_of_three_kinds_and_in_one_line() -> None:
    """Configuration and group errors are objects, the recovery error is a plain string."""
    row, surprises = one(
        configuration_error={"message": "first\nsecond", "details": "x"},
        last_group_error={"details": "only details"},
        recovery_error="no power",
    )
    assert row.errors == (
        ReplicationError("configuration", "first second"),
        ReplicationError("group", "only details"),
        ReplicationError("recovery", "no power"),
    )
    assert not surprises


def test_texts_for_people_are_cut_without_a_surprise_unless_absurd() -> None:
    """Long texts are normal for errors, endless ones are not."""
    row, surprises = one(recovery_error="x" * 1000)
    assert len(row.errors[0].message) == 256
    assert not surprises
    assert one(recovery_error="x" * 5000)[1] == {"body": 1}
