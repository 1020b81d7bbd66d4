"""A site's thread: begun, died, begun again, ended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from vr_exporter.app.exporter import Exporter
from vr_exporter.app.serving import WebOptions
from vr_exporter.app.sites import Site
from vr_exporter.domain.names import SiteName
from vr_exporter.ledger.folder import StateFolder
from vr_exporter.settings import load

ENVIRON = {
    "VR_HOST": "vr.madrid.example",
    "VR_SITE": "madrid",
    "VR_USERNAME": "monitor@vsphere.local",
    "VR_PASSWORD": "invented",
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site whose worker returns at once, as if a bug had ended it."""
    before = os.umask(0o077)
    settings = load(None, environ=ENVIRON)
    folder = StateFolder(tmp_path)
    exporter = Exporter(settings, folder=folder, load=lambda: settings, web=WebOptions())
    made = exporter._new_site(SiteName("madrid"), settings)
    made.worker.run = lambda: None  # type: ignore[method-assign] # no request is made
    yield made
    exporter.ledger.close()
    os.umask(before)


def test_a_site_that_was_not_begun_has_not_died(site: Site) -> None:
    """The supervision may look before the first poll."""
    assert not site.has_died


def test_a_thread_that_ended_unasked_has_died(site: Site) -> None:
    """Then it is begun again."""
    site.restart()
    assert site.join(60)
    assert site.has_died


def test_a_thread_that_was_told_to_end_has_not_died(site: Site) -> None:
    """A site that a reload exchanges is not brought back to life by the supervision."""
    site.restart()
    site.tell_to_stop()
    assert site.join(60)
    assert not site.has_died
