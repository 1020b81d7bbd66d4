"""A wish for a sync, and the key that makes it one and the same however often it is made."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256

from vr_exporter.domain.episodes import Episode
from vr_exporter.domain.names import ReplicationId
from vr_exporter.domain.triggers import Origin, Target, Trigger

API_PATIENCE_SECONDS = 900.0
"""How long a wish by a program may wait for its turn."""

_LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks of the desk; `not_after` is in seconds since 1970.

    `key` is one of those made below. `body_digest` tells two wishes under one key apart.
    """

    key: str
    target: Target
    origin: Origin
    not_after: float
    actor: str = ""
    is_forced: bool = False
    max_age_seconds: float | None = None
    body_digest: str = ""

    def as_trigger(self, now: float) -> Trigger:
        """The trigger that this wish becomes when it is taken."""
        return Trigger(
            key=self.key,
            target=self.target,
            origin=self.origin,
            asked_at=now,
            not_after=self.not_after,
            actor=self.actor,
            is_forced=self.is_forced,
            max_age_seconds=self.max_age_seconds,
            body_digest=self.body_digest,
        )


def digest_of(*parts: str) -> str:
    """SHA-256 of the parts, each behind its length: no two lists of parts read alike."""
    digest = sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(_LENGTH_BYTES, "big"))
        digest.update(content)
    return digest.hexdigest()


def random_key() -> str:
    """The key of a wish that is made once: a person's, or a program's that gave none."""
    return secrets.token_hex(sha256().digest_size)


def api_key(credential: str, idempotency_key: str | None) -> str:
    """A program's wish is the same when credential and key are; without a key it is new.

    `credential` names who asked and is no secret.
    """
    if not idempotency_key:
        return random_key()
    return digest_of(Origin.API, credential, idempotency_key)


def schedule_key(schedule: str, slot: float, replication_id: ReplicationId) -> str:
    """A schedule wishes once per slot (seconds since 1970) and replication."""
    return digest_of(Origin.SCHEDULE, schedule, f"{slot:.0f}", replication_id)


def alert_key(episode: Episode) -> str:
    """An alert wishes once per episode; the fingerprint that was sent has no part in it."""
    labels = sorted(episode.labels.items())
    own = digest_of(*(part for pair in labels for part in pair))
    begun = f"{episode.starts_at:.3f}"
    return digest_of(Origin.ALERT, episode.alertname, own, begun, episode.replication)
