"""The cases of `make torture`: what each promises, how it is run whole and how in a hurry."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

PYTHON: Final = "python"
"""How a command names the Python that runs it."""

_SELECTION: Final = "python -m tests.torture.selection"


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the evidence.

    `command` is run from the root of the repository; `quick` are the words that take the place
    of those from its first argument on. `is_alone`: it measures latency, nothing runs beside it.
    """

    name: str
    promise: str
    command: str
    quick: str
    minutes: float
    is_alone: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    quick_environment: Mapping[str, str] = field(default_factory=dict)

    def words(self, *, is_quick: bool) -> list[str]:
        """The words of the command."""
        return shlex.split(self.quick if is_quick else self.command)

    @property
    def line(self) -> str:
        """The command as it is typed."""
        return " ".join([*(f"{k}={v}" for k, v in self.environment.items()), self.command])


CASES: Final = (
    Case(
        "refused POSTs",
        "At least 3,000 unauthenticated POST/s refused (aim 5,000): no trigger, nothing written, "
        "scrape p99 at most 100 ms beside it",
        "python -m tests.refused_posts 20",
        "python -m tests.refused_posts 10",
        minutes=3,
        is_alone=True,
    ),
    Case(
        "slow clients",
        "1,000 that are silent, drip head or body, or take nothing, three times over: each closed "
        "within 10 s, scrape p99 below 100 ms beside them",
        "python -m tests.slow_clients 1000",
        "python -m tests.slow_clients 100 1",
        minutes=4,
        is_alone=True,
    ),
    Case(
        "slow clients, TLS",
        "The same under TLS, some without a handshake or with half of one",
        "python -m tests.slow_clients 1000 --tls",
        "python -m tests.slow_clients 100 1 --tls",
        minutes=4,
        is_alone=True,
    ),
    Case(
        "exporter kills",
        "1,000 SIGKILLs of a `serve` under load, at each point and at any moment: no wish lost, "
        "none posted twice, every counter right",
        "python -m tests.exporter_killing 1000 1",
        "python -m tests.exporter_killing 20 1",
        minutes=40,
    ),
    Case(
        "parser fuzz",
        "1,000,000 inputs for each parser: none ends in an exception that is not its own",
        "python -m tests.parser_fuzz 1000000",
        "python -m tests.parser_fuzz 2000",
        minutes=40,
    ),
    Case(
        "fleet model",
        "24 simulated hours of a lively fleet under random faults: at each step /metrics holds "
        "what a model says, and memory stays flat",
        "python -m tests.fleet_model --hours 24 --seed 1",
        "python -m tests.fleet_model --hours 1 --seed 1",
        minutes=40,
    ),
    Case(
        "failed polls",
        "100,000 failed polls over every reason in turn: at most 5 MiB of growth by its slope, "
        "threads and descriptors constant",
        "python -m tests.failed_polls 100000",
        "python -m tests.failed_polls 2000",
        minutes=20,
    ),
    Case(
        "Alertmanager away, real",
        "A real Alertmanager stopped for ten minutes as 1,000 alerts start and end: none lost, "
        "all accepted within 60 s of its return",
        "python -m tests.alertmanager_away 600",
        "python -m tests.alertmanager_away 10 100",
        minutes=20,
    ),
    Case(
        "wire torture",
        "The n-th read or write of a poll and of a trigger fails, n = 1, 2, 3 … until none does: "
        "no wrong value, no second POST",
        "python -m tests.wire_torture",
        "python -m tests.wire_torture --limit 3",
        minutes=20,
    ),
    Case(
        "ledger kills",
        "1,000 SIGKILLs of a ledger with three workers and failing commits: the same",
        "python -m tests.killing 1000 1",
        "python -m tests.killing 72 1",
        minutes=20,
    ),
    Case(
        "restarts",
        "50 restarts of `serve` while a fleet lives on: no total falls, nothing counts twice",
        f"{_SELECTION} tests/torture/test_restart.py",
        f"{_SELECTION} tests/torture/test_restart.py",
        minutes=15,
        environment={"VR_TORTURE_RESTARTS": "50"},
        quick_environment={"VR_TORTURE_RESTARTS": "2"},
    ),
    Case(
        "failing syscalls",
        "Each write and sync of a trigger's life fails in turn, once or from there on: never a "
        "POST without a durable claim",
        f"{_SELECTION} tests/torture/test_ledger_strace.py",
        f"{_SELECTION} tests/torture/test_ledger_strace.py -k B6-one-sync",
        minutes=10,
    ),
    Case(
        "drill",
        "A real Prometheus and Alertmanager drive syncs through the bridge",
        "python -m tests.bridge_drill",
        "python -m tests.bridge_drill --short",
        minutes=15,
    ),
    Case(
        "drill, cluster",
        "The same with two Alertmanagers, one of them killed at times",
        "python -m tests.bridge_drill --cluster",
        "python -m tests.bridge_drill --cluster --short",
        minutes=15,
    ),
    Case(
        "webhook fuzz",
        "100,000 bodies that nobody sends: each answered as documented, every alert accounted "
        "for, memory flat",
        "python -m tests.webhook_fuzz 100000",
        "python -m tests.webhook_fuzz 5000",
        minutes=10,
    ),
    Case(
        "Alertmanager away, six hours",
        "Away for six hours of injected clock while 1,000 alerts start and end: none lost, all "
        "accepted within 60 s of its return",
        f"{_SELECTION} tests/integration/test_alerts_away.py",
        f"{_SELECTION} tests/integration/test_alerts_away.py",
        minutes=5,
    ),
    Case(
        "secrets",
        "Secrets planted in every place: none in logs, pages, state, alerts or the process list, "
        "in no disguise, while a planted leak is found",
        f"{_SELECTION} tests/integration/test_serving_canaries.py tests/integration/"
        "test_canaries.py tests/unit/settings/test_settings_canaries.py",
        f"{_SELECTION} tests/unit/settings/test_settings_canaries.py",
        minutes=5,
    ),
)
"""Those alone first, then the long before the short."""
