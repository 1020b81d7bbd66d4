"""What the routes read and call, handed in from above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.syncing.schedules import Schedule
from vr_exporter.web.acting import Acting
from vr_exporter.web.bridging import BridgeControl, Inbound
from vr_exporter.web.kept import Kept


class Body(Protocol):
    """The page of metrics, ready to be sent."""

    @property
    def chunks(self) -> tuple[bytes, ...]:
        """The bytes."""

    @property
    def etag(self) -> str:
        """Names exactly these bytes, in its quotes."""


class MetricsBody(Protocol):
    """Gives the page of metrics in the form asked for."""

    def __call__(
        self, *, openmetrics: bool, gzip: bool, sites: frozenset[str] | None = None
    ) -> Body:
        """All sites, or the named ones, which exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the routes read and call.

    `is_healthy` answers with a line on why. `reload` reads the settings again and answers with
    the fault, None when there was none. Without `reload`, `acting`, `inbound` or `control` their
    routes are not there. `now` is in seconds since 1970. `schedules` and `expected_vms` are those
    of the settings; `kept` holds what was made for people until it changes.
    """

    snapshot: Callable[[], Snapshot]
    metrics_body: MetricsBody
    is_healthy: Callable[[], tuple[bool, str]]
    now: Callable[[], float]
    version: str
    reload: Callable[[], str | None] | None = None
    acting: Acting | None = None
    inbound: Inbound | None = None
    control: BridgeControl | None = None
    schedules: Callable[[], tuple[Schedule, ...]] = tuple
    expected_vms: Callable[[], tuple[str, ...]] = tuple
    kept: Kept = field(default_factory=Kept)

    @property
    def desk(self) -> Acting:
        """What acts, for the routes that are there only with it."""
        if self.acting is None:
            raise LookupError("no route of triggers is there without a desk")
        return self.acting

    @property
    def webhook(self) -> Inbound:
        """The webhook, for its route, which is there only with it."""
        if self.inbound is None:
            raise LookupError("no route of the webhook is there without one")
        return self.inbound

    @property
    def bridge(self) -> BridgeControl:
        """What people ask of the bridge, for the routes that are there only with it."""
        if self.control is None:
            raise LookupError("no route of the bridge is there without one")
        return self.control
