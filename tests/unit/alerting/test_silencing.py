"""Whether an alert is silenced: which Alertmanager is asked, and what silence means."""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulated import ManualClock
from vr_exporter.alerting.alertmanager import NotAsked
from vr_exporter.alerting.silences import Matcher, Silence, UnknownForm
from vr_exporter.alerting.silencing import KEPT_SECONDS, Silencing

QUIET = Silence("abc", (Matcher("site", "madrid"),))


@dataclass
class Peer:
    """An Alertmanager that answers, or raises."""

    answer: tuple[Silence, ...] | Exception = ()
    asked: int = 0
    closed: int = 0

    def silences(self) -> tuple[Silence, ...]:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self) -> None:
        self.closed += 1


def silencing(*peers: Peer, clock: ManualClock | None = None) -> Silencing:
    """It, over these peers."""
    return Silencing(lambda: peers, monotonic=(clock or ManualClock()).monotonic)


def test_without_alertmanagers_nothing_is_silenced() -> None:
    """Nobody is there to be asked, and that is what is said of it."""
    assert silencing()()({"site": "madrid"}) is None


def test_the_first_peer_that_tells_is_believed() -> None:
    """Members share their silences; each connection is closed."""
    peers = (Peer(NotAsked("am-1: 503")), Peer((QUIET,)), Peer())
    judge = silencing(*peers)()
    assert judge({"site": "madrid"}) == "silence abc covers it"
    assert judge({"site": "berlin"}) == ""
    assert [peer.asked for peer in peers] == [1, 1, 0]
    assert all(peer.closed for peer in peers)


def test_where_none_tells_everything_is_silenced() -> None:
    """Unreachable, or in a form that we do not know: people may have it in hand."""
    judge = silencing(Peer(NotAsked("am-1: timeout")), Peer(UnknownForm("a new form")))()
    assert str(judge({"site": "berlin"})).endswith("am-1: timeout; a new form")


def test_a_matcher_that_cannot_be_read_silences() -> None:
    """RE2 knows forms that we do not."""
    strange = Silence("abc", (Matcher("site", "(?P<x", is_regex=True),))
    assert "cannot be judged" in str(silencing(Peer((strange,)))()({"site": "madrid"}))


def test_an_answer_serves_for_a_few_seconds() -> None:
    """And is asked for anew after that, or when the settings have changed."""
    clock, peer = ManualClock(), Peer()
    asking = silencing(peer, clock=clock)
    for _ in range(3):
        asking()
    assert peer.asked == 1
    clock.advance(KEPT_SECONDS + 1)
    asking()
    assert peer.asked == 2
    asking.forget()
    asking()
    assert peer.asked == 3
