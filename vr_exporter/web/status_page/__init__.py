"""The status page: one HTML page for people, made on the server, without any script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.web.status_page.markup import Html, joined, markup
from vr_exporter.web.status_page.overview import Overview, Top, overview
from vr_exporter.web.status_page.phrases import moment
from vr_exporter.web.status_page.style import POLICY, STYLE
from vr_exporter.web.status_page.tables import (
    failures,
    offenders,
    running,
    sites,
    tasks,
    triggers,
)

__all__ = ["POLICY", "status_page"]

_REFRESH_SECONDS = 15
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{refresh}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>vr-exporter</h1>
<p>version {version} · {moment} · loads itself again every {refresh} s</p>
<nav><a href="/metrics">Metrics</a> <a href="/api/v1/sites">Sites (JSON)</a>
<a href="/api/v1/replications">Replications (JSON)</a>
<a href="/api/v1/replications?late=true">Late (JSON)</a>
<a href="/api/v1/tasks">Tasks (JSON)</a>
<a href="/api/v1/triggers">Triggers (JSON)</a> <a href="/-/ready">Ready</a></nav>
</header>
<main>
{sections}
</main>
<footer>Each replication counts once here, however many sites show it.</footer>
</body>
</html>
"""


def status_page(snapshot: Snapshot, *, now: float, version: str) -> bytes:
    """The page for one snapshot; its size is bounded however many replications there are."""
    seen = overview(snapshot)
    page = markup(
        _PAGE,
        refresh=_REFRESH_SECONDS,
        title=_title(seen),
        style=Html(STYLE),
        version=version,
        moment=moment(now),
        sections=joined(_sections(seen, now=now)),
    )
    return page.encode()


def _title(seen: Overview) -> str:
    late = seen.verdicts["breached"]
    return f"({late} in breach) vr-exporter" if late else "vr-exporter"


def _sections(seen: Overview, *, now: float) -> Iterator[Html]:
    yield markup(
        "<section><h2>Now</h2>{tiles}{shares}</section>", tiles=_tiles(seen), shares=_shares(seen)
    )
    where = _section("Sites and pairings", sites(seen, now=now))
    late = _section("Past their RPO", offenders(seen, now=now), of=seen.offenders)
    yield from (late, where) if seen.is_all_up else (where, late)
    yield _section("Running syncs", running(seen, now=now), of=seen.running)
    yield _section("Triggers under way", triggers(seen, now=now), of=seen.triggers)
    yield _section("Failures", failures(seen, now=now), of=seen.failures)
    yield _section("Recent tasks", tasks(seen, now=now), of=seen.tasks)


def _section(heading: str, content: Html, *, of: Top[Any] | None = None) -> Html:
    shown = ""
    if of and of.total > len(of.entries):
        shown = f"{len(of.entries)} of {of.total}"
    elif of and of.total:
        shown = str(of.total)
    return markup(
        "<section><h2>{heading}<small>{shown}</small></h2>{content}</section>",
        heading=heading,
        shown=shown,
        content=content,
    )


def _tiles(seen: Overview) -> Html:
    up = sum(site.up for site in seen.sites)
    tiles = [
        ("sites up", f"{up} / {len(seen.sites)}", "met" if up == len(seen.sites) else "down"),
        ("replications", f"{seen.replications:,}", ""),
        *(
            (verdict, f"{count:,}", verdict if count else "")
            for verdict, count in seen.verdicts.items()
        ),
        ("syncing", f"{seen.running.total:,}", ""),
        ("failures", f"{seen.failures.total:,}", "down" if seen.failures.total else ""),
    ]
    return markup(
        '<dl class="tiles">{tiles}</dl>',
        tiles=joined(
            markup(
                '<div><dt>{name}</dt><dd class="count-{look}">{count}</dd></div>',
                name=name,
                count=count,
                look=look,
            )
            for name, count, look in tiles
        ),
    )


def _shares(seen: Overview) -> Html:
    """The verdicts as one bar; widths are attributes, as the policy forbids style in elements."""
    total, left, parts = max(seen.replications, 1), 0.0, []
    for verdict, count in seen.verdicts.items():
        width = 100 * count / total
        parts.append(
            markup(
                '<rect class="{verdict}" x="{left}%" y="0" width="{width}%" height="10">'
                "<title>{count} {verdict}</title></rect>",
                verdict=verdict,
                left=f"{left:.3f}",
                width=f"{width:.3f}",
                count=count,
            )
        )
        left += width
    return markup(
        '<svg class="shares" role="img" aria-label="replications by verdict">{parts}</svg>',
        parts=joined(parts),
    )
