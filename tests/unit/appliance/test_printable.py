"""Texts from outside, made fit for one line."""

from __future__ import annotations

import pytest

from vr_exporter.appliance.errors import ApplianceError, Refused, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x" * 256, "x" * 256),
        ("x" * 257, "x" * 255 + "…"),
        ("a\nb\x00ü", r"a\nb\x00ü"),
        ("", ""),
    ],
)
def test_a_value_is_cut_and_what_is_not_printable_escaped(text: str, shown: str) -> None:
    """256 characters are whole, the one beyond shows that some are missing."""
    assert printable(text) == shown


def test_the_limit_may_be_another() -> None:
    """An error's own text has 2,048."""
    assert printable("abc", 3) == "abc"
    assert printable("abcd", 3) == "ab…"
    assert str(ApplianceError("auth", "x" * 3000)) == "x" * 2047 + "…"


def test_a_refusal_keeps_what_support_asks_for() -> None:
    """Status, code, operation and privilege, each empty where it was not told."""
    told = Refused("forbidden", "no", status=403, code="NoPermission", op_id="op-1", privilege="P")
    assert (told.status, told.code, told.op_id, told.privilege) == (
        403,
        "NoPermission",
        "op-1",
        "P",
    )
    untold = Refused("auth", "no")
    assert (untold.status, untold.code, untold.op_id, untold.privilege) == (0, "", "", "")
    assert (untold.reason, str(untold)) == ("auth", "no")
