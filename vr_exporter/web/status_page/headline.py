"""The top of the status page: what burns, in one sentence and a few numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vr_exporter.web.overview import Overview
from vr_exporter.web.status_page.markup import Html, joined, markup

SIGNS = {"down": "✕", "breached": "✕", "late": "!", "waiting": "…", "met": "✓"}
_SHARES = ("met", "late", "breached", "excused", "unknown")


def headline(seen: Overview) -> Html:
    """The worst fact, the others below it, the counts and the shares of the verdicts."""
    worst, *others = seen.facts
    also = joined(markup("<li>{sentence}</li>", sentence=fact.sentence) for fact in others)
    return markup(
        '<section id="headline" class="headline {level}" aria-labelledby="of-headline">'
        '<div class="verdict"><span class="sign {level}" aria-hidden="true">{sign}</span>'
        '<p id="of-headline">{sentence}</p></div>{also}{tiles}{shares}</section>',
        level=worst.level,
        sign=SIGNS[worst.level],
        sentence=worst.sentence,
        also=markup('<ul class="also">{also}</ul>', also=also) if also else Html(""),
        tiles=_tiles(seen),
        shares=shares(seen.verdicts, "replications by verdict"),
    )


def shares(verdicts: Mapping[str, int], label: str) -> Html:
    """The verdicts as one bar; widths are attributes, as the policy forbids style in elements."""
    said = ", ".join(f"{verdicts[each]:,} {each}" for each in _SHARES if verdicts.get(each))
    return markup(
        '<svg class="shares" role="img" aria-label="{label}: {said}">{parts}</svg>',
        label=label,
        said=said or "none",
        parts=joined(_parts(verdicts)),
    )


def _parts(verdicts: Mapping[str, int]) -> Iterator[Html]:
    total, left = max(sum(verdicts.values()), 1), 0.0
    for verdict in _SHARES:
        width = 100 * verdicts.get(verdict, 0) / total
        yield markup(
            '<rect class="{verdict}" x="{left}%" y="0" width="{width}%" height="100%"></rect>',
            verdict=verdict,
            left=f"{left:.3f}",
            width=f"{width:.3f}",
        )
        left += width


def _tiles(seen: Overview) -> Html:
    up = sum(site.up for site in seen.sites)
    tiles = [
        ("sites up", f"{up} / {len(seen.sites)}", "" if up == len(seen.sites) else "is-down"),
        ("replications", f"{seen.replications:,}", ""),
        *(
            (verdict, f"{count:,}", f"is-{verdict}" if count else "")
            for verdict, count in seen.verdicts.items()
        ),
        ("syncing", f"{seen.running.total:,}", ""),
        ("failures", f"{seen.failures.total:,}", "is-late" if seen.failures.total else ""),
    ]
    return markup(
        '<dl class="tiles">{tiles}</dl>',
        tiles=joined(
            markup(
                '<div><dt>{name}</dt><dd class="{look}">{count}</dd></div>',
                name=name,
                count=count,
                look=look,
            )
            for name, count, look in tiles
        ),
    )
