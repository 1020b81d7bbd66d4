"""What the appliance may answer to the one POST of a trigger, and all that comes of it, row by row.

`python -m tests.sync_answers` prints docs/sync-answers.md; the tests run each row.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.watched import ACCOUNT, Watched
from vr_exporter.domain.triggers import Outcome, Trigger, TriggerState
from vr_exporter.simulator.options import ApiOptions
from vr_exporter.simulator.world.tasks import TaskList
from vr_exporter.syncing.desk import Verdict

S = TriggerState
Step = Callable[[Watched, str], object]


def nothing(watched: Watched, vm: str) -> None:
    """All is as it is."""


HALF_AN_HOUR = 1800.0
SHOWN_VM = "db-01"


@dataclass(frozen=True, slots=True)
class Row:
    """One answer, and what has to come of it.

    `given` makes it so, `then` happens while the sync runs. `path` is how the ledger gets there.
    `says` is what the person reads. `timed`: an end was seen and stands in the histogram.
    `doubts` is vr_triggers_ambiguous in the end. `code` is the exit code, None: it goes on until
    `--timeout`.
    """

    rows: str
    answer: str
    path: tuple[TriggerState, ...]
    word: str
    code: int | None
    outcome: Outcome
    says: str
    reason: str = ""
    posts: int = 1
    timed: bool = False
    doubts: int = 0
    surprise: str = ""
    given: Step = nothing
    then: Step = nothing
    world: Mapping[str, Any] = field(default_factory=dict)
    api: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As a test is called."""
        words = re.sub(r"\W+", "_", self.answer.lower()).strip("_")
        return f"{self.rows.replace(' ', '_')}_{words}" if self.rows else words


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a row."""

    watched: Watched
    vm: str
    verdict: Verdict

    @property
    def trigger(self) -> Trigger:
        """The trigger as the ledger has it."""
        return self.watched.trigger(self.verdict)

    @property
    def path(self) -> tuple[TriggerState, ...]:
        """The states that the audit names, in their order."""
        rows = self.watched.ledger.audit(limit=1000)
        own = sorted((row for row in rows if row.key == self.trigger.key), key=lambda row: row.seq)
        return tuple(S(row.what) for row in own if row.what in set(S))

    @property
    def sentence(self) -> str:
        """What the person reads, as the page shows it."""
        said = self.trigger.sentence.replace(self.vm, SHOWN_VM)
        said = said.replace(self.trigger.target.replication_id, "GID-…")
        said = re.sub(r"/api/rest/vr/v2/pairings/\S+/actions/sync", "…/actions/sync", said)
        return re.sub(r"op_id [-0-9a-f]+", "op_id …", said)


def come_of(watched: Watched, row: Row, *, seconds: float = HALF_AN_HOUR) -> Came:
    """Wish for a sync, have the appliance answer it as the row says, and let time pass."""
    watched.poll()
    vm = watched.names()[0]
    row.given(watched, vm)
    (verdict,) = watched.ask(vm)
    watched.work(8)
    row.then(watched, vm)
    watched.work(seconds)
    return Came(watched, vm, verdict)


def a_site(row: Row) -> Watched:
    """The world that a row needs."""
    options = ApiOptions(accounts=(ACCOUNT,), **row.api)
    return Watched(api_options=options, **row.world)


def breaks(kind: str, **fault: Any) -> Step:
    """Switch a fault of the sync call on, or of the operation that is named."""
    chosen = {"operation": "syncReplication", **fault}
    return lambda watched, _vm: watched.madrid.breaks(kind, **chosen)


def breaks_tasks(kind: str, **fault: Any) -> Step:
    """Switch a fault of tasks on."""
    return breaks(kind, operation="", **fault)


def refuses_the_connection(watched: Watched, vm: str) -> None:
    """Let the appliance vanish between the last look and the POST."""
    del vm
    syncs = watched.madrid.appliance.syncs
    post = syncs.post

    def away(*target: Any) -> Any:
        watched.madrid.breaks("site_down", for_seconds=2.0)
        return post(*target)

    syncs.post = away  # type: ignore[method-assign,assignment] # the moment cannot be met from outside


def has_someone_sync(watched: Watched, vm: str) -> None:
    """Let another person have begun a sync, with a task."""
    row = watched.world.find(vm)
    view = watched.madrid.api.view
    pairing = next(iter(view.pairings()))["pairing_id"]
    view.sync(pairing, view.id_of(row), user="ana@vsphere.local")
    watched.time.advance(5)


def syncs_by_itself(watched: Watched, vm: str) -> None:
    """Let the RPO have begun a sync, which makes no task."""
    world = watched.world
    with world.lock:
        world.advance()
        world.actions.syncing.begin(world.find(vm), world.time)


def looks_idle(watched: Watched, vm: str) -> None:
    """Let a sync begin right after the last look: the look still tells of an idle replication."""
    has_someone_sync(watched, vm)
    watched.madrid.breaks("unknown_status", value="OK")


def is_cancelled(watched: Watched, vm: str) -> None:
    """Let somebody cancel the running task."""
    world = watched.world
    with world.lock:
        world.advance()
        world.actions.syncing.abort(world.find(vm), None, now=world.time)


def rests(watched: Watched, vm: str) -> None:
    """Let no sync by RPO begin for a day: one that ends well would close a doubt."""
    world = watched.world
    with world.lock:
        world.advance()
        world.actions.syncing.plan(world.find(vm), world.time + 86_400)


def is_set_back(watched: Watched, vm: str) -> None:
    """Let the appliance be restored from a snapshot that knows neither this sync nor its task."""
    is_cancelled(watched, vm)
    rests(watched, vm)
    world = watched.world
    with world.lock:
        for replica in world.population:
            if replica.last_sync_at is not None:
                replica.last_sync_at -= 7200
        for name in world.sites:
            world.actions._lists[name] = TaskList(kept_seconds=1800)


def both(first: Step, second: Step) -> Step:
    """Do the one, then the other."""

    def do(watched: Watched, vm: str) -> None:
        first(watched, vm)
        second(watched, vm)

    return do


def loses_the_far_site(watched: Watched, vm: str) -> None:
    """Let the remote site go away, and a poll see that."""
    del vm
    watched.madrid.breaks("remote_down")
    watched.poll()


_RUN = (S.RESERVED, S.POSTING, S.RUNNING)
_REFUSED = (S.RESERVED, S.POSTING, S.REFUSED)
_DOUBT = (S.RESERVED, S.POSTING, S.AMBIGUOUS)
_NOT_FOUND = "the appliance failed to start the sync of db-01: no task of it was found"
_SYNCED = "db-01 is synced"


def _no(status: str, more: str = "") -> str:
    again = "" if status == "403" else "; run again with --force"
    return f"db-01: not started: POST …/actions/sync answered {status}{more}{again}"


_INJECTED = ", error_code com.vmware.vr.injected, op_id …, The request failed."
_RUNNING = (
    ", error_code com.vmware.vr.sync_already_running, op_id …, The replication is being"
    " synchronized; a second sync conflicts with the running one."
)


def _refused(answer: str, reason: str, given: Step, more: str = "") -> Row:
    """A definite no, answered with this status: nothing was started, a person may ask again."""
    return Row(
        *("", answer, _REFUSED, "refused", 5, Outcome.REJECTED),
        says=_no(answer, more),
        reason=reason,
        given=given,
    )


def _failed(rows: str, answer: str, given: Step, **more: Any) -> Row:
    """A 5xx of which no task came."""
    return Row(
        *(rows, answer, (*_DOUBT, S.FAILED), "failed", 5, Outcome.REJECTED),
        says=_NOT_FOUND,
        reason="server_error",
        given=given,
        **more,
    )


def _found(rows: str, answer: str, given: Step, **more: Any) -> Row:
    """An answer that tells nothing, though the sync runs: its task is found."""
    return Row(
        *(rows, answer, (*_DOUBT, S.RUNNING, S.SUCCEEDED), "synced", 0, Outcome.ACCEPTED),
        says=_SYNCED,
        timed=True,
        given=given,
        **more,
    )


def _unresolved(rows: str, answer: str, reason: str, given: Step) -> Row:
    """No answer and no task: nobody knows."""
    return Row(
        *(rows, answer, (*_DOUBT, S.UNRESOLVED), "unknown", 6, Outcome.AMBIGUOUS),
        says="whether db-01 was synced stayed unknown: look at it, then `state ack`",
        reason=reason,
        doubts=1,
        given=both(rests, given),
    )


def _joined(rows: str, answer: str, given: Step) -> Row:
    """A sync that runs already."""
    return Row(
        *(rows, answer, (S.RESERVED, S.JOINED, S.SUCCEEDED), "synced", 0, Outcome.JOINED),
        says="the sync of db-01 that was joined has ended",
        posts=0,
        timed=True,
        given=given,
    )


ROWS = (
    Row(
        *("", "202, the task succeeds", (*_RUN, S.SUCCEEDED), "synced", 0, Outcome.ACCEPTED),
        says=_SYNCED,
        timed=True,
    ),
    Row(
        *("", "202, the task fails", (*_RUN, S.FAILED), "failed", 5, Outcome.ACCEPTED),
        says="the sync of db-01 failed: Internal error of the replication server",
        reason="internal",
        timed=True,
        world={"task_failure_share": 1.0},
    ),
    Row(
        *("", "202, the task is cancelled", (*_RUN, S.FAILED), "failed", 5, Outcome.ACCEPTED),
        says="the sync of db-01 was cancelled",
        reason="other",
        timed=True,
        then=is_cancelled,
    ),
    Row(
        *("A48", "202, the task vanishes", (*_RUN, S.LOST), "unknown", 6, Outcome.ACCEPTED),
        says="the task of db-01 is gone from the appliance, its end unseen",
        reason="task_gone",
        then=breaks_tasks("task_vanishes"),
    ),
    Row(
        *("A60", "202, the appliance is set back", (*_RUN, S.AMBIGUOUS, S.UNRESOLVED)),
        *("unknown", 6, Outcome.ACCEPTED),
        says="whether db-01 was synced stayed unknown: look at it, then `state ack`",
        reason="set_back",
        doubts=1,
        surprise="count",
        then=is_set_back,
    ),
    Row(
        *("A51", "202, the task never ends", _RUN, "syncing", None, Outcome.ACCEPTED),
        says="db-01 syncs",
        then=breaks_tasks("task_never_ends"),
    ),
    Row(
        *("A52", "202, the task succeeds and has an error", (*_RUN, S.SUCCEEDED)),
        *("synced", 0, Outcome.ACCEPTED),
        says="the task of db-01 succeeded, its last sync time has not moved",
        timed=True,
        surprise="range",
        then=breaks_tasks("task_contradicts"),
    ),
    _found("A56", "202 without a task id", breaks("sync_without_id"), surprise="body"),
    _found(
        "A56", "202 with a task of something else", breaks("sync_other_entity"), surprise="body"
    ),
    _refused("400", "schema", breaks("error", value=400), _INJECTED),
    _refused("401", "session", breaks("session_expired")),
    _refused(
        *("403", "forbidden", breaks("error", value=403)),
        f", the account lacks System.View and Host.Hbr.HbrManagement{_INJECTED}",
    ),
    _refused("404", "not_found", breaks("error", value=404), _INJECTED),
    _refused("429", "throttled", breaks("throttled", value=30)),
    _failed("A55", "500, no task appears", breaks("error", value=500)),
    _failed("A55", "500 without a body, no task appears", breaks("bare_error", value=500)),
    _found("A55", "500, and yet the sync runs", breaks("sync_error", value=500)),
    _failed("A55", "502 from a proxy, no task appears", breaks("html_error", value=502)),
    _failed("A55", "503, no task appears", breaks("unavailable", value=30)),
    _found("A55", "504, and yet the sync runs", breaks("sync_error", value=504)),
    _unresolved("A61", "no answer, no task appears", "timeout", breaks("hang")),
    _unresolved("A61", "a closed connection, no task appears", "reset", breaks("dropped")),
    _unresolved("A61", "200 with a page of HTML, no task appears", "not_json", breaks("html_page")),
    _found("A61", "a closed connection, and yet the sync runs", breaks("sync_lost")),
    _found("A61", "a head without a body, and yet the sync runs", breaks("hang_after_head")),
    _found("A61", "a reset amid the body, and yet the sync runs", breaks("reset")),
    _found("A61", "half of the JSON, and yet the sync runs", breaks("truncated")),
    Row(
        *("", "a refused connection for the POST", _REFUSED, "refused", 5, Outcome.REJECTED),
        says="db-01: not started: madrid.example:443: [Errno 111] Connection refused; "
        "run again with --force",
        reason="not_sent",
        posts=0,
        given=refuses_the_connection,
    ),
    Row(
        *("", "a refused connection for the look before it", (S.RESERVED, S.SKIPPED)),
        *("skipped", 5, Outcome.SKIPPED),
        says=(
            "db-01 could not be read at madrid: madrid.example:443: [Errno 111] Connection refused"
        ),
        reason="stale",
        posts=0,
        given=breaks("site_down", operation="", for_seconds=120.0),
    ),
    _joined("A54", "a sync runs already, with a task", has_someone_sync),
    _joined("A54", "a sync by RPO runs already, without a task", syncs_by_itself),
    Row(
        *("A54", "400, a sync began after the last look", _REFUSED, "refused", 5),
        Outcome.REJECTED,
        says=_no("400", _RUNNING),
        reason="schema",
        given=looks_idle,
        world={"sync_while_running": "refuse"},
    ),
    Row(
        *("A57", "the far site is down, and the appliance says so", (S.RESERVED, S.SKIPPED)),
        *("skipped", 5, Outcome.SKIPPED),
        says="madrid does not reach the remote site of db-01",
        reason="remote_down",
        posts=0,
        given=loses_the_far_site,
        api={"down_servers": "error"},
    ),
    _failed("A57", "500, the far site went down after the last poll", breaks_tasks("remote_down")),
)
"""Every documented answer, and what a network or another person may make of it."""

_HEAD = """\
# What comes of a sync

<!-- Made by `python -m tests.sync_answers`; a test runs each row and holds this file to it. -->

A sync is asked for by one `POST …/actions/sync`, never by two: what follows from each answer of the
appliance, from none at all and from the end of its task. `db-01` is the VM.

- **Ledger** is the way through the states of the trigger; the last one stays. Where a state
  `ambiguous` is on the way, the list of tasks is looked at: after a 5xx twice within some ten
  seconds, after a lost answer for ten minutes.
- **Exit** is the exit code of `vr-exporter sync`. It is 4 where `--timeout` comes before the end,
  6 where by then the outcome is not known.
- **`outcome`** is the label of `vr_trigger_requests_total`, which counts the wish once. *Timed*
  wishes stand in `vr_trigger_duration_seconds` as well. One in doubt is counted by
  `vr_triggers_ambiguous` until `vr-exporter state ack`, or until a later sync ends well, whoever
  asked for it.
- A wish that **joined** another one ends as that one, with its word and exit code. Where the other
  stayed unknown it does too, and the doubt counts once. Where the other had a copy that was fresh
  enough, so has a wish that asked for no fresher one; else it failed, and says so.
- A wish that a **guard** turns down before the ledger takes it (off, maintenance, circuit, budget,
  cool-down) has no row: over HTTP it is answered with 409, at the command line it is shown as
  `skipped` with the reason, exit code 5. It is counted and stands in the audit.

| the appliance | POSTs | ledger | shown | exit | `outcome` | timed | in doubt | the user reads |
|---|---|---|---|---|---|---|---|---|
"""


def page() -> str:
    """docs/sync-answers.md."""
    return _HEAD + "".join(f"{_line(row)}\n" for row in ROWS)


def _line(row: Row) -> str:
    path = " → ".join(row.path)
    word = f"{row.word}: {row.reason}" if row.path[-1] is S.SKIPPED else row.word
    cells = (
        *(row.answer, row.posts, path, word, "4" if row.code is None else row.code),
        *(row.outcome, "yes" if row.timed else "no", "yes" if row.doubts else "no", row.says),
    )
    return f"| {' | '.join(str(cell).replace('|', '¦') for cell in cells)} |"


if __name__ == "__main__":
    sys.stdout.write(page())
