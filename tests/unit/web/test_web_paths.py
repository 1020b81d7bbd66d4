"""Paths with open segments."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vr_exporter.web.paths import Template, decoded

SYNC = Template("/api/v1/sites/{site}/replications/{replication}/sync")


def test_named_segments_are_decoded_once() -> None:
    """What is percent-encoded twice stays encoded once."""
    path = "/api/v1/sites/madrid/replications/db%2501%20%C3%A9/sync"
    assert SYNC.match(path) == {"site": "madrid", "replication": "db%01 é"}


def test_name_with_a_slash_is_one_segment() -> None:
    """The slash of a name is sent encoded; one that is not makes another path."""
    assert SYNC.match("/api/v1/sites/m/replications/a%2Fb/sync") == {
        "site": "m",
        "replication": "a/b",
    }
    assert SYNC.match("/api/v1/sites/m/replications/a/b/sync") is None


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/sites//replications/db-01/sync",
        "/api/v1/sites/m/replications/db-01/sync/",
        "/api/v1/sites/m/replications/db-01/%73ync",
        "//api/v1/sites/m/replications/db-01/sync",
        "/api/v1/sites/m/replications/%zz/sync",
        "/api/v1/sites/m/replications/%0/sync",
        "/api/v1/sites/m/replications/%00/sync",
        "/api/v1/sites/m/replications/a%0d%0ab/sync",
        "/api/v1/sites/m/replications/%ff/sync",
        "/api/v1/sites/m/replications/%ed%a0%80/sync",
        '/api/v1/sites/m/replications/a"b/sync',
        "/api/v1/sites/m/replications/..",
    ],
)
def test_C10_open_segment_takes_one_clean_name_alone(path: str) -> None:
    """Empty, malformed, control or overlong segments make a path that is none of ours."""
    assert SYNC.match(path) is None


@given(name=st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_every_printable_name_comes_through(name: str) -> None:
    """A client that quotes a name as it should is understood."""
    assert decoded(quote(name, safe="")) == name


def test_path_without_names_is_matched_byte_by_byte() -> None:
    """No decoding where nothing is open."""
    assert Template("/metrics").match("/metrics") == {}
    assert Template("/metrics").match("/%6detrics") is None
