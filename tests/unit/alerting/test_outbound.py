"""What we notice as alerts: five events, and nothing that a rule covers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import NOW, a_finished_task
from tests.wishes import a_trigger
from vr_exporter.alerting.outbound import (
    Form,
    Subject,
    of_syncs,
    of_task,
    of_trigger,
    sync_ends,
)
from vr_exporter.domain.alerts import RESERVED_LABELS, Begun, Ended, Event, News, kin_of
from vr_exporter.domain.names import ReplicationId, SiteName, TaskId
from vr_exporter.domain.tasks import Task, TaskState
from vr_exporter.domain.triggers import TriggerState

FORM = Form(external_url="https://vr.example/exporter/", labels={"team": "storage"})
GID = ReplicationId("GID-1")
DB = Subject(SiteName("madrid"), "berlin", GID, "db-01")
FAILING = Ended(kin_of(Event.SYNC_FAILING, {"site": "madrid", "replication": "GID-1"}), NOW)


def a_failure(number: int = 0, **changes: Any) -> Task:
    """A sync that failed; the number orders several."""
    failed = {
        "id": TaskId(f"task-{number}"),
        "state": TaskState.ERROR,
        "error_class": "connectivity",
        "error_code": "ERROR_NET_42",
        "error_message": "The host is away.",
        "completed_timestamp_seconds": NOW - 100 + number,
    }
    return a_finished_task(**{**failed, **changes})


def heard(*tasks: Task, failures: int = 0) -> tuple[list[News], int | None]:
    """What is news of these tasks, and how many failures in a row there are now."""
    ends = sync_ends(tasks, lambda _: DB)
    news, counts = of_syncs(ends, {GID: failures} if failures else {}, form=FORM, now=NOW)
    return news, counts.get(GID)


def names(news: list[News]) -> list[str]:
    """The alerts that began, by name, and what ended."""
    return [each.alert.name if isinstance(each, Begun) else "ended" for each in news]


def labels_of(news: News) -> dict[str, str]:
    """The labels of an alert that began."""
    assert isinstance(news, Begun)
    return dict(news.alert.labels)


def annotations_of(news: News) -> dict[str, str]:
    """The annotations of an alert that began."""
    assert isinstance(news, Begun)
    return dict(news.alert.annotations)


def test_a_sync_that_failed_is_an_event_that_is_held() -> None:
    """Its labels name what and where; what changes from task to task is an annotation."""
    (begun,), count = heard(a_failure())
    assert labels_of(begun) == {
        "alertname": "VrEventSyncFailed",
        "site": "madrid",
        "pairing": "berlin",
        "replication": "GID-1",
        "vm": "db-01",
        "error_class": "connectivity",
        "severity": "info",
        "vr_origin": "bridge",
        "team": "storage",
    }
    assert annotations_of(begun) == {
        "summary": "A sync of db-01 failed at madrid",
        "description": "Task task-0 did not end well: ERROR_NET_42: The host is away.",
        "dashboard": "https://vr.example/exporter/",
    }
    assert begun == Begun(begun.alert, NOW, NOW + 360)  # type: ignore[union-attr]
    assert count == 1


def test_a_sync_that_was_cancelled_failed() -> None:
    """Its class is `other`, as in the counter of failed tasks."""
    (begun,), count = heard(a_failure(state=TaskState.CANCELLED, error_class=None))
    assert (labels_of(begun)["error_class"], count) == ("other", 1)
    assert "cancelled" in annotations_of(begun)["description"]


def test_the_third_failure_in_a_row_is_an_alert_that_lasts() -> None:
    """Across polls as within one, in the order in which the tasks ended."""
    news, count = heard(a_failure(3), a_failure(1), a_failure(2))
    assert names(news) == [Event.SYNC_FAILED] * 3 + [Event.SYNC_FAILING]
    assert news[-1] == Begun(news[-1].alert, NOW, None)  # type: ignore[union-attr]
    assert annotations_of(news[-1])["description"].startswith("Task task-3 was the last to fail")
    assert count == 3
    news, count = heard(a_failure(), failures=2)
    assert (names(news)[1:], count) == ([Event.SYNC_FAILING], 3)
    assert names(heard(a_failure(), failures=1)[0]) == [Event.SYNC_FAILED]


def test_each_further_failure_tells_how_many_there_are() -> None:
    """The alert goes on under its labels; its class is that of the last failure."""
    news, count = heard(a_failure(error_class="auth"), failures=7)
    assert labels_of(news[1])["error_class"] == "auth"
    assert annotations_of(news[1])["summary"] == "Syncs of db-01 fail at madrid, 8 in a row"
    assert count == 8


def test_a_success_ends_the_row() -> None:
    """Also one between two failures of one poll."""
    assert heard(a_finished_task(), failures=5) == ([FAILING], 0)
    assert heard(a_finished_task()) == ([], None)
    good = a_finished_task(completed_timestamp_seconds=NOW - 98.5)
    news, count = heard(a_failure(1), good, a_failure(2), failures=2)
    assert names(news) == [Event.SYNC_FAILED, Event.SYNC_FAILING, "ended", Event.SYNC_FAILED]
    assert count == 1


def test_a_task_of_another_kind_that_failed_names_its_operation() -> None:
    """A sync has its own events, and what people cancel is no news to them."""
    task = a_failure(operation="configure")
    found = of_task(task, DB, form=FORM, now=NOW)
    assert found is not None
    assert (found.alert.name, labels_of(found)["operation"]) == (Event.TASK_FAILED, "configure")
    assert found.ends_at == NOW + 360
    assert of_task(a_failure(), DB, form=FORM, now=NOW) is None
    cancelled = a_failure(operation="pause", state=TaskState.CANCELLED)
    assert of_task(cancelled, DB, form=FORM, now=NOW) is None


def test_what_is_not_watched_is_named_by_its_vm() -> None:
    """A task of a VM that has no replication yet, or of the site itself."""
    task = a_failure(operation="configure")
    found = of_task(task, Subject(SiteName("madrid"), vm="new-01"), form=FORM, now=NOW)
    assert found is not None
    assert labels_of(found)["vm"] == "new-01"
    assert "replication" not in labels_of(found)
    found = of_task(task, Subject(SiteName("madrid")), form=FORM, now=NOW)
    assert found is not None
    assert "not watched" in annotations_of(found)["summary"]


def test_every_label_that_we_set_is_reserved() -> None:
    """None of the settings can stand in for one that is empty, or turn where an alert goes."""
    lost = a_trigger(state=TriggerState.AMBIGUOUS)
    found = (
        *heard(a_failure())[0],
        of_task(a_failure(operation="configure"), DB, form=FORM, now=NOW),
        *of_trigger(lost, a_trigger(state=TriggerState.REFUSED), NOW, pairing="p", form=FORM),
    )
    ours = {name for each in found if isinstance(each, Begun) for name in labels_of(each)}
    assert ours - RESERVED_LABELS == set(FORM.labels)
    assert ours >= RESERVED_LABELS - {"vr_action"}


def test_A61_a_trigger_that_stays_unknown_is_announced() -> None:
    """With the sentence that people read elsewhere too."""
    before = a_trigger(state=TriggerState.AMBIGUOUS)
    after = a_trigger(state=TriggerState.UNRESOLVED, sentence="look at it, then `state ack`")
    (begun,) = of_trigger(before, after, NOW, pairing="berlin", form=FORM)
    assert labels_of(begun)["alertname"] == Event.TRIGGER_AMBIGUOUS
    assert labels_of(begun)["pairing"] == "berlin"
    assert "error_class" not in labels_of(begun)
    assert annotations_of(begun)["description"] == "look at it, then `state ack`"


@pytest.mark.parametrize(
    ("changes", "error_class"),
    [
        ({"state": TriggerState.REFUSED, "reason": "forbidden"}, "forbidden"),
        ({"state": TriggerState.REFUSED, "reason": "not_sent"}, "not_sent"),
        ({"state": TriggerState.REFUSED, "reason": "whatever"}, "other"),
        ({"state": TriggerState.FAILED, "reason": "server_error"}, "server_error"),
    ],
)
def test_a_trigger_that_was_not_taken_is_announced(
    changes: dict[str, Any], error_class: str
) -> None:
    """A 4xx, one that never left, a 5xx after which no task was found; by a closed set."""
    before = a_trigger(state=TriggerState.POSTING)
    (begun,) = of_trigger(before, a_trigger(**changes), NOW, pairing="", form=FORM)
    assert labels_of(begun)["alertname"] == Event.TRIGGER_REFUSED
    assert labels_of(begun)["error_class"] == error_class


@pytest.mark.parametrize("state", TriggerState)
def test_other_steps_of_a_trigger_are_no_news(state: TriggerState) -> None:
    """How its sync ended is told of the task; a guard that said no is in the answer."""
    task = TaskId("task-1")
    before = a_trigger(state=TriggerState.RUNNING, task_id=task)
    told = (TriggerState.UNRESOLVED, TriggerState.REFUSED)
    if state not in told:
        assert (
            of_trigger(before, a_trigger(state=state, task_id=task), NOW, pairing="", form=FORM)
            == ()
        )
    assert (
        of_trigger(a_trigger(state=state), a_trigger(state=state), NOW, pairing="", form=FORM) == ()
    )


def test_a_wish_that_followed_one_that_was_refused_is_no_second_alert() -> None:
    """It ends as that one did; one alert tells of both."""
    before = a_trigger(state=TriggerState.JOINED, has_joined=True)
    after = a_trigger(state=TriggerState.FAILED, has_joined=True, reason="forbidden")
    assert of_trigger(before, after, NOW, pairing="", form=FORM) == ()


def test_C14_links_are_made_of_the_external_url_alone() -> None:
    """Without one there is no link; annotations of the settings replace none of ours."""
    own = {"dashboard": "https://evil.example", "runbook_url": "https://wiki.example/vr"}
    plain = Form(annotations=own)
    found = of_task(a_failure(operation="pause"), DB, form=plain, now=NOW)
    assert found is not None
    assert found.alert.generator_url == ""
    found = of_task(
        a_failure(operation="pause"), DB, form=Form("https://vr.example", annotations=own), now=NOW
    )
    assert found is not None
    assert found.alert.generator_url == "https://vr.example/"
    assert annotations_of(found)["dashboard"] == "https://vr.example/"
    assert annotations_of(found)["runbook_url"] == "https://wiki.example/vr"
