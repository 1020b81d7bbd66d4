"""What is wrong with settings, one line each: file, key, what, remedy.

Built from the place, the kind and our own words only: pydantic's errors hold the input (F9).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from vr_exporter.settings.model import Settings
from vr_exporter.settings.places import Place, variable_of, written

ENVIRONMENT = "environment"
"""The source of what variables say; others are `flags` and the file's path."""

NO_SITE = "no site is configured (add one under sites, or set VR_HOST)"
_WORDS = {
    "string_type": "must be text (put it in quotes)",
    "string_too_short": "must not be empty (write a value)",
    "too_short": "must not be empty (write a value)",
    "too_long": "is too long (is it the right value?)",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "path_type": "must be a path (write it as /path/to/file)",
    "model_type": "must hold settings (write them as key: value)",
    "model_attributes_type": "must hold settings (write them as key: value)",
    "dict_type": "must hold settings (write them as key: value)",
    "tuple_type": "must be a list (write it as [a, b])",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
    "string_too_long": ("shorter: at most", "max_length"),
}


class SettingsError(Exception):
    """Settings that cannot be used; each line names file, key, what is wrong and the remedy."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the setting at a path; the remedy stands in parentheses."""

    path: Place
    what: str

    def line(self, source: str) -> str:
        """Say it in one line; a variable is named as such."""
        key = variable_of(self.path) if source == ENVIRONMENT else written(self.path)
        return f"{source}: {key}: {self.what}"


def faults_of(error: ValidationError) -> Iterator[Fault]:
    """Translate pydantic's errors, in the order in which it found them."""
    for detail in error.errors(include_url=False, include_input=False):
        path = _path_of(detail)
        what = _what(detail, path)
        yield Fault(path, what if what.endswith(")") else f"{what} {_remedy(path)}")


def _path_of(detail: ErrorDetails) -> Place:
    parts: list[str | int] = [part for part in detail["loc"] if part != "[key]"]
    key = detail.get("ctx", {}).get("key")
    return (*parts, *([key] if isinstance(key, str) else []))


def _what(detail: ErrorDetails, path: Place) -> str:
    kind, facts = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return NO_SITE if path == ("sites",) else "missing"
    if kind in _BOUNDS:
        word, bound = _BOUNDS[kind]
        return f"must be {word} {facts[bound]}"
    if kind in ("fault", "no_file", "bad_file"):
        return detail["msg"]
    if kind == "extra_forbidden":
        return f"unknown setting {_suggestion(path)}"
    if kind == "literal_error":
        return f"must be one of {facts['expected'].replace(chr(39), '')} (write one of these)"
    return _WORDS.get(kind, "not valid")


def _remedy(path: Place) -> str:
    """Setting it, or the variable that may hold it; an example where a value is the trouble."""
    names = tuple(str(part) for part in path) or ("settings",)
    if names[-1].endswith("password_file") or names[-1].endswith("token_file"):
        return f"(set it, or {variable_of((*names[:-1], names[-1].removesuffix('_file')))})"
    examples = _examples(path)
    if examples:
        return f"(such as {names[-1]}: {examples[0]})"
    return f"(set it, or {variable_of(names)})"


def _suggestion(path: Place) -> str:
    known = keys_at(path[:-1])
    close = get_close_matches(str(path[-1]).replace("-", "_"), known, n=1, cutoff=0.6)
    if close:
        return f"(did you mean {close[0]}?)"
    return f"(known here: {', '.join(known)})"


def keys_at(path: Place) -> list[str]:
    """The keys that the section at a path knows, spelled as in the file."""
    section = _section_at(path)
    fields = section.model_fields if section else {}
    return [field.alias or name for name, field in fields.items()]


def _section_at(path: Place) -> type[BaseModel] | None:
    current: Any = Settings
    for part in path:
        current = _step(current, part)
    return _model_in(current)


def _step(annotation: Any, part: str | int) -> Any:
    """Follow one part of a path: a field of a section, a value of a mapping, an item of a list."""
    model = _model_in(annotation, direct=True)
    if model is None:
        return annotation if isinstance(part, int) else _model_in(annotation)
    for name, field in model.model_fields.items():
        if part in (name, field.alias):
            return field.annotation
    return None


def _model_in(annotation: Any, *, direct: bool = False) -> type[BaseModel] | None:
    """The section that an annotation holds; with `direct` not through a mapping or a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if direct and getattr(annotation, "__origin__", None) in (dict, tuple):
        return None
    found = (_model_in(argument, direct=direct) for argument in get_args(annotation))
    return next((model for model in found if model), None)


def _examples(path: Place) -> list[Any]:
    section = _section_at(path[:-1])
    for name, field in (section.model_fields if section and path else {}).items():
        if path[-1] in (name, field.alias):
            return list(field.examples or ())
    return []


def owner_of(path: Place, layers: Mapping[str, Mapping[str, Any]]) -> str:
    """Name the layer a value came from; where it is missing, the one that holds most around it."""
    depths = {source: _depth(layer, path) for source, layer in layers.items()}
    deepest = max(depths.values())
    owners = [source for source, depth in depths.items() if depth == deepest]
    return owners[0] if deepest == len(path) else owners[-1]


def _depth(value: Any, path: Place) -> int:
    """How many parts of a path a layer knows."""
    for depth, part in enumerate(path):
        is_known = part in value if isinstance(value, Mapping) else False
        is_item = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if not (is_known or is_item):
            return depth
        value = value[part]
    return len(path)
