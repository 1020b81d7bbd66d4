"""Typed decoders of the vendor's shapes, each made once and never two at a time."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

UNSOUND = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a typed decode raises of a body that is not as the type wants it."""

_MAKING = threading.Lock()
_made: dict[Any, msgspec.json.Decoder[Any]] = {}


def decoder_of(shape: type[T]) -> msgspec.json.Decoder[T]:
    """Return the decoder of a shape.

    While msgspec 0.22 finds out the fields of a type, other threads see the half of them: two
    that meet a type for the first time at once end the process with a segmentation fault. So
    `msgspec.json.decode(…, type=…)` is for nobody who may have threads.
    """
    with _MAKING:
        if shape not in _made:
            _made[shape] = msgspec.json.Decoder(shape)
        return _made[shape]
