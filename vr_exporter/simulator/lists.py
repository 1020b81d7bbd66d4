"""Lists: which page is asked for, order, filter, and the envelope with its links (vr-api.md 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from vr_exporter.simulator.errors import bad_request
from vr_exporter.simulator.messages import SimRequest
from vr_exporter.simulator.options import ApiOptions

Handle = TypeVar("Handle")
Parameters = Sequence[tuple[str, str]]

_DESCENDING = {"asc": False, "ascending": False, "desc": True, "descending": True}
_INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list is asked for; `limit` is the page size in force."""

    limit: int
    offset: int = 0
    sort_by: str | None = None
    is_descending: bool = False
    filter_property: str | None = None
    filters: tuple[str, ...] = ()


def read_parameters(query: str) -> tuple[tuple[str, str], ...]:
    """The query's parameters in order, decoded, empty ones kept."""
    return tuple(parse_qsl(query, keep_blank_values=True))


def single(parameters: Parameters, name: str) -> str | None:
    """The value of a parameter that may stand once; None where it is absent."""
    values = [value for key, value in parameters if key == name]
    if len(values) > 1:
        raise bad_request(f"The parameter {name} may stand once.")
    return values[0] if values else None


def read_list_query(
    parameters: Parameters, *, fields: frozenset[str], options: ApiOptions
) -> ListQuery:
    """Read and check the six parameters of a list; 400 for a bad value or a missing partner."""
    limit = _whole_number(parameters, "limit")
    offset = _whole_number(parameters, "offset")
    if offset is not None and limit is None:
        raise bad_request("The parameter offset needs limit.")
    sort_by = _field(parameters, "sort_by", fields=fields, options=options)
    filter_property = _field(parameters, "filter_property", fields=fields, options=options)
    filters = tuple(value for key, value in parameters if key == "filter")
    if (filter_property is None) != (not filters):
        raise bad_request("The parameters filter and filter_property need each other.")
    return ListQuery(
        limit=min(options.default_page_size if limit is None else limit, options.page_size_cap),
        offset=offset or 0,
        sort_by=sort_by,
        is_descending=_is_descending(parameters, sort_by),
        filter_property=filter_property,
        filters=filters,
    )


def _whole_number(parameters: Parameters, name: str) -> int | None:
    text = single(parameters, name)
    if text is None:
        return None
    is_digits = text.isascii() and text.isdigit() and len(text) <= len(str(_INT64_MAX))
    if not is_digits or int(text) > _INT64_MAX:
        raise bad_request(f"The parameter {name} is not a whole number.")
    return int(text)


def _field(
    parameters: Parameters, name: str, *, fields: frozenset[str], options: ApiOptions
) -> str | None:
    text = single(parameters, name)
    if text is None:
        return None
    known = {field.replace(".", options.nested_separator): field for field in fields}
    if text not in known:
        raise bad_request(f"The parameter {name} names no known field.")
    return known[text]


def _is_descending(parameters: Parameters, sort_by: str | None) -> bool:
    word = single(parameters, "order_by")
    if word is None:
        return False
    if sort_by is None:
        raise bad_request("The parameter order_by needs sort_by.")
    if word not in _DESCENDING:
        raise bad_request("The parameter order_by is no known order.")
    return _DESCENDING[word]


def selected(
    handles: Sequence[Handle],
    query: ListQuery,
    *,
    value_of: Callable[[Handle, str], Any],
    options: ApiOptions,
) -> Sequence[Handle]:
    """Filter and sort stably; a list that asks for neither is returned as it is."""
    prop, sort_by = query.filter_property, query.sort_by
    if prop is not None:
        accepts = _accepts(query.filters, options)
        handles = [handle for handle in handles if accepts(value_of(handle, prop))]
    if sort_by is not None:
        handles = sorted(
            handles,
            key=lambda handle: _sort_key(value_of(handle, sort_by)),
            reverse=query.is_descending,
        )
    return handles


def _accepts(filters: Iterable[str], options: ApiOptions) -> Callable[[Any], bool]:
    def fold(text: str) -> str:
        return text.casefold() if options.filter_ignores_case else text

    wanted = [fold(text) for text in filters]

    def accepts(value: Any) -> bool:
        text = fold(_text_of(value))
        if options.filter_match == "whole":
            return text in wanted
        return any(fragment in text for fragment in wanted)

    return accepts


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _sort_key(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    return (2, value) if isinstance(value, str) else (1, value)


def envelope(
    rows: Sequence[Mapping[str, Any]],
    query: ListQuery,
    *,
    total: int,
    length: int,
    errors: Sequence[Mapping[str, str]],
    link: Callable[[int], str],
) -> dict[str, Any]:
    """A page with its metadata; `next` and `previous` are null at the ends, never left out.

    `length` is how many rows there are, `total` how many the answer claims.
    """
    end = query.offset + query.limit
    has_next = query.limit > 0 and end < length
    return {
        "list": list(rows),
        "_meta": {
            "errors": list(errors),
            "total": total,
            "offset": query.offset,
            "limit": query.limit,
            "links": {
                "self": {"href": link(query.offset)},
                "next": {"href": link(end)} if has_next else None,
                "previous": {"href": link(max(0, query.offset - query.limit))}
                if query.offset
                else None,
            },
        },
    }


def linker(
    request: SimRequest, query: ListQuery, *, parameters: Parameters, base: str | None
) -> Callable[[int], str]:
    """Make the absolute address of a page by offset, with all parameters of the request in it."""
    origin = base or f"{request.scheme}://{request.headers.get('host', 'localhost')}"
    kept = [(key, value) for key, value in parameters if key not in {"limit", "offset"}]

    def link(offset: int) -> str:
        words = urlencode([*kept, ("limit", str(query.limit)), ("offset", str(offset))])
        return f"{origin}{request.path}?{words}"

    return link
