from __future__ import annotations

from tests.asking import an_asker, basic
from vr_exporter.simulator.options import Quotas


def test_session_tier_refuses_the_fifty_first_call() -> None:
    """By default one session has 50 calls in a window, and 429 after them, without a body."""
    asker = an_asker(quotas=Quotas())
    answers = [asker.get("/info") for _ in range(51)]
    assert [answer.status for answer in answers] == [200] * 50 + [429]
    assert (answers[-1].body, answers[-1].header("Retry-After")) == (b"", None)


def test_client_tier_counts_all_sessions_of_an_address() -> None:
    """Two sessions behind one address share its hundred calls; another address has its own."""
    asker = an_asker(quotas=Quotas(session=None))
    assert [asker.get("/info").status for _ in range(100)] == [200] * 99 + [429]
    assert asker.post("/session", authorization=basic()).status == 429
    asker.peer = "192.0.2.1"
    assert asker.get("/info").status == 200


def test_service_tier_counts_both_versions_together() -> None:
    """v1 and v2 are one service."""
    asker = an_asker(quotas=Quotas(client=None, service=4, session=None))
    assert asker.get("/info").status == 200
    asker.version = "v1"
    assert [asker.get("/info").status for _ in range(3)] == [200, 200, 429]


def test_first_exceeded_tier_hides_the_call_from_later_ones() -> None:
    """A call refused for its address is not counted for its session."""
    asker = an_asker(quotas=Quotas(client=2, service=None, session=2))
    assert [asker.get("/info").status for _ in range(3)] == [200, 429, 429]
    assert asker.api.limiter.highest["session"] == 1


def test_new_window_counts_afresh() -> None:
    """After the window all calls are allowed again."""
    asker = an_asker(quotas=Quotas(session=1))
    assert [asker.get("/info").status for _ in range(2)] == [200, 429]
    asker.clock.advance(60)
    assert asker.get("/info").status == 200


def test_refused_calls_count_unless_switched_off() -> None:
    """Whether a refused call is counted shows in the highest count of a window."""
    strict, mild = (
        an_asker(quotas=Quotas(session=2, refused_calls_count=counts)) for counts in (True, False)
    )
    for asker in (strict, mild):
        for _ in range(5):
            asker.get("/info")
    assert strict.api.limiter.highest["session"] == 5
    assert mild.api.limiter.highest["session"] == 3
    assert strict.api.limiter.refused["session"] == 3


def test_retry_after_and_status_are_switches() -> None:
    """The refusal can say how long the window still is, and be a 503."""
    asker = an_asker(quotas=Quotas(session=0, retry_after=True, status=503))
    answer = asker.get("/info")
    assert answer.status == 503
    assert answer.header("Retry-After") == str(60 - int(asker.clock.now() % 60))


def test_tier_without_a_quota_is_off() -> None:
    """None lets everything through and still counts."""
    asker = an_asker()
    assert {asker.get("/info").status for _ in range(150)} == {200}
    assert asker.api.limiter.highest["client"] == 151
