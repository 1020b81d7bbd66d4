"""A real Prometheus scrapes the exporter, and what it answers is the simulator's own truth."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pytest

from tests.command_line import served, settings_file
from tests.pages import families_of
from tests.prometheus import (
    TEXT_FORMAT,
    Prometheus,
    Sample,
    exporter,
    fetch,
    forced_to_text,
    prometheus,
    running,
    wait_until,
)
from tests.tools import tool
from vr_exporter.metrics.catalogue import TABLES
from vr_exporter.metrics.own_families import TABLES as OWN_TABLES
from vr_exporter.simulator.world import World, WorldOptions

SITES = ("madrid", "berlin")
JOBS = ("openmetrics", "text")
EXCUSED = ("PAUSED", "INITIAL_FULL_SYNC", "CONFIGURING", "RECOVERING", "RECOVERED", "NOT_ACTIVE")

pytestmark = pytest.mark.xdist_group("prometheus")


@dataclass(frozen=True, slots=True)
class Scraped:
    """A Prometheus that has scraped an exporter of two sites in both formats."""

    prometheus: Prometheus
    truth: dict[str, Any]
    url: str

    def of(self, job: str, name: str) -> dict[Sample, float]:
        """What Prometheus holds of one name from one job."""
        return self.prometheus.query(f'{name}{{job="{job}"}}')


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """A world whose time stands still, so that every answer can be compared with its truth."""
    folder = tmp_path_factory.mktemp("scraped")
    moment = round(time.time(), 3)  # noqa: TID251 - processes share the real clock
    world = World(WorldOptions(sites=SITES, replications=300), now=lambda: moment)
    with ExitStack() as parts:
        servers = {site: parts.enter_context(served(world, site=site)) for site in SITES}
        config = settings_file(folder, {site: {"url": servers[site].url} for site in SITES})
        serve = exporter("serve", "--config.file", config, "--web.listen-address", "127.0.0.1:0")
        _, url = parts.enter_context(running(serve, until=r"addresses=(\S+)"))
        wait_until(lambda: "ready" in fetch(f"{url}/-/ready"), "every site was tried")
        target = url.removeprefix("http://")
        text = parts.enter_context(forced_to_text(target))
        jobs = {"openmetrics": target, "text": text}
        scraper = parts.enter_context(prometheus(tool("prometheus"), folder, jobs))
        wait_until(lambda: sum(scraper.query("vr_up").values()) == 2, "both sites were scraped")
        wait_until(lambda: scraper.value("count(count by (job) (vr_up))") == 2, "both jobs scraped")
        yield Scraped(scraper, world.truth(), url)


def test_the_scrape_and_both_sites_are_up(scraped: Scraped) -> None:
    """`up` and `vr_up` say the same of a healthy demo."""
    ups = "min by (job) (up)"
    wait_until(lambda: set(scraped.prometheus.query(ups).values()) == {1.0}, "both jobs are up")
    for job in JOBS:
        assert list(scraped.of(job, "vr_up").values()) == [1.0, 1.0]


def test_both_formats_bring_the_same_series(scraped: Scraped) -> None:
    """Whichever a Prometheus asks for, it gets the same facts."""
    counts = scraped.prometheus.query(
        'count by (job, __name__) ({__name__=~"vr_.*",__name__!~"vr_api_requests_total"})'
    )
    assert len(counts) > 60
    by_job = {
        job: set(scraped.prometheus.query(f'count by (__name__) ({{job="{job}",site!=""}})'))
        for job in JOBS
    }
    assert by_job["text"] == by_job["openmetrics"]


def test_every_family_that_is_not_optional_is_there(scraped: Scraped) -> None:
    """A healthy demo shows the whole catalogue, those families aside that are marked optional."""
    families = chain(*(table.families for table in TABLES), *(own.families for own in OWN_TABLES))
    wanted = {(family.name, family.kind) for family in families if not family.is_optional}
    for job in JOBS:
        found = {name for name, _ in scraped.prometheus.query(f'{{job="{job}"}}')}
        missing = {
            name
            for name, kind in wanted
            if (f"{name}_count" if kind == "histogram" else name) not in found
        }
        assert missing == set(), job


@pytest.mark.parametrize("job", JOBS)
def test_every_field_of_every_replication_is_the_simulators_truth(
    scraped: Scraped, job: str
) -> None:
    """Every series of every replication family, none missing and none too many."""
    expected: dict[str, dict[Sample, float]] = {}
    for row in scraped.truth["replications"]:
        for site in SITES:
            for name, labels, value in told(row, site, scraped.truth):
                shown = frozenset((key, text) for key, text in labels.items() if text != "")
                expected.setdefault(name, {})[name, shown] = value
    assert len(expected) > 20
    for name, samples in expected.items():
        assert scraped.of(job, name) == samples, name


@pytest.mark.parametrize("job", JOBS)
def test_counts_of_replications_by_status_and_verdict_add_up(scraped: Scraped, job: str) -> None:
    """Zero-filled counts agree with the truth, in each direction."""
    for site in SITES:
        rows = scraped.truth["replications"]
        for direction in ("outgoing", "incoming"):
            here = [row for row in rows if _direction(row, site) == direction]
            of = f'job="{job}",site="{site}",direction="{direction}"'
            by_status = scraped.prometheus.query(f"sum by (status) (vr_replications{{{of}}})")
            assert sum(by_status.values()) == len(here)
            for (_, labels), count in by_status.items():
                status = dict(labels)["status"]
                assert count == sum(row["status"] == status for row in here), status
            by_verdict = scraped.prometheus.query(f"sum by (verdict) (vr_replications_rpo{{{of}}})")
            for (_, labels), count in by_verdict.items():
                verdict = dict(labels)["verdict"]
                assert count == sum(_verdict(row) == verdict for row in here), verdict


@pytest.mark.parametrize("job", JOBS)
def test_servers_and_unfinished_tasks_are_those_of_the_truth(scraped: Scraped, job: str) -> None:
    """Replication servers by uuid, tasks by operation and state."""
    for site, facts in scraped.truth["sites"].items():
        of = f'job="{job}",site="{site}"'
        connected = scraped.prometheus.query(f"vr_replication_server_connected{{{of}}}")
        assert {dict(labels)["server"]: value for (_, labels), value in connected.items()} == {
            server["uuid"]: float(server["connected"]) for server in facts["replication_servers"]
        }
        for status in ("QUEUED", "RUNNING"):
            shown = scraped.prometheus.query(f'vr_tasks{{{of},status="{status.lower()}"}}')
            for (_, labels), count in shown.items():
                operation = dict(labels)["operation"]
                assert count == sum(
                    task["status"] == status and task["operation"] == operation
                    for task in facts["tasks"]
                ), (operation, status)


def test_a_part_of_the_page_holds_one_site_alone(scraped: Scraped) -> None:
    """`?site=` leaves out the other site and the process."""
    page = fetch(f"{scraped.url}/metrics?site=berlin")
    assert 'site="berlin"' in page
    assert '{site="madrid"' not in page
    assert "process_" not in page


def test_promtool_has_no_complaint_about_the_page(scraped: Scraped) -> None:
    """Names, units and help texts pass Prometheus' own lint."""
    page = fetch(f"{scraped.url}/metrics", Accept=TEXT_FORMAT)
    done = subprocess.run(
        [str(tool("promtool")), "check", "metrics"],
        input=page,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_strict_parser_reads_the_openmetrics_page(scraped: Scraped) -> None:
    """Every family of the page that Prometheus asks for, each once."""
    page = fetch(f"{scraped.url}/metrics", Accept="application/openmetrics-text;version=1.0.0")
    names = [family.name for family in families_of(page)]
    assert len(names) > 80
    assert len(names) == len(set(names))


def told(row: dict[str, Any], site: str, truth: dict[str, Any]) -> Iterator[tuple[str, Any, float]]:
    """Tell what the page should say of one replication as one site shows it."""
    other = next(name for name in SITES if name != site)
    identity = {"site": site, "replication": row["ids"][site]}
    named = {
        **identity,
        "pairing": truth["sites"][other]["vc_name"],
        "vm": row["name"],
    }
    yield (
        "vr_replication_info",
        {
            **named,
            "pairing_id": row["pairing_id"],
            "vm_id": row["vm_id"],
            "source_site": row["source_site"],
            "target_site": row["target_site"],
            "direction": _direction(row, site),
            "replication_type": "VC_TO_VC",
            "replication_server": row["replication_server"],
            "recovery_solution": row["recovery_solution"] or "",
        },
        1,
    )
    options = {**row["options"], "mpit": row["mpit"]}
    shown = {name: str(is_on).lower() for name, is_on in options.items()}
    yield "vr_replication_options_info", {**identity, **shown}, 1
    yield "vr_replication_status", {**named, "status": row["status"]}, 1
    for field in ("configuration_state", "recovery_state"):
        if row[field] is not None:
            yield f"vr_replication_{field}", {**named, "state": row[field]}, 1
    for kind in row["errors"]:
        yield "vr_replication_error", {**named, "kind": kind}, 1
    yield "vr_replication_rpo_breached", named, float(_verdict(row) == "breached")
    for name, value in _numbers(row).items():
        if value is not None:
            yield f"vr_replication_{name}", named, float(value)


def _numbers(row: dict[str, Any]) -> dict[str, float | None]:
    progress = row["progress"] or {}
    return {
        **{
            field: row[field]
            for field in (
                "rpo_seconds",
                "rpo_violated",
                "rpo_violation_seconds",
                "last_sync_timestamp_seconds",
                "last_sync_duration_seconds",
                "last_sync_bytes",
                "mpit_instances",
                "mpit_retention_seconds",
            )
        },
        "sync_progress_ratio": progress.get("ratio"),
        "sync_transferred_bytes": progress.get("transferred_bytes"),
        "sync_transfer_size_bytes": progress.get("transfer_size_bytes"),
        "sync_checksum_compared_bytes": progress.get("checksum_compared_bytes"),
        "sync_checksum_size_bytes": progress.get("checksum_size_bytes"),
        "synced_bytes_total": 0,
        "rpo_breached_seconds_total": 0,
    }


def _direction(row: dict[str, Any], site: str) -> str:
    return "outgoing" if row["source_site"] == site else "incoming"


def _verdict(row: dict[str, Any]) -> str:
    status, violation = row["status"], row["rpo_violation_seconds"]
    if status == "UNKNOWN":
        return "unknown"
    if status.startswith(EXCUSED):
        return "excused"
    if not row["rpo_violated"] and not violation:
        return "met"
    return "breached" if violation > max(0.2 * row["rpo_seconds"], 300) else "late"
