"""The way out to Alertmanager, put together: what is noticed, the outbox, a thread for each."""

from __future__ import annotations

import logging
import random
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from vr_exporter.alerting.alertmanager import Alertmanager, Member, Unready, basic, bearer
from vr_exporter.alerting.counting import Counting
from vr_exporter.alerting.noticing import Known, noticed
from vr_exporter.alerting.outbound import Form, of_trigger
from vr_exporter.alerting.sender import Sender
from vr_exporter.alerting.turns import Timing
from vr_exporter.app.alarm import Alarm
from vr_exporter.domain.alerts import News, Noticed
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.counts import SiteChanges
from vr_exporter.domain.snapshot import SiteSnapshot, Snapshot
from vr_exporter.domain.triggers import Target, Trigger, TriggerState
from vr_exporter.ledger.outbox import Outbox
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.metrics.alerts import AlertFacts
from vr_exporter.settings import Secrets, Settings, SettingsError
from vr_exporter.settings.alerting import Alertmanager as MemberSettings

log = logging.getLogger(__name__)

PARTING_SECONDS = 2.0
"""So long a reload waits for senders that leave; a post under way may take longer."""

_TOLD_OF = frozenset({TriggerState.UNRESOLVED, TriggerState.REFUSED, TriggerState.FAILED})


class Alerting:
    """Everything between what we notice and the Alertmanagers of the settings.

    What it is given is asked when it is needed: the ledger is made with `notice_trigger`, and the
    settings change under it. Threads run from `apply` to `tell_to_stop`.
    """

    def __init__(
        self,
        *,
        ledger: Callable[[], Ledger],
        snapshot: Callable[[], Snapshot],
        settings: Callable[[], Settings],
        secrets: Callable[[], Secrets],
        external_url: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._snapshot = snapshot
        self._settings = settings
        self._secrets = secrets
        self._external_url = external_url
        self._clock = clock
        self._counting = Counting()
        self._sending: list[Sending] = []
        self._parting: list[Sending] = []

    # what is noticed

    def notice(self, site: SiteSnapshot, changes: SiteChanges) -> Noticed:
        """Say what of a look at a site is news, before it is recorded."""
        ledger = self._ledger()
        known = Known(
            seen=ledger.seen_tasks(site.site),
            totals=ledger.totals(site.site).replications,
            failures=ledger.failures_in_a_row(site.site),
            fleet=self._snapshot(),
        )
        return noticed(site, changes, known, form=self._form(), now=self._clock.now())

    def notice_trigger(self, before: Trigger | None, after: Trigger, at: float) -> tuple[News, ...]:
        """Say what of a trigger's step is news; it is asked within the step."""
        if after.state not in _TOLD_OF:
            return ()
        pairing = self._pairing_of(after.target)
        return of_trigger(before, after, at, pairing=pairing, form=self._form())

    # the threads

    def apply(self, settings: Settings) -> None:
        """Send to the Alertmanagers of these settings from now on, and to no others.

        Who sent before has ended then, or ends with the post that it is at: sending twice is safe.
        """
        self._part()
        names = [member.receiver for member in settings.alertmanagers]
        now = self._clock.now()

        def change(outbox: Outbox) -> None:
            outbox.serve(names, now=now)
            outbox.end_sites_but(settings.sites, at=now)

        _warn_of_unverified(settings)
        self._counting.watch(names)
        self._ledger().change_outbox(change)
        self._sending = [self._started(member, settings) for member in settings.alertmanagers]

    def revive(self) -> None:
        """Start a thread again that died of a bug; to be called now and then."""
        for sending in self._sending:
            sending.revive()

    def tell_to_stop(self) -> None:
        """Ask every thread to end; returns at once."""
        for sending in self._sending:
            sending.tell_to_stop()

    def join(self, seconds: float) -> None:
        """Wait for the ends, not for long: what was not acknowledged is sent again (K11)."""
        self._late((*self._parting, *self._sending), seconds)

    def _part(self) -> None:
        """End those that send now, and say which of them are late."""
        self.tell_to_stop()
        self._parting = self._late((*self._parting, *self._sending), PARTING_SECONDS)
        self._sending = []
        if self._parting:
            names = " ".join(sending.receiver for sending in self._parting)
            log.warning("senders end late, a post is under way", extra={"receivers": names})

    def _late(self, ending: Iterable[Sending], seconds: float) -> list[Sending]:
        deadline = self._clock.monotonic() + seconds
        return [
            sending
            for sending in ending
            if not sending.join(max(0.0, deadline - self._clock.monotonic()))
        ]

    def facts(self) -> AlertFacts:
        """Tell what the page shows of alerts."""
        outbox = self._ledger().outbox
        return AlertFacts(
            active=outbox.active(self._clock.now()),
            dropped=outbox.dropped,
            capacity=outbox.capacity,
            receivers=self._counting.by_receiver(),
        )

    def members(self) -> tuple[Alertmanager, ...]:
        """Make a client of each configured Alertmanager, for one thread, in their order."""
        return clients_of(self._settings(), self._secrets, self._clock)

    def _started(self, settings: MemberSettings, every: Settings) -> Sending:
        alarm = Alarm()
        clock = replace(self._clock, wait=alarm.wait)
        sender = Sender(
            settings.receiver,
            member=client_of(settings, self._secrets, clock),
            box=self._ledger(),
            timing=timing_of(every),
            counting=self._counting,
            clock=clock,
            random=random.random,
        )
        return Sending(sender, alarm)

    def _form(self) -> Form:
        alerts = self._settings().alerts
        return Form(
            external_url=self._external_url(),
            labels=alerts.labels,
            annotations=alerts.annotations,
            hold_seconds=alerts.min_hold,
        )

    def _pairing_of(self, target: Target) -> str:
        site = self._snapshot().sites.get(target.site)
        names = {each.pairing.id: each.pairing.name for each in site.pairings} if site else {}
        return names.get(target.pairing_id, "")


class Sending:
    """A sender with its thread, from its making to its end."""

    def __init__(self, sender: Sender, alarm: Alarm) -> None:
        self._sender = sender
        self._alarm = alarm
        self._thread = self._started()

    def revive(self) -> None:
        """Start again if a bug ended the thread."""
        if not self._thread.is_alive() and not self._alarm.wait(0):
            log.error("sender died, started again", extra={"receiver": self.receiver})
            self._thread = self._started()

    def tell_to_stop(self) -> None:
        """Ask for the end; returns at once."""
        self._alarm.end()

    @property
    def receiver(self) -> str:
        """To whom it sends."""
        return self._sender.receiver

    def join(self, seconds: float) -> bool:
        """Wait for the end, so long at most; False if it did not come in time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _started(self) -> threading.Thread:
        name = f"alerts-{self._sender.receiver}"
        thread = threading.Thread(target=self._sender.run, name=name, daemon=True)
        thread.start()
        return thread


def named_url(urls: Sequence[str]) -> str:
    """Make an address for others of the first we listen on: under the name of this machine."""
    return urls[0].replace("//localhost:", f"//{socket.gethostname()}:") if urls else ""


def _warn_of_unverified(settings: Settings) -> None:
    for member in settings.alertmanagers:
        if member.tls.insecure_skip_verify:
            log.warning(
                "certificate is not verified",
                extra={
                    "receiver": member.receiver,
                    "remedy": "set tls.ca_file or tls.fingerprint_sha256",
                },
            )


def timing_of(settings: Settings) -> Timing:
    """Say what the settings want of times."""
    alerts = settings.alerts
    return Timing(alerts.resend, alerts.min_hold, alerts.resolved_for)


def clients_of(
    settings: Settings, secrets: Callable[[], Secrets], clock: Clock
) -> tuple[Alertmanager, ...]:
    """Make a client of each configured Alertmanager, for one thread, in their order."""
    return tuple(client_of(each, secrets, clock) for each in settings.alertmanagers)


def client_of(
    settings: MemberSettings, secrets: Callable[[], Secrets], clock: Clock
) -> Alertmanager:
    """Make the client of one; its secret is read at each request."""

    def authorize() -> str:
        try:
            if settings.basic is not None:
                return basic(secrets().credentials(settings.basic))
            if settings.bearer_token is None and settings.bearer_token_file is None:
                return ""
            return bearer(secrets().read(settings.bearer_token, settings.bearer_token_file))
        except SettingsError as error:
            raise Unready("; ".join(error.lines)) from error

    return Alertmanager(member_of(settings), authorize=authorize, clock=clock)


def member_of(settings: MemberSettings) -> Member:
    """Say where a member is and how it is known."""
    return Member(
        settings.receiver,
        settings.url,
        ca_file=settings.tls.ca_file,
        fingerprint_sha256=settings.tls.fingerprint_sha256,
        insecure_skip_verify=settings.tls.insecure_skip_verify,
    )
