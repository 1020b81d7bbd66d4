"""Objects of JSON made from nouns, and problems that cannot be encoded as they are."""

from __future__ import annotations

import json

import pytest

from vr_exporter.web.api.shape import Field, Shape
from vr_exporter.web.message import Response
from vr_exporter.web.problems import encoded, problem

TEXT: Shape[str] = Shape(
    "Text",
    (
        Field("length", "number", "how long", len),
        Field("upper", "string", "in capitals", str.upper),
    ),
)


def test_a_shape_makes_an_object_of_each_noun() -> None:
    """Its members in their order; some of them for a shorter shape."""
    assert TEXT.of("ab") == {"length": 2, "upper": "AB"}
    assert TEXT.each(["ab", ""]) == [{"length": 2, "upper": "AB"}, {"length": 0, "upper": ""}]
    assert [field.name for field in TEXT.some("upper", "none")] == ["upper"]


def test_C12_half_a_surrogate_pair_is_sent_escaped() -> None:
    """Everything else goes out as UTF-8."""
    assert encoded({"vm": "ä"}) == '{"vm":"ä"}'.encode()
    assert encoded({"vm": "a\ud800"}) == b'{"vm": "a\\ud800"}'


def test_a_problem_names_its_fault_and_no_cache_keeps_it() -> None:
    """Type, title, status and detail, then further members; headers after its own."""
    answer = problem(409, "busy", headers=(("Retry-After", "5"),), members={"key": "k"})
    assert json.loads(b"".join(answer.chunks)) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "busy",
        "key": "k",
    }
    assert answer.status == 409
    assert answer.headers == (
        ("Content-Type", "application/problem+json"),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Retry-After", "5"),
    )


def test_a_header_that_cannot_be_sent_is_named() -> None:
    """By its name alone: its value may be a secret."""
    with pytest.raises(ValueError, match=r"^header 'X-A' cannot be sent$"):
        Response(200, (("X-A", "a\nb"),))
