"""Silences: read as Alertmanager lists them, matched by us."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vr_exporter.alerting.silences import Matcher, UnknownForm, covering, parse_silences

LABELS = {"alertname": "VrRpoBreached", "site": "madrid"}


def a_silence(*matchers: dict[str, Any], state: str = "active") -> dict[str, Any]:
    """A silence as `GET /api/v2/silences` shows it."""
    return {
        "id": "s-1",
        "status": {"state": state},
        "matchers": [{"isRegex": False, "isEqual": True, **matcher} for matcher in matchers],
        "comment": "work on the storage",
        "createdBy": "alice",
        "startsAt": "2026-09-21T14:13:20.000Z",
        "endsAt": "2026-09-21T16:13:20.000Z",
    }


def silences(*rows: dict[str, Any]) -> bytes:
    """The body of the answer."""
    return json.dumps(rows).encode()


@pytest.mark.parametrize(
    ("matcher", "matches"),
    [
        (Matcher("site", "madrid"), True),
        (Matcher("site", "berlin"), False),
        (Matcher("site", "berlin", is_equal=False), True),
        (Matcher("site", "mad.*", is_regex=True), True),
        (Matcher("site", "mad", is_regex=True), False),
        (Matcher("site", "mad.*", is_regex=True, is_equal=False), False),
        (Matcher("team", ""), True),
        (Matcher("team", ".+", is_regex=True), False),
        (Matcher("team", "storage", is_equal=False), True),
    ],
)
def test_a_matcher_holds_as_in_alertmanager(matcher: Matcher, *, matches: bool) -> None:
    """Expressions match whole values, and a label that is absent is empty."""
    assert matcher.matches(LABELS) is matches


def test_a_silence_covers_what_meets_all_its_matchers() -> None:
    """One that does not is enough."""
    here = {"name": "site", "value": "madrid"}
    other = {"name": "alertname", "value": "Other"}
    (found,) = parse_silences(silences(a_silence(here)))
    assert found.covers(LABELS)
    assert found.comment == "work on the storage"
    (found,) = parse_silences(silences(a_silence(here, other)))
    assert not found.covers(LABELS)
    every = parse_silences(silences(a_silence(other), a_silence(here)))
    assert covering(every, LABELS) is every[1]
    assert covering(every[:1], LABELS) is None


def test_only_silences_that_are_active_count() -> None:
    """What is pending or expired silences nothing now."""
    row = {"name": "site", "value": "madrid"}
    body = silences(a_silence(row, state="pending"), a_silence(row, state="expired"))
    assert parse_silences(body) == ()


def test_an_old_alertmanager_has_no_is_equal() -> None:
    """Before 0.22 there were no negative matchers."""
    row = a_silence({"name": "site", "value": "madrid"})
    del row["matchers"][0]["isEqual"]
    (found,) = parse_silences(silences(row))
    assert found.covers(LABELS)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"{}",
        b"[1]",
        b"[" * 100_000,
        silences(a_silence()),
        silences(a_silence({"name": "site", "value": 1})),
        silences(a_silence({"name": "site", "value": "madrid", "isFuzzy": True})),
        silences(a_silence({"name": "site", "value": "m", "isRegex": "yes"})),
        silences(a_silence({"name": "site", "value": "m"}, state="asleep")),
    ],
)
def test_a_form_that_we_do_not_know_is_said_aloud(body: bytes) -> None:
    """Who asks has to take the alert as silenced: we guess nothing."""
    with pytest.raises(UnknownForm):
        parse_silences(body)


def test_an_expression_that_we_cannot_read_is_said_aloud() -> None:
    """Go and Python do not know all the same expressions."""
    (found,) = parse_silences(silences(a_silence({"name": "site", "value": "(", "isRegex": True})))
    with pytest.raises(UnknownForm):
        found.covers(LABELS)


@pytest.mark.parametrize(
    "expression",
    [
        r"(\w+-?)+x",
        ".*.*.*.*.*x",
        "(a|a)*b",
        "a?" * 30 + "a" * 30,
        "(a|a)" * 30 + "b",
        "(a{1,}){9}",
    ],
)
def test_an_expression_that_may_take_for_ever_is_not_begun(expression: str) -> None:
    """Alertmanager's engine is linear; ours would hold the whole exporter for hours."""
    matcher = Matcher("vm", expression, is_regex=True)
    with pytest.raises(UnknownForm, match="for ever"):
        matcher.matches({"vm": "a" * 40 + "!"})


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ("|".join(f"db-{number:02}" for number in range(60)), True),
        ("(db|web)-.*", True),
        (".*(db|web).*0.*", True),
        ("(?i)DB-0[0-9]{1,3}", True),
        ("(web-)?0.+", False),
    ],
)
def test_expressions_as_people_write_them_are_judged(expression: str, *, matches: bool) -> None:
    """Lists of names, parts of names, capitals."""
    assert Matcher("vm", expression, is_regex=True).matches({"vm": "db-01"}) is matches


def test_plain_matchers_of_a_silence_are_asked_first() -> None:
    """What cannot be judged holds back only the alerts that the rest of its silence covers."""
    endless = {"name": "vm", "value": r"(\w+)+x", "isRegex": True}
    (found,) = parse_silences(silences(a_silence(endless, {"name": "site", "value": "berlin"})))
    assert not found.covers({**LABELS, "vm": "a" * 40})
