"""Event alerts: identity, and what of a stranger's text gets into them."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from tests.alerts import an_alert
from vr_exporter.domain.alerts import (
    LONGEST_ANNOTATION,
    LONGEST_LABEL,
    SEVERITIES,
    TEST_ALERT,
    Event,
    event_alert,
    kin_of,
)

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
TEXTS = st.text(alphabet=st.characters(exclude_categories=()), max_size=2000)


def test_identity_is_the_label_set_and_nothing_else() -> None:
    """Annotations may change at will; a new value of a label is another alert."""
    assert an_alert(description="task-1").fingerprint == an_alert().fingerprint
    assert an_alert(error_class="auth").fingerprint != an_alert().fingerprint
    assert an_alert(Event.SYNC_FAILING).fingerprint != an_alert().fingerprint


def test_alerts_of_one_kin_differ_in_their_class_or_in_names_that_may_change() -> None:
    """What is about the same replication stays so when the VM or the pairing is renamed."""
    kin = an_alert().kin
    labels = {"site": "madrid", "replication": "GID-1"}
    assert an_alert(error_class="auth").kin == kin
    assert kin_of(Event.SYNC_FAILED, {**labels, "vm": "new name", "pairing": "paris"}) == kin
    assert kin_of(Event.SYNC_FAILED, {**labels, "site": "berlin"}) != kin
    assert kin_of(Event.SYNC_FAILED, {"site": "madrid", "vm": "db-01"}) != kin_of(
        Event.SYNC_FAILED, {"site": "madrid", "vm": "db-02"}
    )


def test_every_alert_says_where_it_comes_from_and_how_bad_it_is() -> None:
    """The way in knows our own by `vr_origin`; one VM is a warning at most."""
    assert set(SEVERITIES) == {*Event, TEST_ALERT}
    assert set(SEVERITIES.values()) == {"info", "warning"}
    for name in SEVERITIES:
        labels = dict(an_alert(name).labels)
        assert (labels["alertname"], labels["vr_origin"]) == (name, "bridge")
        assert labels["severity"] == SEVERITIES[name]


def test_empty_labels_are_left_out() -> None:
    """For Alertmanager `x=""` and no `x` are one alert: so they are for us."""
    alert = event_alert(Event.SYNC_FAILED, {"site": "madrid", "vm": ""}, annotations={"a": ""})
    assert "vm" not in dict(alert.labels)
    assert alert.annotations == ()


def test_labels_of_the_settings_are_added_and_override_none_of_ours() -> None:
    """A rule for a team may rely on its label, and the loop guard on ours."""
    added = {"team": "storage", "vr_origin": "person", "severity": "critical", "bad-name": "x"}
    alert = event_alert(Event.SYNC_FAILED, {"site": "madrid"}, annotations={}, added=added)
    labels = dict(alert.labels)
    assert (labels["team"], labels["vr_origin"], labels["severity"]) == (
        "storage",
        "bridge",
        "info",
    )
    assert "bad-name" not in labels
    assert alert.kin == kin_of(Event.SYNC_FAILED, {"site": "madrid"})


def test_a_template_stays_the_text_it_is() -> None:
    """A VM's name is data for every reader."""
    alert = event_alert(Event.SYNC_FAILED, {"vm": "{{ .Labels }}"}, annotations={"a": "{{ 1 }}"})
    assert dict(alert.labels)["vm"] == "{{ .Labels }}"
    assert dict(alert.annotations) == {"a": "{{ 1 }}"}


@given(
    st.dictionaries(TEXTS, TEXTS, max_size=4),
    st.dictionaries(TEXTS, TEXTS, max_size=4),
    TEXTS,
)
def test_C14_whatever_strangers_write_the_alert_is_within_the_rules(
    annotations: dict[str, str], added: dict[str, str], vm: str
) -> None:
    """Names in the grammar, texts on one line and not too long, and JSON of whole characters."""
    alert = event_alert(
        Event.SYNC_FAILED, {"site": "madrid", "vm": vm}, annotations=annotations, added=added
    )
    for pairs, longest in ((alert.labels, LONGEST_LABEL), (alert.annotations, LONGEST_ANNOTATION)):
        assert all(NAME.fullmatch(name) for name, _ in pairs)
        assert all(0 < len(value) <= longest for _, value in pairs)
        assert not any("\n" in value or "\x00" in value or "\u202e" in value for _, value in pairs)
        json.dumps(pairs, ensure_ascii=False).encode()
    assert len(alert.labels) == len(dict(alert.labels))
