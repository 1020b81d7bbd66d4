"""The answers of the routes that act: a wish for a sync, and taking note of what stayed unknown."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vr_exporter.domain.names import PairingId, ReplicationId, SiteName
from vr_exporter.domain.triggers import Origin, Skip, Target
from vr_exporter.ledger.store import StoreFailed
from vr_exporter.syncing.desk import Verdict
from vr_exporter.syncing.targets import Fault, Wanted
from vr_exporter.syncing.wishes import API_PATIENCE_SECONDS, Wish, api_key, digest_of
from vr_exporter.web.actors import actor_of
from vr_exporter.web.api import json_response
from vr_exporter.web.api.triggers import FAULT, PREVIEW, TRIGGER, Preview, url_of
from vr_exporter.web.gate import IDEMPOTENCY_KEY, RETRY_AFTER
from vr_exporter.web.message import Headers, Request, Response
from vr_exporter.web.problems import problem
from vr_exporter.web.sources import Sources
from vr_exporter.web.trigger_lists import fault_row
from vr_exporter.web.wish_body import WishBody, read_wish_body

PERSON_PATIENCE_SECONDS = 7200.0
"""How long a person's wish may wait for its turn, unless they say otherwise."""


def sync(sources: Sources, request: Request) -> Response:
    """Take a wish for one replication to the desk."""
    try:
        asked = _Asked(sources, request, read_wish_body(request.body))
    except ValueError as error:
        return problem(400, str(error))
    was_tried = asked.was_tried()
    meant = asked.target()
    if isinstance(meant, Fault):
        return _turned_away(asked, meant, was_tried=was_tried)
    if asked.body.dry_run:
        return json_response(PREVIEW.of(Preview(meant, sources.desk.preview(asked.wish(meant)))))
    try:
        verdict = sources.desk.submit(asked.wish(meant))
    except StoreFailed:
        said = "the ledger cannot take it in: nothing was promised, and nothing will be asked"
        return problem(503, said, headers=(RETRY_AFTER,))
    return _answer(verdict)


def acknowledge(sources: Sources, request: Request) -> Response:
    """Close what stayed unknown, one trigger or all of a replication."""
    if request.body.strip() not in (b"", b"{}"):
        return problem(400, "body: nothing is to be said in it")
    word, actor = request.captured["trigger"], actor_of(request)
    closed = sources.desk.acknowledge(word, actor=actor, now=sources.now())
    looped = sources.control.acknowledge_loop(word, actor) if sources.control else 0
    if not closed and not looped:
        return problem(404, "no trigger of this key or replication that stayed unknown")
    return json_response({"acknowledged": TRIGGER.each(closed), "unhealed": looped})


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request for a sync, its body read."""

    sources: Sources
    request: Request
    body: WishBody

    @property
    def site(self) -> str:
        return self.request.captured["site"]

    @property
    def word(self) -> str:
        return self.request.captured["replication"]

    @property
    def origin(self) -> Origin:
        if self.body.origin is None:
            return Origin.CLI if self.request.is_local else Origin.API
        return Origin(self.body.origin)

    def was_tried(self) -> bool:
        """Whether what is unknown of its site now is no matter of a first poll yet to end."""
        site = self.sources.snapshot().sites.get(SiteName(self.site))
        return site is None or site.was_tried

    def target(self) -> Target | Fault:
        """The one target that is meant; a repeated wish means what it meant before."""
        found = self.sources.desk.find(Wanted((self.word,), site=self.site))
        if len(found.targets) == 1 and not found.faults:
            return found.targets[0]
        before = self._target_before()
        if before is not None:
            return before
        if found.faults:
            return found.faults[0]
        said = f'"{self.word}" matches {len(found.targets)} VMs: ask for each by its own path'
        return Fault(self.word, Skip("ambiguous_name", said), found.targets)

    def wish(self, target: Target) -> Wish:
        """The wish that the desk is given."""
        body, origin = self.body, self.origin
        patience = PERSON_PATIENCE_SECONDS if origin is Origin.CLI else API_PATIENCE_SECONDS
        return Wish(
            key=self._key(),
            target=target,
            origin=origin,
            not_after=self.sources.now() + (body.timeout_seconds or patience),
            actor=actor_of(self.request),
            is_forced=body.force,
            max_age_seconds=body.max_age_seconds,
            body_digest=digest_of(
                target.replication_id,
                origin,
                str(body.force),
                str(body.max_age_seconds),
                str(body.timeout_seconds),
            ),
        )

    def nowhere(self) -> Target:
        """What is known of a target that was not found."""
        site = self.site if self.site in self.sources.snapshot().sites else ""
        return Target(ReplicationId(""), SiteName(site), PairingId(""), vm=self.word)

    def _key(self) -> str:
        credential = "socket" if self.request.is_local else "api"
        return api_key(credential, self.request.headers.get(IDEMPOTENCY_KEY))

    def _target_before(self) -> Target | None:
        """The target under this Idempotency-Key: after a restart no site may have been read yet."""
        if IDEMPOTENCY_KEY not in self.request.headers:
            return None
        known = self.sources.desk.trigger(self._key())
        if known is None or self.word not in (known.target.vm, known.target.replication_id):
            return None
        return known.target


def _turned_away(asked: _Asked, fault: Fault, *, was_tried: bool) -> Response:
    """Answer to a word that means no single target, once its site was tried."""
    snapshot = asked.sources.snapshot()
    if not was_tried:
        return problem(503, f"{asked.site} has not been read yet", headers=(RETRY_AFTER,))
    if not asked.body.dry_run:
        asked.sources.desk.turn_away(asked.wish(asked.nowhere()), fault.skip)
    return problem(404, fault.skip.sentence, members=FAULT.of(fault_row(fault, snapshot)))


def _answer(verdict: Verdict) -> Response:
    key = verdict.trigger.key
    if verdict.is_conflict:
        return problem(409, verdict.sentence, members={"key": key, "url": url_of(key)})
    shape = {**TRIGGER.of(verdict.trigger), "sentence": verdict.sentence}
    if verdict.is_new:
        return json_response(shape, status=202, headers=(("Location", url_of(key)),))
    if verdict.skip is None:
        return json_response(shape)
    without_row = {**shape, "url": None}
    if verdict.trigger.exit_code == 0:
        return json_response(without_row)
    return problem(409, verdict.sentence, headers=_retry_after(verdict.skip), members=without_row)


def _retry_after(skip: Skip) -> Headers:
    """When a guard that waits for a time would say yes."""
    left = skip.retry_after_seconds
    return () if left is None else (("Retry-After", str(max(math.ceil(left), 1))),)
