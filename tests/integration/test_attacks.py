"""Attacks on a real `serve` in small, and that what they are judged by would show a success."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from tests.attacked import TOKEN, WEBHOOK_TOKEN, Attacked, attacked
from tests.scraping import Scraped, scraped_for
from tests.slow_clients import Crowd, Outcome

WEBHOOK = "/api/v1/alertmanager"


def statuses(exporter: Attacked, target: str, tokens: list[str]) -> Counter[int]:
    """The answers to POSTs with these tokens, one after another on one connection."""
    address = urlsplit(exporter.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    found: Counter[int] = Counter()
    for token in tokens:
        credential = {"Authorization": f"Bearer {token}"} if token else {}
        headers = {"Content-Type": "application/json", **credential}
        connection.request("POST", target, json.dumps({}), headers)
        answer = connection.getresponse()
        answer.read()
        found[answer.status] += 1
    connection.close()
    return found


def a_target(exporter: Attacked) -> str:
    """A replication that can be synced, as its path to wish for it."""
    rows = exporter.world.truth()["replications"]
    own = [row["ids"]["madrid"] for row in rows if row["source_site"] == "madrid"]
    return f"/api/v1/sites/madrid/replications/{own[0]}/sync"


def test_C2_refused_posts_write_nothing_and_one_that_is_let_in_shows(short_path: Path) -> None:
    """The ledger's files stay as they are, byte by byte, until the right token comes."""
    with attacked(short_path, replications=20) as exporter:
        before, wish = exporter.ledger, a_target(exporter)
        wrong = ["", "a-wrong-token", WEBHOOK_TOKEN] * 20
        assert statuses(exporter, wish, wrong) == {401: 60}
        assert statuses(exporter, WEBHOOK, ["", "a-wrong-token", TOKEN] * 20) == {401: 60}
        assert (exporter.ledger, exporter.triggers) == (before, 0)
        assert statuses(exporter, wish, [TOKEN]) == {202: 1}
        assert exporter.ledger != before
        assert exporter.triggers == 1


def test_C6_a_crowd_is_counted_until_the_last_is_told(short_path: Path) -> None:
    """Clients that were told of an end are no longer there, whatever they were sent."""
    with attacked(short_path, replications=20) as exporter:
        crowd = Crowd(exporter.url, 8)
        assert len(crowd) == 8
        assert scraped_for(exporter.url, 0.2).failed == 0
        exporter.program.terminate()
        exporter.program.wait(10)
        crowd.wait(0.2)
        assert len(crowd) == 0
        assert set(crowd.longest()) == {"silent", "head", "body", "reader"}
        assert scraped_for(exporter.url, 0.1).failed > 0
        crowd.close()


def test_an_attack_that_is_felt_is_no_good_outcome() -> None:
    """Late ends, slow or failed scrapes and clients left behind each spoil it."""
    unfelt = Scraped(100, 0, 1.0, 99.0, 120.0)
    assert Outcome(8, {"head": 10.0}, 10.5, unfelt).is_good
    assert not Outcome(8, {"head": 10.1}, 10.5, unfelt).is_good
    assert not Outcome(8, {"head": 10.0}, 11.0, unfelt).is_good
    assert not Outcome(8, {"head": 10.0}, 10.5, Scraped(100, 0, 1.0, 100.0, 120.0)).is_good
    assert not Outcome(8, {"head": 10.0}, 10.5, Scraped(100, 1, 1.0, 99.0, 120.0)).is_good
