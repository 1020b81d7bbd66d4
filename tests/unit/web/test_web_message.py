"""What may leave in a header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vr_exporter.web.message import Request, Response


@given(st.text(), st.sampled_from("\r\n\0"), st.text())
def test_C11_value_that_would_split_the_answer_raises(before: str, end: str, after: str) -> None:
    """CR, LF and NUL cannot get into a header, neither by its name nor by its value."""
    value = before + end + after
    with pytest.raises(ValueError, match="cannot be sent"):
        Response(200, (("X-Name", value),))
    with pytest.raises(ValueError, match="cannot be sent"):
        Response(200, ((value, "x"),))


def test_length_is_that_of_all_chunks() -> None:
    """The Content-Length follows from the chunks."""
    assert Response(200, (), (b"ab", b"", b"c")).length == 3


def test_values_of_a_parameter_keep_their_order() -> None:
    """A repeatable parameter gives each of its values."""
    request = Request("GET", "/", query=(("site", "a"), ("x", "y"), ("site", "b")))
    assert request.values("site") == ("a", "b")


def test_request_shows_no_header_in_its_repr() -> None:
    """A login does not reach a log by way of a repr."""
    request = Request("GET", "/", headers={"authorization": "Basic c2VjcmV0"}, body=b"c2VjcmV0")
    assert "c2VjcmV0" not in repr(request)
