"""Which form of the page a client gets."""

from __future__ import annotations

import pytest

from vr_exporter.web.negotiation import (
    OPENMETRICS_TYPE,
    TEXT_TYPE,
    Form,
    accepts_gzip,
    choose_form,
    prefers_openmetrics,
)

PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
PROMETHEUS_3_TEXT = "text/plain;version=0.0.4;q=0.3,application/openmetrics-text;q=0.2,*/*;q=0.1"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "openmetrics"),
    [
        (PROMETHEUS_2_42, True),
        (PROMETHEUS_3, True),
        (PROMETHEUS_3_TEXT, False),
        (BROWSER, False),
        ("", False),
        ("*/*", False),
        ("text/plain", False),
        ("application/json", False),
        ("application/openmetrics-text", True),
        ("APPLICATION/OpenMetrics-Text; Version=2.0.0", True),
        ("application/openmetrics-text;q=0.5,text/plain;q=0.5", True),
        ("application/openmetrics-text;q=0.1,text/plain;q=0.9", False),
        ("application/openmetrics-text;q=0.1 , text/plain; q=0.9", False),
        ("application/openmetrics-text;q=0.5,*/*;q=0.9", False),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=0,*/*", False),
        ("application/openmetrics-text;q=nonsense", False),
        ("application/openmetrics-text;q=nan", False),
        ("application/openmetrics-text;q=2", False),
        (",;,;q=1,", False),
    ],
)
def test_format_follows_the_weights(accept: str, *, openmetrics: bool) -> None:
    """OpenMetrics to whoever names it and does not want text more; text to everybody else."""
    assert prefers_openmetrics(accept) is openmetrics


@pytest.mark.parametrize(
    ("accept_encoding", "gzip"),
    [
        ("gzip", True),
        ("", False),
        ("identity", False),
        ("deflate, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0.5, identity", False),
        ("gzip, identity;q=0.5", True),
        ("x-gzip", True),
        ("br, zstd", False),
    ],
)
def test_gzip_follows_the_weights(accept_encoding: str, *, gzip: bool) -> None:
    """Gzip to whoever accepts it and does not want plain bytes more."""
    assert accepts_gzip(accept_encoding) is gzip


def test_form_is_labelled_as_what_it_is() -> None:
    """Whatever version was asked for, the label is that of the bytes sent."""
    asked = {"accept": "application/openmetrics-text;version=2.0.0", "accept-encoding": "gzip"}
    assert choose_form(asked) == Form(openmetrics=True, gzip=True)
    assert choose_form(asked).content_type == OPENMETRICS_TYPE
    assert choose_form({}).content_type == TEXT_TYPE


def test_a_weight_with_a_separator_before_it_is_no_weight_to_fail_on() -> None:
    """Whatever counts as blank to one reader of a number counts so to the other."""
    assert accepts_gzip("gzip;q=\x1f1") is True
