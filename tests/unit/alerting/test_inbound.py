"""Bodies of webhooks: what is read of them, and what is not believed."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bridged import a_body, an_alert
from tests.builders import NOW
from vr_exporter.alerting.inbound import NotAWebhook, read_webhook
from vr_exporter.domain.episodes import Episode
from vr_exporter.syncing.wishes import alert_key

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=12,
)


def one(alert: Any) -> Episode:
    """The one episode of a body."""
    (episode,) = read_webhook(a_body([alert])).episodes
    return episode


def test_the_status_of_each_alert_decides_and_not_that_of_the_group() -> None:
    """A group fires while any member does."""
    alerts = [an_alert(NOW, site="a"), an_alert(NOW, site="b", status="resolved")]
    episodes = read_webhook(a_body(alerts, status="firing")).episodes
    assert [episode.is_firing for episode in episodes] == [True, False]


def test_an_end_in_the_year_one_is_no_end() -> None:
    """Alertmanager writes it for what still fires; newer members are passed over."""
    alert = {**an_alert(NOW, site="madrid"), "notification_reason": {"x": [1]}}
    episode = one(alert)
    assert (episode.is_firing, episode.starts_at) == (True, NOW)


def test_the_same_moment_in_another_zone_is_the_same_episode() -> None:
    """And so are nanoseconds; another label, start or replication is another one."""
    alert = an_alert(NOW, site="madrid", replication="GID-1")
    keys = [
        alert_key(one({**alert, "startsAt": begun}))
        for begun in (
            "2026-09-21T14:13:20Z",
            "2026-09-21T16:13:20+02:00",
            "2026-09-21T14:13:20.000000123Z",
        )
    ]
    assert len(set(keys)) == 1
    others = [
        an_alert(NOW + 1, site="madrid", replication="GID-1"),
        an_alert(NOW, site="berlin", replication="GID-1"),
        an_alert(NOW, site="madrid", replication="GID-2"),
    ]
    assert len({*keys, *(alert_key(one(each)) for each in others)}) == 4


def test_neither_fingerprint_nor_annotation_nor_an_empty_label_is_part_of_the_key() -> None:
    """What is sent as empty is not there, as in Alertmanager."""
    alert = an_alert(NOW, site="madrid")
    other = {**alert, "fingerprint": "f" * 16, "annotations": {}, "generatorURL": "http://evil/"}
    other["labels"] = {**alert["labels"], "team": ""}
    assert alert_key(one(alert)) == alert_key(one(other))


def test_alerts_that_were_left_out_are_told_of() -> None:
    """Each is a wish lost."""
    assert read_webhook(a_body([], truncatedAlerts=7)).truncated == 7


@given(ANY)
def test_any_json_is_a_webhook_or_none(shape: Any) -> None:
    """Nothing but NotAWebhook comes out, also of what stands where an alert should."""
    labelled = {**an_alert(NOW), "labels": shape}
    for body in (json.dumps(shape).encode(), a_body([shape]), a_body([labelled])):
        with suppress(NotAWebhook):
            read_webhook(body)


@pytest.mark.parametrize("body", [b"\xff", b"{", b'"4"', b"null"])
def test_what_is_no_json_object_is_said_to_be_none(body: bytes) -> None:
    """In one line."""
    with pytest.raises(NotAWebhook) as caught:
        read_webhook(body)
    assert "\n" not in str(caught.value)
