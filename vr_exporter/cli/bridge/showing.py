"""What the bridge says, in lines for people; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vr_exporter.domain.episodes import stamp
from vr_exporter.ledger.steps import FINAL_REASONS

KEY_SHOWN = 12
_NAME_WIDTH = 12
_VERDICT_WIDTH = 7

Row = Mapping[str, Any]


def explained(episodes: Iterable[Row]) -> Iterator[str]:
    """Each guard in order with what it judges by, the first refusal marked."""
    for number, episode in enumerate(episodes):
        if number:
            yield ""
        yield _title(episode)
        is_refused = False
        for guard in episode["guards"]:
            is_no = bool(guard["reason"])
            verdict = "ok" if not is_no else "no" if is_refused else "REFUSED"
            is_refused = is_refused or is_no
            head = f"{guard['number']:>2}  {guard['guard']:<{_NAME_WIDTH}}"
            said = f"{guard['reason']}: {guard['sentence']}" if is_no else guard["shown"]
            yield f"{head}{verdict:<{_VERDICT_WIDTH}}  {said}"
        yield _conclusion(episode)


def simulated(episodes: Iterable[Row]) -> Iterator[str]:
    """One line for each alert: whether it would act, and why not."""
    count = 0
    for episode in episodes:
        count += 1
        what = "would act" if episode["would_act"] else f"would not: {episode['reason']}"
        yield f"{_name(episode)}  {what}  ({episode['sentence']})"
    if not count:
        yield "no alert in it"


def hops(rows: Iterable[Row]) -> Iterator[str]:
    """One line for each hop of a test alert."""
    for row in rows:
        yield f"{row['name']:<24}  {'ok' if row['done'] else 'NOT YET':<7}  {row['detail']}"


def _title(episode: Row) -> str:
    since = stamp(episode["starts_timestamp_seconds"])
    times = episode["offered"]
    offered = f"offered {times}x" if times else "supposed, no alert was offered"
    return f"episode  {_name(episode)}  {episode['key'][:KEY_SHOWN]}  since {since}  {offered}"


def _conclusion(episode: Row) -> str:
    if episode["would_act"]:
        return f"=> {episode['sentence']}"
    is_final = episode["reason"] in FINAL_REASONS
    again = "final for this episode" if is_final else "decided anew when it is offered again"
    return f"=> refused: {episode['reason']} ({again})"


def _name(episode: Row) -> str:
    target = episode["vm"] or episode["replication"] or "-"
    return f"{episode['alertname']}  {episode['site'] or '-'} {target}"
