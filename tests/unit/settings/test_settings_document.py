from __future__ import annotations

import contextlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vr_exporter.settings.document import DocumentError, read_document, read_flow

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(min_size=1, max_size=10), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(min_size=1, max_size=10), plain, max_size=5))
def test_what_yaml_writes_is_read_the_same(document: dict[str, object]) -> None:
    """read(write(x)) == x for plain values under any keys but the merge key."""
    document.pop("<<", None)
    text = yaml.safe_dump(document)
    if "<<" not in text:
        assert read_document(text.encode()) == document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("22:00", "22:00"),
        ("2026-01-02", "2026-01-02"),
        ("0123", "0123"),
        ("0x10", "0x10"),
        ("1e9", "1e9"),
        (".inf", ".inf"),
        ("9" * 5000, "9" * 5000),
        ("on", True),
        ("Off", False),
        ("~", None),
        ("0.10", 0.1),
        ("-5", -5),
        ("'5'", "5"),
    ],
)
def test_plain_words_become_what_people_mean(text: str, value: object) -> None:
    """No dates, no octal numbers, no numbers to the base of sixty."""
    assert read_flow(text) == value


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_C23_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Nothing but a DocumentError comes out of a file, whatever stands in it."""
    with contextlib.suppress(DocumentError):
        read_document(content)


@given(st.text(alphabet="abc:-[]{}&*!|>#%@`'\"\n\t ?,<", max_size=60))
def test_C23_any_yaml_is_read_or_refused(text: str) -> None:
    """The same for texts full of YAML's own signs."""
    with contextlib.suppress(DocumentError):
        read_document(text.encode())


def test_C23_an_alias_inside_its_own_anchor_is_refused() -> None:
    """A value cannot hold itself."""
    with pytest.raises(DocumentError, match="alias without anchor"):
        read_document(b"a: &a [*a]")
