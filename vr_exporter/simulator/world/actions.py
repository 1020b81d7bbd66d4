"""What people ask of replications, and the tasks that come of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from vr_exporter.simulator.world.agenda import Agenda
from vr_exporter.simulator.world.chance import Chance
from vr_exporter.simulator.world.options import WorldOptions
from vr_exporter.simulator.world.places import Site
from vr_exporter.simulator.world.refusal import WorldRefusal
from vr_exporter.simulator.world.replica import SYNCING_PHASES, Replica
from vr_exporter.simulator.world.sync import Sync
from vr_exporter.simulator.world.syncing import Syncing
from vr_exporter.simulator.world.tasks import KINDS, UNTELLING_KEY, Task, TaskKind, TaskList
from vr_exporter.simulator.world.texts import (
    ALREADY_SYNCING,
    NOT_POWERED_ON,
    REMOVED_MEANWHILE,
    SYNC_TROUBLES,
    TASK_TROUBLES,
    Trouble,
    wrong_state,
)

ALLOWED_PHASES = {
    "sync": SYNCING_PHASES | {"NOT_ACTIVE"},
    "pause": SYNCING_PHASES | {"NOT_ACTIVE"},
    "resume": frozenset({"PAUSED"}),
}
"""Phases in which an action of the API is taken on; all others refuse it (vr-api.md 8)."""

LONG_PAUSE_SECONDS = 1800.0
"""After a pause of this length the disks are compared as a whole."""


class Actions:
    """Tasks from the asking to the end. A task takes effect when it succeeds."""

    def __init__(
        self, agenda: Agenda, chance: Chance, *, options: WorldOptions, sites: tuple[Site, ...]
    ) -> None:
        self._agenda = agenda
        self._chance = chance
        self._options = options
        self._lists = {s.name: TaskList(kept_seconds=options.tasks_kept_seconds) for s in sites}
        self._syncing = Syncing(
            agenda, chance, options=options, on_begin=self._begun_unasked, on_end=self._sync_ended
        )

    @property
    def syncing(self) -> Syncing:
        """The engine that these actions drive."""
        return self._syncing

    def recent(self, site: Site, now: float) -> list[Task]:
        """Tasks that a site still tells of."""
        return self._lists[site.name].recent(now)

    def request(self, name: str, replica: Replica, *, site: Site, user: str) -> Task:
        """Ask for sync, pause or resume as the API does; refuses what cannot be."""
        if replica.pairing.is_down:
            raise WorldRefusal(500, "REMOTE_SERVER_DOWN", "The remote site does not answer.")
        doomed = self._objection(name, replica)
        return self.put(KINDS[name], site=site, user=user, replica=replica, doomed=doomed)

    def put(
        self,
        kind: TaskKind,
        *,
        site: Site,
        user: str,
        replica: Replica | None = None,
        entity: str | None = None,
        entity_name: str | None = None,
        doomed: Trouble | None = None,
        then: Callable[[float], None] | None = None,
        is_sure: bool = False,
    ) -> Task:
        """Queue a task; `doomed` says how it will fail, a sure one succeeds, whatever comes."""
        now = self._agenda.time
        task = self._a_task(kind, site, user=user, replica=replica)
        task.doomed, task.then, task.is_sure = doomed, then, is_sure
        task.entity, task.entity_name = entity or task.entity, entity_name or task.entity_name
        self._lists[site.name].add(task, now)
        wait = self._chance.uniform(0.3, 4.0) / self._options.speed
        self._agenda.at(now + wait, partial(self._run, task))
        return task

    def pause(self, replica: Replica, now: float) -> None:
        """Pause at once; a running sync is taken back."""
        self._syncing.abort(replica, None, now=now)
        replica.phase = "PAUSED"

    def resume(self, replica: Replica, now: float) -> None:
        """Go on at once; after a long pause with a full sync."""
        since = replica.last_sync_at or now
        replica.needs_full = now - since > LONG_PAUSE_SECONDS
        replica.settle()
        self._syncing.plan(replica, now + self._chance.uniform(1.0, 10.0))

    def _objection(self, name: str, replica: Replica) -> Trouble | None:
        if replica.phase not in ALLOWED_PHASES[name] or replica.configuration_error:
            trouble = wrong_state(replica.status(self._agenda.time))
            if self._options.refused_states == "refuse":
                raise WorldRefusal(400, "INVALID_STATE", trouble.details)
            return trouble
        if name == "sync" and replica.sync is not None:
            if self._options.sync_while_running == "refuse":
                raise WorldRefusal(400, "SYNC_ALREADY_RUNNING", ALREADY_SYNCING.details)
            return ALREADY_SYNCING if self._options.sync_while_running == "error" else None
        return NOT_POWERED_ON if name == "sync" and replica.phase == "NOT_ACTIVE" else None

    def _a_task(
        self, kind: TaskKind, site: Site, *, user: str, replica: Replica | None = None
    ) -> Task:
        return Task(
            id=f"HmsTask:HTID-{self._chance.uuid()}:{site.vrms_id}",
            kind=kind,
            site=site,
            user=user,
            replica=replica,
            entity=self._entity(replica, site),
            entity_name=replica.name if replica else None,
            description_id=self._description_id(kind),
            queued_at=round(self._agenda.time, 3),
        )

    def _entity(self, replica: Replica | None, site: Site) -> str | None:
        if replica is None or self._options.task_entity == "name":
            return None
        return replica.vm_id if self._options.task_entity == "vm" else replica.id_at(site)

    def _description_id(self, kind: TaskKind) -> str | None:
        if self._options.task_description_id == "absent":
            return None
        is_hidden = self._options.task_description_id == "unkeyed" and kind.name == "sync"
        return UNTELLING_KEY if is_hidden else kind.key

    def _run(self, task: Task, now: float) -> None:
        task.start(now)
        if task.doomed is None and not task.is_sure:
            task.doomed = self._late_objection(task)
        if task.doomed is None and task.kind.name == "sync":
            self._run_sync(task, now)
            return
        if not task.is_sure:
            task.doomed = task.doomed or self._bad_luck(TASK_TROUBLES)
        lasts = self._chance.uniform(task.kind.shortest, task.kind.longest) or 2.0
        task.ends_at = now + max(lasts * (0.4 if task.doomed else 1.0) / self._options.speed, 0.1)
        if task.kind.phase and task.replica and not task.doomed:
            task.replica.phase = task.kind.phase
        self._agenda.at(task.ends_at, partial(self._finish, task))

    def _late_objection(self, task: Task) -> Trouble | None:
        replica = task.replica
        if replica is None:
            return None
        allowed = ALLOWED_PHASES.get(task.kind.name, frozenset({"OK", "CONFIGURING"}))
        return None if replica.phase in allowed else wrong_state(replica.phase)

    def _run_sync(self, task: Task, now: float) -> None:
        replica = task.replica
        if replica is None:
            return
        running = replica.sync
        trouble = self._bad_luck(SYNC_TROUBLES) if running is None else None
        task.sync = running or self._syncing.begin(replica, now, trouble=trouble)
        task.sync.tasks.append(task)

    def _bad_luck(self, troubles: tuple[Trouble, ...]) -> Trouble | None:
        share = self._options.failure_share
        return self._chance.choice(troubles) if self._chance.happens(share) else None

    def _finish(self, task: Task, now: float) -> None:
        replica = task.replica
        if replica is not None and replica.phase == "REMOVED":
            task.doomed = task.doomed or REMOVED_MEANWHILE
        if replica is not None and replica.phase == task.kind.phase:
            replica.settle()
            self._syncing.plan_by_rpo(replica)
        if task.doomed is not None:
            task.end("ERROR", now, trouble=task.doomed)
            return
        if replica is not None:
            self._take_effect(task.kind.name, replica, now)
        if task.then is not None:
            task.then(now)
        task.result = task.entity
        task.end("SUCCESS", now)

    def _take_effect(self, name: str, replica: Replica, now: float) -> None:
        if name == "pause":
            self.pause(replica, now)
        elif name == "resume":
            self.resume(replica, now)
        elif name == "reconfigure":
            replica.options.network_compression ^= True
        elif name == "move":
            self._move(replica)

    def _move(self, replica: Replica) -> None:
        replica.server.replications -= 1
        replica.server = self._chance.choice(replica.target.usable_servers or [replica.server])
        replica.server.replications += 1

    def _begun_unasked(self, sync: Sync, now: float) -> None:
        if not self._options.rpo_syncs_make_tasks:
            return
        replica = sync.replica
        task = self._a_task(KINDS["sync"], replica.source, user="com.vmware.vcHms", replica=replica)
        task.start(now)
        task.sync = sync
        sync.tasks.append(task)
        self._lists[replica.source.name].add(task, now)

    def _sync_ended(self, sync: Sync, status: str, now: float) -> None:
        for task in sync.tasks:
            task.end(status, now, trouble=sync.trouble if status == "ERROR" else None)
