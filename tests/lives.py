"""A real `serve`, started, killed and started again on one state folder, and people who wish."""

from __future__ import annotations

import http.client
import json
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from tests.command_line import ROOT, settings_file
from vr_exporter.ledger.crash import VARIABLE
from vr_exporter.simulator.server import SimServer

PATIENCE_SECONDS: Final = 60.0
REPEAT_SECONDS: Final = 0.05
ANSWER_SECONDS: Final = 5.0
HURRY_SECONDS: Final = 0.3
WISHERS: Final = 6


class Lives:
    """One `serve` after the other; `fuse` names the point at which a life kills itself."""

    def __init__(
        self,
        folder: Path,
        sites: Mapping[str, SimServer],
        *,
        listen: str = "127.0.0.1:0",
        triggers: Mapping[str, Any] | None = None,
        program: str = "vr_exporter",
    ) -> None:
        self.state = folder / "state" / "vr-exporter"
        self.log = folder / "log"
        config = settings_file(
            folder,
            {name: {"url": server.url, "poll_interval": "5s"} for name, server in sites.items()},
            **({"triggers": dict(triggers)} if triggers else {}),
        )
        self._command = [
            *(sys.executable, "-m", program, "serve"),
            *("--config.file", config, "--web.listen-address", listen),
        ]
        self._life: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """Where a living one answers commands."""
        return self.state / "socket"

    def start(self, fuse: str = "") -> None:
        """Begin the next life."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VR_")}
        with self.log.open("ab") as log:
            self._life = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env={**kept, VARIABLE: fuse},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def dies_within(self, seconds: float) -> bool:
        """Whether it kills itself by then; RuntimeError when it ends in any other way."""
        assert self._life is not None
        try:
            status = self._life.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        if status != -signal.SIGKILL:
            raise RuntimeError(f"a life ended by itself with {status}: {self._last_words()}")
        return True

    def must_live(self) -> None:
        """RuntimeError, with its last words, where it has ended by itself: waiting is in vain."""
        assert self._life is not None
        if (status := self._life.poll()) is not None:
            raise RuntimeError(f"a life ended by itself with {status}: {self._last_words()}")

    def kill(self) -> None:
        """End it as a failing machine would."""
        assert self._life is not None
        self._life.kill()
        self._life.wait()

    def stop(self) -> None:
        """End it in order."""
        assert self._life is not None
        self._life.terminate()
        if status := self._life.wait(PATIENCE_SECONDS):
            raise RuntimeError(f"ended with {status} when told to stop: {self._last_words()}")

    def bugs(self) -> list[str]:
        """Lines of the logs of all lives that tell of a bug of ours."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if "bug of ours" in line or "Traceback" in line]

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(
    path: Path,
    method: Literal["GET", "POST"],
    target: str,
    *,
    body: Any = None,
    key: str = "",
) -> tuple[int, Any]:
    """One request over the socket of the state folder; OSError or HTTPException when unanswered."""
    connection = _UnixConnection(path)
    headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, target, body=content, headers=headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Place:
    """A replication and the site at which it is asked for."""

    site: str
    replication: str


@dataclass
class People:
    """Wish for syncs in several threads, and repeat what nobody answered, under the same key.

    `accepted` holds each key that was promised with the trigger's own key; `complaints` are
    answers that break the contract. No more wishes are made than `let` allows.
    """

    socket: Path
    places: Sequence[Place]
    seed: int
    accepted: dict[str, str] = field(default_factory=dict)
    repeats: int = 0
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._allowed: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._wished = 0
        self._answered = 0
        self._lock = threading.Lock()
        for _ in range(WISHERS):
            threading.Thread(target=self._wish_on, daemon=True).start()

    def let(self, wishes: int) -> None:
        """Allow so many more wishes, if those before were not too many."""
        for _ in range(wishes):
            self._wished += 1
            self._allowed.put(self._wished)

    @property
    def waiting(self) -> int:
        """Wishes that have no answer yet."""
        return self._wished - self._answered

    def _wish_on(self) -> None:
        while True:
            number = self._allowed.get()
            chance = random.Random(f"{self.seed} {number}")  # noqa: S311 - chance, repeatable by its seed
            self._wish(f"wish-{number}", chance)
            with self._lock:
                self._answered += 1

    def _wish(self, key: str, chance: random.Random) -> None:
        place = chance.choice(self.places)
        body = {"timeout_seconds": HURRY_SECONDS} if chance.random() < 0.1 else {}
        self._until_answered(key, place, body)
        if chance.random() < 0.3:
            self._until_answered(key, place, body)

    def _until_answered(self, key: str, place: Place, body: Any) -> None:
        target = f"/api/v1/sites/{place.site}/replications/{place.replication}/sync"
        pause = threading.Event()
        while True:
            with suppress(OSError, http.client.HTTPException, ValueError):
                status, answer = ask(self.socket, "POST", target, body=body, key=key)
                if status < 500:
                    self._note(key, status, answer)
                    return
            self.repeats += 1
            pause.wait(REPEAT_SECONDS)

    def _note(self, key: str, status: int, answer: Any) -> None:
        if status not in {200, 202} or (key in self.accepted and status != 200):
            self.complaints.append(f"{key}: answered {status}: {answer}")
        elif answer["url"] is not None:
            own = self.accepted.setdefault(key, answer["key"])
            if own != answer["key"]:
                self.complaints.append(f"{key}: is {own}, and {answer['key']}")
        elif key in self.accepted:
            self.complaints.append(f"{key}: accepted, then {answer['sentence']}")


def now() -> float:
    """The clock that all processes of this machine share."""
    return time.time()  # noqa: TID251 - as said
