"""The Alertmanagers of the settings: whether each answers, and what its configuration says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import yaml

from vr_exporter.alerting.alertmanager import Alertmanager, NotAsked
from vr_exporter.alerting.silences import UnknownForm
from vr_exporter.app.alerting import clients_of
from vr_exporter.cli.check.report import Finding, fail, ok, warn
from vr_exporter.cli.check.routing import SUBJECT, judge
from vr_exporter.domain.clock import Clock
from vr_exporter.logs import learn_secret
from vr_exporter.settings import Secrets, Settings


def checks(settings: Settings) -> Iterator[tuple[str, Finding]]:
    """Each finding with the name of the member; one judgement serves members that agree."""
    clock = Clock(time.time, time.monotonic, threading.Event().wait)  # noqa: TID251 the one real clock of this command
    secrets = Secrets(learned=learn_secret, failed=lambda: None)
    judged: set[str] = set()
    for member in clients_of(settings, lambda: secrets, clock):
        try:
            for finding in _of_member(member, settings, judged):
                yield member.member.receiver, finding
        finally:
            member.close()


def _of_member(member: Alertmanager, settings: Settings, judged: set[str]) -> Iterator[Finding]:
    try:
        original = _original(member.status())
    except (NotAsked, UnknownForm) as error:
        yield fail(SUBJECT, f"does not answer: {error}", "its url, tls and credential")
        return
    if original in judged:
        yield ok(SUBJECT, "answers; configured as the one before")
        return
    judged.add(original)
    try:
        config = yaml.safe_load(original)
        found = list(judge(config, settings))
    except _UNREADABLE as error:
        what = f"its configuration cannot be judged: {type(error).__name__}"
        yield warn(SUBJECT, what, "amtool check-config, and docs/alert-bridge.md")
        return
    yield from found


_UNREADABLE = (
    *(yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError),
)
"""What PyYAML and we raise for a text that is no configuration of Alertmanager's."""


def _original(body: bytes) -> str:
    try:
        shape: Any = json.loads(body)
        return str(shape["config"]["original"])
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise UnknownForm("its status has no configuration") from error
