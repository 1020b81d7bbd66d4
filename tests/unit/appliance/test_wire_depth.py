from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vr_exporter.appliance.wire import depth
from vr_exporter.appliance.wire.depth import is_too_deep

JSON = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(alphabet='a"\\{}[]\n')),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


def depth_of(document: Any) -> int:
    """The levels of nesting, counted the plain way."""
    if isinstance(document, dict):
        return 1 + max(map(depth_of, document.values()), default=0)
    if isinstance(document, list):
        return 1 + max(map(depth_of, document), default=0)
    return 0


@given(JSON, st.integers(0, 8))
def test_depth_is_found_without_parsing(document: Any, limit: int) -> None:
    """Brackets inside strings, escaped or not, do not count; all others do."""
    body = json.dumps(document, ensure_ascii=False).encode()
    assert is_too_deep(body, limit) == (depth_of(document) > limit)


def brackets_of(text: bytes) -> bytes:
    """The brackets outside of strings, all of one kind, found byte by byte."""
    found, is_string, is_escaped = bytearray(), False, False
    for byte in text:
        was_escaped, is_escaped = is_escaped, False
        if was_escaped and byte in b'\\"':
            continue
        if byte == ord("\\"):
            is_escaped = True
        elif byte == ord('"'):
            is_string = not is_string
        elif not is_string and byte in b"[]{}":
            found += b"[" if byte in b"[{" else b"]"
    return bytes(found)


@pytest.mark.parametrize("piece", [1, 2, 65536])
def test_A18_brackets_outside_of_strings_are_those_of_a_plain_reading(
    monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    """In every short text of the words that matter, wherever it is cut into pieces."""
    monkeypatch.setattr(depth, "_PIECE_BYTES", piece)
    words = (b"[", b"}", b'"', b"a", b"\\\\", b'\\"', b"\\n")
    texts = [b"".join(text) for size in range(6) for text in product(words, repeat=size)]
    assert [text for text in texts if depth._brackets(text) != brackets_of(text)] == []


@given(st.binary())
def test_any_bytes_have_an_answer(body: bytes) -> None:
    """What is no JSON is refused elsewhere; here it only must not raise."""
    assert is_too_deep(body) in (True, False)


@pytest.mark.parametrize("body", [b"[" * 10**6, b'{"a":' * 10**6, b"]" * 10**6])
def test_A18_a_bomb_is_seen_at_once(body: bytes) -> None:
    """A million levels take no recursion and no time."""
    assert is_too_deep(body) == (not body.startswith(b"]"))
