"""HTML into which nothing gets that is not ours."""

from __future__ import annotations

import pytest

from vr_exporter.web.message import Response
from vr_exporter.web.status_page.markup import Html, joined, markup, safe, table


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#x27;"),
        (5, "5"),
        ("a\x00b\u202ec\ud800d\x9f", "a\ufffdb\ufffdc\ufffdd\ufffd"),
        ("a\nb", "a\nb"),
        (Html("<b>"), "<b>"),
    ],
)
def test_C13_a_value_is_escaped_unless_it_is_markup(value: object, shown: str) -> None:
    """What has no glyph, or turns the line around, becomes one mark each."""
    assert safe(value) == shown
    assert markup("<i>{x}</i>", x=value) == f"<i>{shown}</i>"


def test_pieces_are_joined_without_anything_between() -> None:
    """They are markup, and stay it."""
    assert safe(joined([Html("<a>"), Html("</a>")])) == "<a></a>"


def test_a_table_carries_its_headings_into_each_cell() -> None:
    """The first cell of a row is its heading; cells are escaped."""
    drawn = table(["VM", "State"], [("<db>", "ok"), ("web", Html("<b>late</b>"))], empty="none")
    assert drawn == (
        '<table><thead><tr><th scope="col">VM</th><th scope="col">State</th></tr></thead><tbody>'
        '<tr><th scope="row" data-label="VM">&lt;db&gt;</th><td data-label="State">ok</td></tr>'
        '<tr><th scope="row" data-label="VM">web</th>'
        '<td data-label="State"><b>late</b></td></tr></tbody></table>'
    )


def test_a_table_without_rows_is_a_sentence() -> None:
    """Escaped as well."""
    assert table(["VM"], [], empty="no <VM>") == '<p class="empty">no &lt;VM&gt;</p>'


def test_a_row_has_a_cell_for_each_heading() -> None:
    """A cell too many would stand under a wrong one."""
    with pytest.raises(ValueError, match=r"longer|shorter"):
        table(["VM"], [("db", "ok")], empty="")


def test_a_status_has_its_phrase() -> None:
    """The one of HTTP."""
    assert Response(404).reason == "Not Found"
