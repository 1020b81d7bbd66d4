"""What a login and the answers around it show: account, version, clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vr_exporter.appliance.errors import ApplianceError
from vr_exporter.cli.check.report import Finding, fail, ok, warn
from vr_exporter.cli.plain import span
from vr_exporter.domain.events import ClockRead, Event
from vr_exporter.domain.inventory import ApplianceFacts

LOGIN = "login"
VERSION = "version"
CLOCK = "clock"

LARGEST_SKEW_SECONDS = 60.0
"""As the alert VrClockSkew has it."""

_LOCKED_AFTER = "vCenter locks an account after 5 refused logins in 3 min"


def has_domain(username: str) -> bool:
    """Whether a user name says which directory it is of, before a backslash or after an @."""
    return "@" in username or "\\" in username


def refused(error: ApplianceError, *, username: str, source: str, was_asked: bool) -> Finding:
    """Name why no session came about.

    `source` says where the password comes from. `was_asked` is False where a refusal a short
    time ago, of ours or of a running exporter, kept us from asking again.
    """
    if error.reason != "auth":
        return fail(LOGIN, str(error), "the address is right; look at the appliance's own health")
    if not was_asked:
        return fail(
            LOGIN, str(error), f"correct the password ({source}): a new one is tried at once"
        )
    text = f"{username} is refused"
    if not has_domain(username):
        return fail(
            LOGIN,
            f"{text}, and has no domain",
            f"write it as {username}@vsphere.local, or with your directory's domain; {_wait()}",
        )
    return fail(LOGIN, text, f"correct the password ({source}), or unlock the account; {_wait()}")


def accepted(username: str) -> Finding:
    """The account may log in."""
    return ok(LOGIN, f"{username} is accepted")


def version(facts: ApplianceFacts) -> Finding:
    """Release and build of the appliance, and the API that it is asked by."""
    build = f" build {facts.build}" if facts.build else ""
    of = f", registered with {facts.vc_name}" if facts.vc_name else ""
    text = f"vSphere Replication {facts.version or 'of unknown version'}{build}{of}"
    if facts.api == "v1":
        return warn(VERSION, f"{text}, API v1", "v1 is deprecated: upgrade the appliance")
    return ok(VERSION, f"{text}, API {facts.api}")


def clock(told: Iterable[Event]) -> Iterator[Finding]:
    """The appliance's clock against ours, if its answers had a date."""
    skews = [event.skew_seconds for event in told if isinstance(event, ClockRead)]
    if not skews:
        return
    skew = skews[-1]
    if abs(skew) <= LARGEST_SKEW_SECONDS:
        yield ok(CLOCK, f"{span(skew)} apart")
        return
    side = "ahead of" if skew > 0 else "behind"
    yield warn(
        CLOCK,
        f"the appliance is {span(skew)} {side} this machine",
        "set both by NTP: ages and the ends of syncs are off by that",
    )


def _wait() -> str:
    return f"the next try with this password is in 5 min, since {_LOCKED_AFTER}"
