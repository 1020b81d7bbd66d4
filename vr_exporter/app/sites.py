"""One site's worker with its thread, made from the settings and ended when they change."""

from __future__ import annotations

import threading
from dataclasses import replace

from vr_exporter.app.alarm import Alarm
from vr_exporter.app.rooms import Served, rooms_for
from vr_exporter.domain.events import Event
from vr_exporter.domain.names import SiteName
from vr_exporter.settings import Settings
from vr_exporter.worker import Worker


class Site:
    """A configured site at work. `settings` are those it was made from."""

    def __init__(self, name: SiteName, settings: Settings, shared: Served) -> None:
        self.name = name
        self.settings = settings
        self._shared = shared
        self._alarm = Alarm()
        shared.own.watch_site(
            name, tls_verification_disabled=settings.sites[name].tls.insecure_skip_verify
        )
        self.worker = worker_for(name, settings, shared, alarm=self._alarm)
        self._thread = self._new_thread()

    @property
    def has_died(self) -> bool:
        """Whether the worker's thread has ended although nobody told it to."""
        was_started = self._thread.ident is not None
        return was_started and not self._thread.is_alive() and not self._alarm.has_ended

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def restart(self) -> None:
        """Give a worker whose thread died of a bug a new one."""
        self._thread = self._new_thread()
        self._thread.start()

    def tell_to_stop(self) -> None:
        """Ask the worker to log out and end; returns at once."""
        self._alarm.end()

    def nudge(self) -> None:
        """Wake the worker: there is a new wish, or news of one."""
        self._alarm.ring()

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the worker's end; False if it did not come in time."""
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def has_same_settings(self, settings: Settings) -> bool:
        """Whether these settings would make the same worker."""
        return _what_matters(self.name, self.settings) == _what_matters(self.name, settings)

    def _new_thread(self) -> threading.Thread:
        return threading.Thread(target=self.worker.run, name=f"site-{self.name}", daemon=True)


def worker_for(name: SiteName, settings: Settings, shared: Served, *, alarm: Alarm) -> Worker:
    """Make the worker of a site with all that it works with."""
    shared = replace(shared, clock=replace(shared.clock, wait=alarm.wait))

    def tell(event: Event) -> None:
        shared.own.tell(name, event)

    return Worker(
        name,
        rooms_for(name, settings, shared, tell=tell),
        interval_seconds=settings.sites[name].poll_interval,
        clock=shared.clock,
        tell=tell,
        rest=alarm.rest,
    )


def _what_matters(name: SiteName, settings: Settings) -> tuple[object, ...]:
    """All settings that a site's worker is made from."""
    return (
        settings.sites.get(name),
        settings.replications,
        settings.rpo,
        settings.metrics.stale_after,
    )
