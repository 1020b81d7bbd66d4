"""The way from Alertmanager back to an exporter on a hurried clock; it notes all that passes."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from tests.drill.hurry import HurriedTime
from tests.loopback import Quiet, listening

NOBODY: Final = 0
"""The status of a webhook that the exporter did not answer."""

_PATH: Final = "/api/v1/alertmanager"
_STAMPS: Final = ("startsAt", "endsAt")
_NEVER: Final = "0001-01-01"
_ANSWER_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Passed:
    """A webhook and its answer, by the machine's clock; `sender` is the member that posted."""

    at: float
    sender: str
    alerts: tuple[tuple[str, str], ...]
    status: int
    taken: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def tells(self, alertname: str, status: str) -> bool:
        """Whether an alert of this name is in it, firing or resolved."""
        return (alertname, status) in self.alerts

    @property
    def verdict(self) -> str:
        """What the exporter said."""
        if self.status == NOBODY:
            return "nobody answers"
        reasons = [f"{reason} {number}" for reason, number in self.refused.items()]
        taken = [f"taken {self.taken}"] if self.taken else []
        return f"{self.status}: {', '.join([*taken, *reasons]) or 'nothing to do'}"


@dataclass(slots=True)
class Relay:
    """Where the members post to, each under its name, and what came of it."""

    url: str
    passed: list[Passed] = field(default_factory=list)

    def count(self, alertname: str, status: str) -> Counter[int]:
        """How many webhooks with an alert had which answer."""
        return Counter(each.status for each in self.passed if each.tells(alertname, status))


@contextmanager
def a_relay(time_there: HurriedTime, port: int) -> Iterator[Relay]:
    """Hand every webhook on to this port of loopback, and the answer back.

    Where nobody answers, nobody does here either.
    """

    class Connection(Quiet):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            now = time.time()  # noqa: TID251 - the drill lives in real time
            status, answer = self._ask(json.dumps(hurried(body, time_there)))
            relay.passed.append(_passed(now, self.path.strip("/"), body, status, answer))
            if status == NOBODY:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _ask(self, body: str) -> tuple[int, bytes]:
            exporter = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
            kept = ("Authorization", "Content-Type", "User-Agent")
            headers = {name: self.headers[name] for name in kept if self.headers[name]}
            try:
                exporter.request("POST", _PATH, body, headers)
                answer = exporter.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException):
                return NOBODY, b""
            finally:
                exporter.close()

    with listening(Connection) as url:
        relay = Relay(url)
        yield relay


def hurried(body: dict[str, Any], time_there: HurriedTime) -> dict[str, Any]:
    """A webhook with the stamps of its alerts as the hurried clock has them."""
    alerts = [
        {**alert, **{name: _stamp(alert[name], time_there) for name in _STAMPS}}
        for alert in body["alerts"]
    ]
    return {**body, "alerts": alerts}


def _stamp(text: str, time_there: HurriedTime) -> str:
    """A firing alert ends never, on any clock."""
    if text.startswith(_NEVER):
        return text
    moment = time_there.hurried(datetime.fromisoformat(text).timestamp())
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")


def _passed(at: float, sender: str, body: dict[str, Any], status: int, answer: bytes) -> Passed:
    alerts = tuple((each["labels"]["alertname"], each["status"]) for each in body["alerts"])
    said = json.loads(answer) if answer else {}
    return Passed(at, sender, alerts, status, said.get("taken", 0), said.get("refused", {}))
