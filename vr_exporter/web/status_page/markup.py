"""HTML in which whatever is not markup of ours is escaped, without anybody having to remember."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_UNSHOWN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Html(str):
    """Text that is markup already; every other value is escaped where it is put in."""

    __slots__ = ()


def markup(template: str, **values: object) -> Html:
    """Fill a template of ours with values, escaped unless they are Html."""
    return Html(template.format(**{name: safe(value) for name, value in values.items()}))


def safe(value: object) -> Html:
    """A value as Html; what has no glyph or turns the line around becomes a mark."""
    if isinstance(value, Html):
        return value
    return Html(escape(_UNSHOWN.sub("\ufffd", str(value))))


def joined(parts: Iterable[Html]) -> Html:
    """Pieces of markup one after the other."""
    return Html("".join(parts))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> Html:
    """A table; on a narrow screen each cell carries its heading. Without rows, a sentence."""
    body = joined(_row(headings, row) for row in rows)
    if not body:
        return markup('<p class="empty">{empty}</p>', empty=empty)
    head = joined(markup('<th scope="col">{heading}</th>', heading=each) for each in headings)
    return markup(
        "<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>", head=head, body=body
    )


def _row(headings: Sequence[str], cells: Sequence[object]) -> Html:
    first, *rest = zip(headings, cells, strict=True)
    head = markup(
        '<th scope="row" data-label="{heading}">{cell}</th>', heading=first[0], cell=first[1]
    )
    return markup(
        "<tr>{head}{cells}</tr>",
        head=head,
        cells=joined(
            markup('<td data-label="{heading}">{cell}</td>', heading=heading, cell=cell)
            for heading, cell in rest
        ),
    )
