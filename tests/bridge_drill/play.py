"""One episode of the bridge, from the breach to the end of the alert, and what was amiss in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bridge_drill.relay import NOBODY
from tests.bridge_drill.scene import ALERT, a_scene
from tests.bridge_drill.timeline import Timeline
from tests.rules_scaled import scaled_file

PATIENCE_SECONDS: Final = 90.0
DOWN_SECONDS: Final = 2.0
MANY, MANY_IF_SHORT = 20, 5
SYNC_MINUTES: Final = 8.0
SHORT_SYNC_MINUTES: Final = 3.0
SHORT_KEEP: Final = "keep_firing_for: 5s"
"""Of what is twenty minutes in the rules, and so 20 s here."""

DEADMAN_ALERT: Final = "VrBridgeInboundDead"

_FIRING: Final = "alert firing"
_HEALED: Final = ("task 1 ended: SUCCESS", "RPO is met", "alert resolved")
_TOLD: Final = ("people are told: firing", "people are told: resolved", "bridge is told: resolved")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; `faults` is empty when all was as it should be."""

    lines: tuple[str, ...]
    summary: str
    faults: tuple[str, ...]


def play(*, clustered: bool = False, is_short: bool = False) -> Outcome:
    """Play it; clustered, an Alertmanager and then the exporter are killed while it goes on."""
    minutes = SHORT_SYNC_MINUTES if is_short else SYNC_MINUTES
    with (
        tempfile.TemporaryDirectory(prefix="vr-bridge-drill-") as folder,
        a_scene(
            Path(folder),
            clustered=clustered,
            sync_minutes=minutes,
            rule_file=_short_file if is_short else scaled_file,
        ) as scene,
    ):
        timeline = Timeline(scene)
        missing = list(_steps(timeline, clustered=clustered))
        many = MANY_IF_SHORT if is_short else MANY
        faults = [*missing, *_faults(timeline, clustered=clustered, many=many)]
        summary = _summary(timeline)
        if not is_short:
            faults += _silence(timeline)
        return Outcome(tuple(timeline.lines()), summary, tuple(faults))


def _short_file(name: str) -> str:
    """An alert is kept for less long after its end."""
    return scaled_file(name).replace("keep_firing_for: 20s", SHORT_KEEP)


def _steps(timeline: Timeline, *, clustered: bool) -> Iterator[str]:
    """Wait for one thing after the other, and kill between; gives what did not come."""
    yield from _wait(timeline, _FIRING)
    if clustered:
        yield from _kill(timeline)
    yield from _wait(timeline, *_HEALED, *_TOLD)


def _wait(timeline: Timeline, *whats: str) -> Iterator[str]:
    if not timeline.until(lambda: timeline.has(*whats), patience=PATIENCE_SECONDS):
        yield f"missing: {', '.join(each for each in whats if not timeline.has(each))}"


def _kill(timeline: Timeline) -> Iterator[str]:
    """Kill a member once it has told, and the exporter once its POST has left."""
    scene = timeline.scene
    if not timeline.until(lambda: bool(timeline.asking()), patience=PATIENCE_SECONDS):
        yield "missing: a webhook"
        return
    sender = timeline.asking()[0].sender
    scene.members[int(sender.removeprefix("am-")) - 1].kill()
    timeline.note(f"{sender} is killed")
    if not timeline.until(lambda: scene.posts() > 0, patience=PATIENCE_SECONDS):
        yield "missing: a POST"
        return
    scene.exporter.kill()
    timeline.note("exporter is killed")
    timeline.until(lambda: False, patience=DOWN_SECONDS)
    scene.exporter.start()
    timeline.note("exporter is back")


def _silence(timeline: Timeline) -> Iterator[str]:
    """End the last Alertmanager: the rule on the dead man has to say so."""
    for number, member in enumerate(timeline.scene.members, 1):
        member.kill()
        timeline.note(f"am-{number} is killed")
    yield from _wait(timeline, f"{DEADMAN_ALERT} firing")


def _faults(timeline: Timeline, *, clustered: bool, many: int) -> Iterator[str]:
    scene = timeline.scene
    asking = timeline.asking()
    taken = [each for each in asking if each.taken]
    if scene.posts() != 1:
        yield f"{scene.posts()} POSTs, not 1"
    if len(taken) != 1:
        yield f"{len(taken)} webhooks taken, not 1"
    if len(asking) < many:
        yield f"{len(asking)} webhooks, not {many} or more"
    wrong = {each.verdict for each in asking if each.status not in {200, 202, NOBODY}}
    if wrong:
        yield f"answered with {', '.join(sorted(wrong))}"
    if any(each.status == NOBODY for each in scene.relay.passed) and not clustered:
        yield "an exporter that did not answer"
    if not scene.judge.query(f"vr_webhook_deadman_timestamp_seconds > {timeline.since}"):
        yield "the dead man was not heard"
    if DEADMAN_ALERT in timeline.others or (timeline.others and not clustered):
        yield f"fired too: {', '.join(sorted(timeline.others))}"


def _summary(timeline: Timeline) -> str:
    scene = timeline.scene
    answers = scene.relay.count(ALERT, "firing")
    statuses = ", ".join(f"{number} x {code or 'none'}" for code, number in answers.items())
    others = ", ".join(sorted(timeline.others)) or "nothing"
    deadmen = sum(each.tells("VrDeadman", "firing") for each in scene.relay.passed)
    return (
        f"{scene.posts()} POST; {answers.total()} webhooks of {ALERT} firing, "
        f"answered {statuses}; {deadmen} of the dead man; people told "
        f"{', '.join(scene.people.told(ALERT))}; {others} fired besides"
    )
