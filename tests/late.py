"""Replications far past their RPO."""

from __future__ import annotations

from tests.watched import Watched


def be_late(watched: Watched, count: int, *, hours: float = 48.0, site: str = "madrid") -> None:
    """Let this many replications have their last sync hours behind them, and be read."""
    watched.poll()
    rows = [row for paired in watched.snapshot(site).pairings for row in paired.replications]
    own = (row.replication for row in rows if row.replication.direction == "outgoing")
    names = sorted(row.vm for row in own if row.status == "OK")[:count]
    with watched.world.lock:
        watched.world.advance()
        for name in names:
            replica = watched.world.find(name)
            replica.last_sync_at = watched.time.now() - hours * 3600
            watched.world.actions.syncing.plan(replica, watched.time.now() + 7 * 86_400)
    watched.poll()
