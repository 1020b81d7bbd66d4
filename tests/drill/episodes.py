"""The faults of the drill: how each is provoked and cured, and which alerts it is to bring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from tests.drill.field import BERLIN, HOUR, MADRID, Field
from tests.drill.watch import Expected
from vr_exporter.simulator.faults import Fault
from vr_exporter.simulator.world import Replica

MINUTE: Final = 60
NEW_PASSWORD: Final = "another"


@dataclass(frozen=True, slots=True)
class Stage:
    """A fault, or the next state of one, and what is in Alertmanager then; nothing else may be.

    It is watched for at least `minutes` of the hurried clock.
    """

    name: str
    provoke: Callable[[Field], None]
    expected: tuple[Expected, ...]
    minutes: float = 0.0


@dataclass(frozen=True, slots=True)
class Episode:
    """One fault from its begin to its cure; `pages` is how often it may wake somebody."""

    name: str
    stages: tuple[Stage, ...]
    cure: Callable[[Field], None]
    pages: int = 0


def _nothing(_: Field) -> None:
    """It goes on."""


def _breaks(site: str, kind: str, **more: str) -> Callable[[Field], None]:
    return lambda field: field.apis[site].faults.add(Fault(kind, **more))  # type: ignore[arg-type]


def _heal(field: Field) -> None:
    for api in field.apis.values():
        api.faults.clear()


def _unseen(reason: str, *, is_told: bool = True) -> tuple[Expected, ...]:
    """A site that cannot be polled for a quarter of an hour; why is told before, if at all."""
    polls = {"site": MADRID, "reason": reason}
    return (
        Expected("VrSiteDown", {"site": MADRID}),
        Expected("VrPollFailing", polls, is_inhibited=True, is_told=is_told),
        Expected("VrPairingDown", {"site": MADRID}, is_inhibited=True, is_told=False),
    )


def _has_rpo(minutes: int) -> Callable[[Replica], bool]:
    return lambda replica: replica.rpo_seconds == minutes * MINUTE


def _crawl(field: Field) -> None:
    """Let a VM's sync move a little all the time, and not end for hours."""
    (replica,) = field.pick(suits=_has_rpo(15))
    link = field.slow(replica, 200.0)
    field.until_cure.callback(field.squeeze, link)


def _stick(field: Field) -> None:
    """Let a VM's sync stand still; its RPO is so long that nothing else follows."""
    (replica,) = field.pick(suits=lambda each: each.rpo_seconds >= 8 * HOUR)
    link = field.slow(replica, 0.0)
    field.until_cure.callback(field.squeeze, link)


def _fail_tasks(field: Field) -> None:
    """Let the syncs of four VMs fail, and somebody ask for one of each."""
    pairing = field.madrid.view.pairings()[0]["pairing_id"]
    for replica in field.pick(4, suits=lambda each: each.rpo_seconds >= 4 * HOUR):
        field.world.make_fail(replica)
        field.until_cure.callback(field.world.make_fail, replica, failing=False)
        field.madrid.view.sync(pairing, replica.id, user="operator@vsphere.local")


def _lock_out(field: Field) -> None:
    field.change_password(MADRID, NEW_PASSWORD)
    field.until_cure.callback(field.tell_password, MADRID, NEW_PASSWORD)


def _cut(field: Field) -> None:
    """Let each site see the other as gone, and nothing move between them."""
    for site in (MADRID, BERLIN):
        _breaks(site, "remote_down")(field)
    for pairing in field.world.population.pairings.values():
        for link in pairing.links:
            field.squeeze(link, 0.0)
            field.until_cure.callback(field.squeeze, link)


_SEEN_FROM_THE_TARGET: Final = Expected("VrRpoBreachedLong", {"site": BERLIN})
"""While its source is out of sight, the target tells of a replication."""

_BREACHED: Final = Expected("VrRpoBreached", {"site": MADRID})


def _follows(alertname: str, *, may_miss: bool = True) -> Expected:
    """What a cut link brings too, and nobody is told of; the spent budget outlasts it, rightly."""
    return Expected(alertname, count=None, is_inhibited=True, is_told=False, may_miss=may_miss)


EPISODES: Final = (
    Episode(
        "site down",
        (Stage("refused", _breaks(MADRID, "site_down"), _unseen("connect"), 25),),
        _heal,
        pages=1,
    ),
    Episode(
        "RPO miss",
        (
            Stage("one VM", _crawl, (_BREACHED,)),
            Stage(
                "goes on",
                _nothing,
                (
                    Expected("VrRpoBreachedLong", {"site": MADRID}),
                    Expected("VrRpoBreached", {"site": MADRID}, is_inhibited=True),
                ),
                5,
            ),
        ),
        _nothing,
    ),
    Episode(
        "failing tasks",
        (
            Stage(
                "four VMs",
                _fail_tasks,
                (
                    Expected("VrSyncFailingRepeatedly", {"site": MADRID}),
                    Expected("VrReplicationError", {"site": MADRID}, count=4),
                ),
                30,
            ),
        ),
        _nothing,
    ),
    Episode(
        "stuck sync",
        (Stage("one VM", _stick, (Expected("VrSyncStuck", {"site": MADRID}),), 45),),
        _nothing,
    ),
    Episode(
        "throttling",
        (
            Stage(
                "every request",
                lambda field: field.crowd(MADRID),
                (
                    Expected("VrRateLimited", {"site": MADRID}),
                    Expected("VrSiteDown", {"site": MADRID}),
                    Expected("VrPairingDown", {"site": MADRID}, is_inhibited=True, is_told=False),
                    Expected(
                        "VrPollFailing",
                        {"site": MADRID, "reason": "throttled"},
                        is_inhibited=True,
                        is_told=False,
                        may_miss=True,
                    ),
                ),
                40,
            ),
        ),
        _nothing,
        pages=1,
    ),
    Episode(
        "wrong password",
        (
            Stage(
                "changed there",
                _lock_out,
                (
                    Expected("VrLoginFailing", {"site": MADRID}),
                    *_unseen("auth", is_told=False),
                ),
                25,
            ),
        ),
        _nothing,
        pages=1,
    ),
    Episode(
        "stale snapshot",
        (
            Stage("one VM misses its RPO", _crawl, (_BREACHED,)),
            Stage(
                "maintenance page",
                _breaks(MADRID, "html_page"),
                (
                    *_unseen("not_json"),
                    Expected("VrRpoBreached", {"site": MADRID}, is_inhibited=True),
                    replace(_SEEN_FROM_THE_TARGET, may_miss=True),
                ),
                20,
            ),
            Stage(
                "its detail is gone",
                _nothing,
                (*_unseen("not_json"), _SEEN_FROM_THE_TARGET),
                10,
            ),
        ),
        _heal,
        pages=1,
    ),
    Episode(
        "cut link",
        (
            Stage(
                "seen from both ends",
                _cut,
                (
                    Expected("VrRemoteSiteDown", count=2),
                    _follows("VrRpoBreached", may_miss=False),
                    _follows("VrRpoSiteWide", may_miss=False),
                    _follows("VrRpoBurnFast", may_miss=False),
                    replace(_follows("VrRpoBurnSlow"), is_told=None),
                    _follows("VrRpoBreachedLong"),
                    _follows("VrSyncStuck"),
                    _follows("VrRemoteSessionMissing"),
                    _follows("VrPollFailing"),
                    Expected("VrPairingCatchingUp", count=2),
                ),
                40,
            ),
        ),
        _heal,
        pages=1,
    ),
)
