from __future__ import annotations

import logging

import pytest

from vr_exporter.watching.episodes import Episodes, Told

log = logging.getLogger("vr_exporter.tests.episodes")
AUTH: Told = ("site cannot be read", {"site": "madrid", "reason": "auth", "error": "denied"})


class Story:
    """Episodes under a clock moved by hand, and what they logged."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, log.name)
        self.now = 1000.0
        self.episodes = Episodes(log, now=lambda: self.now)
        self._caplog = caplog

    def poll(self, *reasons: str, after: float = 60) -> None:
        """Report one poll with these reasons of failure."""
        self.now += after
        failures: dict[str, Told] = {
            reason: (AUTH[0], {**AUTH[1], "reason": reason}) for reason in reasons
        }
        self.episodes.report(failures)

    def lines(self) -> list[tuple[str, str, object]]:
        """Level, message and count or length of every line so far."""
        return [
            (record.levelname, record.getMessage(), record.__dict__.get("failures"))
            for record in self._caplog.records
        ]


def test_R5_one_warning_when_it_begins(caplog: pytest.LogCaptureFixture) -> None:
    """Polls that fail alike give one warning."""
    story = Story(caplog)
    for _ in range(5):
        story.poll("auth")
    assert story.lines() == [("WARNING", "site cannot be read", None)]


def test_R5_one_summary_every_ten_minutes_with_a_count(caplog: pytest.LogCaptureFixture) -> None:
    """A failure that lasts is told again every ten minutes, with the failures since."""
    story = Story(caplog)
    for _ in range(21):
        story.poll("auth")
    assert story.lines()[1:] == [("WARNING", "still: site cannot be read", 10)] * 2


def test_R5_one_info_when_it_ends_with_its_length(caplog: pytest.LogCaptureFixture) -> None:
    """The end is told with length and count, and a new failure begins a new episode."""
    story = Story(caplog)
    for _ in range(3):
        story.poll("auth")
    story.poll()
    story.poll()
    story.poll("auth")
    assert story.lines()[1:] == [
        ("INFO", "over: site cannot be read", 3),
        ("WARNING", "site cannot be read", None),
    ]
    assert caplog.records[1].__dict__["lasted_seconds"] == 180


def test_R5_reasons_are_episodes_of_their_own(caplog: pytest.LogCaptureFixture) -> None:
    """One reason may end while another lasts."""
    story = Story(caplog)
    story.poll("auth", "tls")
    story.poll("tls")
    assert [level for level, *_ in story.lines()] == ["WARNING", "WARNING", "INFO"]
    assert caplog.records[2].__dict__["reason"] == "auth"


def test_A26_what_was_not_tried_neither_ends_nor_counts(caplog: pytest.LogCaptureFixture) -> None:
    """An endpoint that is left alone for an hour is told once, not once each time it is tried."""
    story = Story(caplog)
    story.poll("forbidden")
    for _ in range(59):
        story.episodes.report({}, lasting={"forbidden"})
    assert len(story.lines()) == 1
    story.poll("forbidden", after=3600)
    assert story.lines()[1:] == [("WARNING", "still: site cannot be read", 1)]
    story.poll()
    assert story.lines()[2:] == [("INFO", "over: site cannot be read", 2)]
