"""Entries of `webhook.rules`: names, or matchers as Alertmanager writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vr_exporter.alerting.matchers import NotARule, parse_rule

LABELS = {"alertname": "VrRpoBreached", "site": "madrid", "severity": "warning", "q": 'a"b\\c\n'}


@pytest.mark.parametrize(
    "rule",
    [
        "VrRpoBreached",
        " VrRpoBreached ",
        'VrRpoBreached{site="madrid"}',
        'VrRpoBreached{site="madrid",severity=~"warning|critical"}',
        "VrRpoBreached{ site = madrid , severity != critical , }",
        '{alertname=~"Vr.+"}',
        'VrRpoBreached{team=""}',
        'VrRpoBreached{team!="storage", site!~"ber.*"}',
        r'{q="a\"b\\c\n"}',
    ],
)
def test_an_alert_that_meets_all_matchers_is_named(rule: str) -> None:
    """An absent label is an empty one; expressions hold for the whole value."""
    assert parse_rule(rule).matches(LABELS)


@pytest.mark.parametrize(
    "rule",
    [
        "VrRpo",
        'VrRpoBreached{site="berlin"}',
        'VrRpoBreached{severity=~"warn"}',
        '{alertname="VrRpoBreached", team="storage"}',
        '{site!~"mad.*"}',
    ],
)
def test_an_alert_that_misses_one_matcher_is_not(rule: str) -> None:
    """All have to hold."""
    assert not parse_rule(rule).matches(LABELS)


@pytest.mark.parametrize(
    "rule",
    ["", "{}", "Vr-Rpo", "Vr{site}", 'Vr{site="a"', 'Vr{site="a" b="c"}', 'Vr{site=~"("}', "{=x}"],
)
def test_what_is_no_rule_is_said_to_be_none(rule: str) -> None:
    """In words that say how to write it."""
    with pytest.raises(NotARule):
        parse_rule(rule)


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_none(text: str) -> None:
    """Nothing else comes out of it."""
    try:
        parse_rule(text).matches(LABELS)
    except NotARule:
        return
