"""A page of JSON into the vendor's shapes: typed in one go, or leniently member by member."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import UNSET, UnsetType

from vr_exporter.appliance.wire.decoders import UNSOUND, decoder_of
from vr_exporter.appliance.wire.depth import is_too_deep
from vr_exporter.appliance.wire.shapes import MetadataList, ResponseList
from vr_exporter.appliance.wire.surprises import Surprises

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T", bound=msgspec.Struct | msgspec.Raw)

_MOST_DIGITS = 20
_MOST_INTEGER = 2**63 - 1


class NotJson(ValueError):  # noqa: N818 named for what was found
    """The body is no JSON, or nested too deep to be followed."""


class WrongShape(ValueError):  # noqa: N818 as above
    """The body is JSON, and not what the endpoint promises."""


class _Odd(Enum):
    """Stands for a number that JSON cannot mean."""

    NUMBER = "no finite number of sensible length"


def decode_list(body: bytes, shape: type[S], surprises: Surprises) -> tuple[ResponseList[S], int]:
    """Read a page; what a row lacks or has wrong is counted, and that row stays.

    The number is that of the rows sent: a row that is no object at all is left out.
    """
    try:
        answer = _page_decoder(shape).decode(body)
        return answer, len(answer.rows)
    except UNSOUND:
        document = _loaded(body, surprises)
    rows = document.get("list")
    if not isinstance(rows, list):
        raise WrongShape("`list` is missing or no list")
    meta = _nested(MetadataList, document.get("_meta", {}), "_meta", surprises)
    return ResponseList(_nested_list(shape, rows, "list", surprises), meta), len(rows)


def split_list(body: bytes) -> ResponseList[msgspec.Raw]:
    """Part a page into its rows, which stay unread; what cannot be parted is UNSOUND."""
    return _page_decoder(msgspec.Raw).decode(body)


def row_decoder(shape: type[S]) -> Callable[[bytes], S]:
    """What reads a single row, typed; a row that has anything wrong is UNSOUND."""
    return decoder_of(shape).decode


def decode_entity(body: bytes, shape: type[S], surprises: Surprises) -> S:
    """Read one object in the same spirit."""
    try:
        return decoder_of(shape).decode(body)
    except UNSOUND:
        return _repaired(shape, _loaded(body, surprises), surprises)


def _page_decoder(shape: type[T]) -> msgspec.json.Decoder[ResponseList[T]]:
    return decoder_of(ResponseList[shape])  # type: ignore[valid-type] # a type made at run time


def _loaded(body: bytes, surprises: Surprises) -> dict[str, Any]:
    """Read JSON as the standard library does, odd numbers and broken UTF-8 tolerated.

    How deep it goes is asked here alone: the typed decoders raise RecursionError where the
    interpreter would, about a thousand levels down, and end here then.
    """
    if is_too_deep(body):
        raise NotJson("nested too deep")
    text = body.decode("utf-8-sig", "replace")
    try:
        document = json.loads(
            text, parse_int=_integer, parse_float=_float, parse_constant=lambda _: _Odd.NUMBER
        )
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from error
    if not isinstance(document, dict):
        raise WrongShape("not an object")
    if "\ufffd" in text and not _is_utf8(body):
        surprises.note("body", "encoding")
    return document


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _integer(digits: str) -> int | _Odd:
    return _Odd.NUMBER if len(digits) > _MOST_DIGITS else int(digits)


def _float(digits: str) -> float | _Odd:
    number = float(digits)
    return number if math.isfinite(number) else _Odd.NUMBER


@dataclass(frozen=True, slots=True)
class _Member:
    """What a shape says of one of its members."""

    name: str
    sent_as: str
    kinds: frozenset[Any]
    nested: type[msgspec.Struct] | None
    is_list: bool
    is_nullable: bool
    is_required: bool


@cache
def _members(shape: type[msgspec.Struct]) -> tuple[_Member, ...]:
    return tuple(_member(field) for field in msgspec.structs.fields(shape))


def _member(field: msgspec.structs.FieldInfo) -> _Member:
    kinds = set(get_args(field.type)) - {UnsetType}
    inner = next((get_args(kind)[0] for kind in kinds if get_origin(kind) is list), None)
    nested = inner or next((kind for kind in kinds if hasattr(kind, "__struct_fields__")), None)
    return _Member(
        name=field.name,
        sent_as=field.encode_name,
        kinds=frozenset(kinds & {int, str, bool}),
        nested=nested,
        is_list=inner is not None,
        is_nullable=NoneType in kinds,
        is_required=field.required,
    )


def _repaired(shape: type[S], row: Mapping[str, Any], surprises: Surprises) -> S:
    """Make a shape of what is sound in a row; the rest is as if it had not been sent."""
    values: dict[str, Any] = {}
    for member in _members(shape):
        if member.sent_as in row:
            values[member.name] = _read(member, row[member.sent_as], surprises)
        elif member.is_required:
            surprises.note("null", member.sent_as)
            values[member.name] = UNSET
    return shape(**values)


def _read(member: _Member, value: Any, surprises: Surprises) -> Any:
    if value is None:
        if member.is_nullable:
            return None
        surprises.note("null", member.sent_as)
        return UNSET
    if member.nested is None:
        return _scalar(member, value, surprises)
    if not member.is_list:
        return _nested(member.nested, value, member.sent_as, surprises)
    if isinstance(value, list):
        return _nested_list(member.nested, value, member.sent_as, surprises)
    surprises.note("type", member.sent_as, value)
    return UNSET


def _scalar(member: _Member, value: Any, surprises: Surprises) -> Any:
    """Accept the right type, and of the wrong ones those that leave no doubt (A42)."""
    if type(value) in member.kinds:
        return value
    if value is _Odd.NUMBER and int in member.kinds:
        surprises.note("range", member.sent_as, value)
        return UNSET
    surprises.note("type", member.sent_as, value)
    if int in member.kinds:
        return _number_of(value)
    return str(value) if str in member.kinds and type(value) is int else UNSET


def _number_of(value: Any) -> Any:
    """Read a string of decimal digits, or a float that is whole; nothing else is a number."""
    if isinstance(value, str):
        digits = value.removeprefix("-")
        is_number = digits.isascii() and digits.isdigit() and len(digits) < _MOST_DIGITS
        return int(value) if is_number else UNSET
    if isinstance(value, float) and value.is_integer() and abs(value) <= _MOST_INTEGER:
        return int(value)
    return UNSET


def _nested(shape: type[S], value: Any, field: str, surprises: Surprises) -> S | UnsetType:
    if isinstance(value, dict):
        return _repaired(shape, value, surprises)
    surprises.note("type", field, value)
    return UNSET


def _nested_list(shape: type[S], rows: list[Any], field: str, surprises: Surprises) -> list[S]:
    """Repair each row; one that is no object is left out."""
    found = (_nested(shape, row, field, surprises) for row in rows)
    return [row for row in found if not isinstance(row, UnsetType)]
