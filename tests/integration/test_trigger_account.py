"""An account for triggers alone: who may start syncs need not be who reads, and the other way."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from tests.watched import ACCOUNT, INTERVAL, Watched
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.simulator.messages import SimRequest, SimResponse
from vr_exporter.simulator.options import Account, ApiOptions

PRIVILEGE = "Host.Hbr.HbrManagement"
READER = Account(ACCOUNT.username, ACCOUNT.password, lacks=frozenset({PRIVILEGE}))
SYNCER = Account("sync@vsphere.local", "invented")


class Sessions:
    """Who asked what: the operation of each request under the token that it carried."""

    def __init__(self, watched: Watched) -> None:
        self.asked: dict[str, list[str]] = {}
        self._api = watched.madrid.api
        self._answer = self._api.answer
        self._api.answer = self._noted  # type: ignore[method-assign] # seen, and answered

    def _noted(self, request: SimRequest) -> SimResponse:
        token = next((v for k, v in request.headers.items() if "session" in k.lower()), "")
        path = request.target.partition("?")[0].rpartition("/v2")[2]
        self.asked.setdefault(token, []).append(f"{request.method} {path}")
        return self._answer(request)

    def posts_by_token(self) -> dict[str, int]:
        """How many syncs each session asked for."""
        return {
            token: posts
            for token, asked in self.asked.items()
            if (posts := sum(one.endswith("/actions/sync") for one in asked))
        }


@contextmanager
def a_site(*, has_trigger_account: bool) -> Iterator[tuple[Watched, Sessions]]:
    """A site whose reader may start nothing, polled once."""
    options = ApiOptions(accounts=(READER, SYNCER))
    with Watched(
        api_options=options, has_trigger_account=has_trigger_account, speed=10.0
    ) as watched:
        triggering = watched.madrid.triggering
        if triggering is not None:
            known = Credentials(SYNCER.username, SYNCER.password)
            triggering._session._credentials = lambda: known
        sessions = Sessions(watched)
        watched.poll()
        yield watched, sessions


def test_C33_the_post_goes_in_its_own_session_and_reads_in_the_other() -> None:
    """Two logins; the session of triggers asks for syncs, and reads nothing of the inventory."""
    with a_site(has_trigger_account=True) as (watched, sessions):
        verdicts = watched.ask(*watched.names()[:3])
        watched.work(300)
        assert {watched.trigger(each).state for each in verdicts} == {TriggerState.SUCCEEDED}
        assert watched.madrid.api.counters.logins == 2
        ((token, posts),) = sessions.posts_by_token().items()
        assert posts == 3
        others = [one for one in sessions.asked[token] if not one.endswith("/actions/sync")]
        assert set(others) <= {"GET /info"}
        readers = [asked for other, asked in sessions.asked.items() if other and other != token]
        assert any("GET /tasks" in asked for asked in readers)
        watched.madrid.worker._rooms.close()
        assert watched.madrid.api.counters.logouts == 2


def test_an_idle_session_of_the_trigger_account_is_replaced_before_the_claim() -> None:
    """It is not used for half an hour and dies; the next wish is not refused for that."""
    with a_site(has_trigger_account=True) as (watched, sessions):
        one, other = watched.names()[:2]
        watched.ask(one)
        watched.work(120)
        for _ in range(40):
            watched.poll(after=INTERVAL)
        (verdict,) = watched.ask(other)
        watched.work(120)
        assert watched.trigger(verdict).state is TriggerState.SUCCEEDED
        assert list(sessions.posts_by_token().values()) == [1, 1]


def test_each_account_has_a_pace_of_its_own() -> None:
    """Neither session comes over forty requests in a minute."""
    with a_site(has_trigger_account=True) as (watched, sessions):
        watched.max_running = 30
        shown = watched.snapshot().pairings
        verdicts = watched.ask(*(row.replication.id for each in shown for row in each.replications))
        watched.work(600)
        assert all(watched.trigger(each).state.is_final for each in verdicts)
        limiter = watched.madrid.api.limiter
        assert limiter.highest["session"] <= 40
        assert not any(limiter.refused.values())
        assert len(sessions.posts_by_token()) == 1


def test_without_one_a_403_is_refused_with_the_privilege_named() -> None:
    """The reader may look and not act: one POST each, and the sentence says what is missing."""
    with a_site(has_trigger_account=False) as (watched, _):
        (verdict,) = watched.ask(watched.names()[0])
        watched.work(60)
        trigger = watched.trigger(verdict)
        assert trigger.state is TriggerState.REFUSED
        assert trigger.reason == "forbidden"
        assert PRIVILEGE in trigger.sentence
        assert watched.madrid.posts == 1
        metrics = watched.metrics()
        refused = metrics.value("vr_trigger_requests_total", source="cli", outcome="rejected")
        assert refused == 1
        assert metrics.failures() == {}
        assert watched.madrid.api.counters.logins == 1
        watched.madrid.worker._rooms.close()
        assert watched.madrid.api.counters.logouts == 1


def test_a_refused_login_of_the_trigger_account_starts_nothing_and_is_tried_once() -> None:
    """Reading goes on; the lock-out guard keeps the account from being locked."""
    with a_site(has_trigger_account=True) as (watched, _):
        triggering = watched.madrid.triggering
        assert triggering is not None
        wrong = Credentials(SYNCER.username, "not-invented")
        triggering._session._credentials = lambda: wrong
        for name in itertools.islice(watched.names(), 3):
            (verdict,) = watched.ask(name)
            watched.work(60)
            trigger = watched.trigger(verdict)
            assert trigger.state is TriggerState.SKIPPED
            assert "was not asked for" in trigger.sentence
        assert watched.madrid.posts == 0
        assert watched.madrid.api.counters.failed_logins == 1
        assert watched.metrics().value("vr_up", site="madrid") == 1
