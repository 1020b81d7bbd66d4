"""The whole exporter without its threads: what a reload and an end do to what is shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.builders import a_site_snapshot
from vr_exporter.app.exporter import Exporter
from vr_exporter.app.serving import WebOptions
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import Origin
from vr_exporter.ledger.folder import StateFolder
from vr_exporter.logs import one_line
from vr_exporter.metrics.page import Page
from vr_exporter.settings import Settings, SettingsError, load
from vr_exporter.web.listeners import ListenError
from vr_exporter.web.message import Request

GOOD = "vr_exporter_config_last_reload_successful 1"
BAD = "vr_exporter_config_last_reload_successful 0"


def some_settings(**environ: str) -> Settings:
    """One site whose appliance is never asked."""
    given = {
        "VR_HOST": "vr.madrid.example",
        "VR_SITE": "madrid",
        "VR_USERNAME": "monitor@vsphere.local",
        "VR_PASSWORD": "invented",
    }
    return load(None, environ=given | environ)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StateFolder]:
    """A state folder; the umask that it tightens is put back."""
    before = os.umask(0o077)
    yield StateFolder(tmp_path)
    os.umask(before)


def an_exporter(folder: StateFolder, reading: Callable[[], Settings]) -> Exporter:
    """An exporter that was not started, told to stop so that a reload starts no thread."""
    exporter = Exporter(some_settings(), folder=folder, load=reading, web=WebOptions())
    exporter.tell_to_stop()
    return exporter


def page_of(exporter: Exporter) -> str:
    """What a scrape would get at this moment."""
    return b"".join(exporter._body(openmetrics=False, gzip=False).chunks).decode()


def test_R1_a_reload_shows_no_page_that_is_empty_for_a_moment(folder: StateFolder) -> None:
    """Whatever is rendered for the new settings, a scrape meanwhile finds the site."""
    exporter = an_exporter(folder, some_settings)
    exporter._board.put(a_site_snapshot())
    seen: list[str] = []

    class WatchedPage(Page):
        def put(self, snapshot: Snapshot, *, changed: SiteName | None = None) -> None:
            seen.append(page_of(exporter))
            super().put(snapshot, changed=changed)

    def new_page(settings: Settings) -> Page:
        del settings
        return WatchedPage(own=exporter.own, clock=exporter.clock)

    exporter._new_page = new_page  # type: ignore[method-assign]
    assert exporter.reload() is None
    assert seen
    assert all('vr_up{site="madrid"}' in page for page in seen)


def test_B10_a_reload_that_fails_of_a_bug_is_no_success(folder: StateFolder) -> None:
    """The metric says so although nobody foresaw the fault."""

    def broken() -> Settings:
        raise ZeroDivisionError

    exporter = an_exporter(folder, broken)
    exporter.own.reloaded(succeeded=True, now=1.0)
    with pytest.raises(ZeroDivisionError):
        exporter.reload()
    assert BAD in page_of(exporter)


def test_B10_a_reload_of_bad_settings_says_the_fault(folder: StateFolder) -> None:
    """Every line of it, and the metric turns; good settings turn it back."""
    readings: list[Settings | SettingsError] = [SettingsError("a: b", "c: d"), some_settings()]

    def read() -> Settings:
        found = readings.pop(0)
        if isinstance(found, SettingsError):
            raise found
        return found

    exporter = an_exporter(folder, read)
    assert exporter.reload() == "a: b; c: d"
    assert BAD in page_of(exporter)
    assert exporter.reload() is None
    assert GOOD in page_of(exporter)


def test_a_reload_brings_the_mode_of_the_bridge(folder: StateFolder) -> None:
    """Off, on, dry-run and closed: desk and bridge go by it together."""
    opened = {"VR_WEBHOOK__BEARER_TOKEN": "invented", "VR_WEBHOOK__RULES": "[VrRpoBreached]"}
    modes = ["off", "on", "dry-run"]
    readings = [some_settings(**opened, VR_WEBHOOK__MODE=mode) for mode in modes]
    exporter = an_exporter(folder, iter([*readings, some_settings()]).__next__)
    for mode in modes:
        assert exporter.reload() is None
        state = exporter._bridge.state()
        assert (state.is_open, state.mode) == (True, mode)
        assert exporter._wishing.desk.policy.mode_of(Origin.ALERT).word == mode
    assert exporter.reload() is None
    assert not exporter._bridge.state().is_open


def test_C26_a_secret_that_came_with_a_reload_is_masked(folder: StateFolder) -> None:
    """The log knows it before anything can be written about it."""
    secret = "Tomorrow-7b1f"
    exporter = an_exporter(folder, lambda: some_settings(VR_PASSWORD=secret))
    assert exporter.reload() is None
    assert one_line(f"refused {secret}") == "refused <secret>"


def test_the_first_request_finds_every_configured_site(folder: StateFolder) -> None:
    """Sites are known before the exporter listens: a wish is never told that there is no such."""
    exporter = an_exporter(folder, some_settings)
    seen: list[SiteName] = []

    def first_request() -> None:
        seen.extend(exporter.snapshot().sites)
        raise ListenError("the address is taken")

    exporter.server.start = first_request  # type: ignore[method-assign]
    with pytest.raises(ListenError):
        exporter.start()
    assert seen == [SiteName("madrid")]


def test_status_shows_the_schedules_and_expected_vms_of_the_settings(folder: StateFolder) -> None:
    """Those that hold now: a reload brings the new ones."""
    wanted = {
        "VR_EXPECTED_VMS": '["payroll-01"]',
        "VR_TRIGGERS__SCHEDULES__nightly__CRON": "0 2 * * *",
        "VR_TRIGGERS__SCHEDULES__nightly__MATCH__VM": "db-*",
        "VR_API__BEARER_TOKEN": "invented",
    }
    exporter = an_exporter(folder, lambda: some_settings(**wanted))
    exporter._board.put(a_site_snapshot())
    before = status_of(exporter)
    assert (before["schedules"], before["can_sync"]) == ([], False)
    assert exporter.reload() is None
    exporter._board.put(a_site_snapshot())
    after = status_of(exporter)
    assert [each["schedule"] for each in after["schedules"]] == ["nightly"]
    assert after["can_sync"]
    assert "payroll-01" in after["facts"][0]["sentence"]


def status_of(exporter: Exporter) -> dict[str, Any]:
    """What the status page is told at this moment."""
    answer = exporter.server._serving.handle(Request("GET", "/api/v1/status"))
    said: dict[str, Any] = msgspec.json.decode(b"".join(answer.chunks))
    return said
