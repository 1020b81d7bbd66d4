"""What one appliance was asked: what tests assert on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Totals since the start; an endpoint is a method and a path template, `GET /tasks`."""

    requests: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    by_session: Counter[str] = field(default_factory=Counter)
    logins: int = 0
    failed_logins: int = 0
    logouts: int = 0
    remote_logins: int = 0

    @property
    def total(self) -> int:
        """All requests, refused ones included."""
        return self.requests.total()

    def asked(self, endpoint: str, token: str | None) -> None:
        """Count a request as it comes in."""
        self.requests[endpoint] += 1
        if token is not None:
            self.by_session[token] += 1

    def answered(self, endpoint: str, status: int) -> None:
        """Count the answer, and what it means for sessions."""
        self.answers[endpoint, status] += 1
        self.logins += (endpoint, status) == ("POST /session", 200)
        self.failed_logins += (endpoint, status) == ("POST /session", 401)
        self.logouts += (endpoint, status) == ("DELETE /session", 204)
        self.remote_logins += endpoint.endswith("/remote-session") and status == 204  # noqa: PLR2004 the answer of a remote login
