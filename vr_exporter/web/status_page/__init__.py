"""The status page: whole as it leaves the server, and kept up to date by scripts of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vr_exporter.web.api.status import Status
from vr_exporter.web.overview import Overview, Top
from vr_exporter.web.status_page.assets import FILES, POLICY
from vr_exporter.web.status_page.headline import headline
from vr_exporter.web.status_page.markup import Html, joined, markup
from vr_exporter.web.status_page.phrases import moment
from vr_exporter.web.status_page.tables import (
    failures,
    offenders,
    refusals,
    running,
    schedules,
    sites,
    tasks,
    triggers,
)

__all__ = ["FILES", "POLICY", "status_page"]

_REFRESH_SECONDS = 15
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="status/icon.svg">
<link rel="stylesheet" href="status/page.css">
<noscript><meta http-equiv="refresh" content="{refresh}"></noscript>
<script type="module" src="status/main.js"></script>
</head>
<body>
<a class="skip" href="#replications">Skip to the replications</a>
<header>
<h1><img src="status/icon.svg" alt="">vr-exporter</h1>
<p>version {version} · <span id="live">as of {moment}</span></p>
<nav aria-label="More"><a href="metrics">Metrics</a> <a href="api/v1/sites">Sites (JSON)</a>
<a href="api/v1/replications">Replications (JSON)</a>
<a href="api/v1/tasks">Tasks (JSON)</a> <a href="-/ready">Ready</a></nav>
</header>
<main>
{headline}
{sections}
</main>
<footer>Each replication counts once here, however many sites show it.
<noscript>Without scripts this page loads itself again every {refresh} s and lists no replication
that meets its RPO.</noscript></footer>
<p id="said" class="unseen" role="status"></p>
</body>
</html>
"""


def status_page(seen: Status, *, now: float) -> bytes:
    """The page for one moment; its size is bounded however many replications there are."""
    page = markup(
        _PAGE,
        refresh=_REFRESH_SECONDS,
        title=_title(seen.overview),
        version=seen.version,
        moment=moment(now),
        headline=headline(seen.overview),
        sections=joined(_sections(seen, now=now)),
    )
    return page.encode()


def _title(seen: Overview) -> str:
    late = seen.verdicts["breached"]
    return f"({late} in breach) vr-exporter" if late else "vr-exporter"


def _sections(seen: Status, *, now: float) -> Iterator[Html]:
    view = seen.overview
    yield markup(
        '<section id="asked" aria-labelledby="of-asked" hidden>'
        '<h2 id="of-asked">Syncs asked for here</h2></section>'
    )
    yield markup(
        '<div class="board"><div>{first}</div><div class="beside">{beside}</div>'
        "<div>{last}</div></div>",
        first=_section("replications", "Replications", offenders(view, now=now), of=view.offenders),
        beside=joined(
            (
                _section("sites", "Sites and pairings", sites(view, now=now)),
                _section("running", "Running syncs", running(view, now=now), of=view.running),
                _section(
                    "triggers", "Triggers under way", triggers(view, now=now), of=view.triggers
                ),
                _section("schedules", "Schedules to come", schedules(seen.schedules)),
                _section("refusals", "Turned down lately", refusals(seen.refusals, now=now)),
            )
        ),
        last=joined(
            (
                _section("failures", "Failures", failures(view, now=now), of=view.failures),
                _section("tasks", "Recent tasks", tasks(view, now=now), of=view.tasks),
            )
        ),
    )


def _section(name: str, heading: str, content: Html, *, of: Top[Any] | None = None) -> Html:
    shown = ""
    if of and of.total > len(of.entries):
        shown = f"{len(of.entries)} of {of.total:,}"
    elif of and of.total:
        shown = str(of.total)
    return markup(
        '<section id="{name}" aria-labelledby="of-{name}">'
        '<h2 id="of-{name}">{heading} <small>{shown}</small></h2>{content}</section>',
        name=name,
        heading=heading,
        shown=shown,
        content=content,
    )
