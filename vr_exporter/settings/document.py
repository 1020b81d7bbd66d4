"""The YAML file as plain values: bounded in every direction, no tag, no key twice (C23).

Built from YAML's events, so that nothing is constructed that was not asked for. Texts name lines,
never contents: a fault may lie within a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from vr_exporter.settings.places import written

LARGEST_BYTES = 1024 * 1024
DEEPEST = 32
MOST_ALIASES = 100
MOST_VALUES = 100_000
_SHOWN_DEPTH = 6

_TRUE = frozenset({"true", "on", "yes"})
_FALSE = frozenset({"false", "off", "no"})
_NOTHING = frozenset({"", "~", "null"})
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}")
_SAFE_PROBLEMS = (
    "mapping values are not allowed here",
    "mapping values are not allowed in this context",
    "could not find expected ':'",
    "did not find expected key",
    "did not find expected ',' or ']'",
    "did not find expected ',' or '}'",
    "found unexpected end of stream",
    "sequence entries are not allowed here",
)


class DocumentError(Exception):
    """The document cannot be used; the text is one line for people and holds no content."""


@dataclass(frozen=True, slots=True)
class _Built:
    """A value with its full extent, aliases followed."""

    value: Any
    values: int = 1
    depth: int = 0


@dataclass(slots=True)
class _Builder:
    events: Iterator[yaml.Event]
    place: list[str | int] = field(default_factory=list)
    anchors: dict[str, _Built] = field(default_factory=dict)
    aliases: int = 0

    def document(self) -> object:
        """Build the one document of the stream."""
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        built = self.node(next(self.events), 0)
        next(self.events)
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise self.fault(event, "a second document begins", "keep one, without ---")
        return built.value

    def node(self, event: yaml.Event, depth: int) -> _Built:
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, depth)
        if getattr(event, "tag", None) is not None:
            raise self.fault(event, "tags are refused", "quote a value that begins with !")
        if depth > DEEPEST:
            raise self.fault(event, f"nested deeper than {DEEPEST} levels", "flatten it")
        if isinstance(event, yaml.ScalarEvent):
            built = _Built(_scalar(event))
        elif isinstance(event, yaml.SequenceStartEvent):
            built = self.sequence(depth)
        else:
            built = self.mapping(depth)
        if event.anchor:  # type: ignore[attr-defined]
            self.anchors[event.anchor] = built  # type: ignore[attr-defined]
        return self.bounded(event, built)

    def alias(self, event: yaml.AliasEvent, depth: int) -> _Built:
        self.aliases += 1
        if self.aliases > MOST_ALIASES:
            raise self.fault(event, f"more than {MOST_ALIASES} aliases", "write the values out")
        built = self.anchors.get(str(event.anchor))
        if built is None:
            raise self.fault(event, "an alias without anchor", "quote a value that begins with *")
        if depth + built.depth > DEEPEST:
            raise self.fault(event, f"nested deeper than {DEEPEST} levels", "flatten it")
        return built

    def bounded(self, event: yaml.Event, built: _Built) -> _Built:
        if built.values > MOST_VALUES:
            raise self.fault(event, f"more than {MOST_VALUES} values", "let aliases repeat less")
        return built

    def sequence(self, depth: int) -> _Built:
        items: list[_Built] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            self.place.append(len(items))
            items.append(self.node(event, depth + 1))
            self.place.pop()
        return _around([item.value for item in items], items)

    def mapping(self, depth: int) -> _Built:
        found: dict[str, _Built] = {}
        merged: list[_Built] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event)
            self.place.append(key)
            if key in found:
                raise self.fault(event, "stands twice", "keep one of them")
            built = self.node(next(self.events), depth + 1)
            if key == "<<":
                merged.append(self.mergeable(event, built))
            else:
                found[key] = built
            self.place.pop()
        values = _merged(merged) | {key: built.value for key, built in found.items()}
        return _around(values, [*merged, *found.values()])

    def key(self, event: yaml.Event) -> str:
        if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
            raise self.fault(event, "a key that is no plain text", "put it in quotes")
        key: str = event.value
        return key

    def mergeable(self, event: yaml.Event, built: _Built) -> _Built:
        sources = built.value if isinstance(built.value, list) else [built.value]
        if not all(isinstance(source, dict) for source in sources):
            raise self.fault(event, "joins mappings only", "put an alias of a mapping behind it")
        return built

    def fault(self, event: yaml.Event, what: str, remedy: str) -> DocumentError:
        line = event.start_mark.line + 1 if event.start_mark else 1
        return DocumentError(
            f"{written(tuple(self.place[:_SHOWN_DEPTH]))}: {what}, in line {line} ({remedy})"
        )


def read_document(content: bytes) -> dict[str, Any]:
    """Read a settings file; an empty one is a mapping without keys."""
    if len(content) > LARGEST_BYTES:
        raise DocumentError("settings: larger than 1 MiB (is it the right file?)")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError("settings: not UTF-8 text (save the file as such)") from error
    document = _read(text)
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise DocumentError("settings: no mapping (write them as key: value)")
    return document


def read_flow(text: str) -> object:
    """Read one value in YAML's flow style, as an environment variable holds it."""
    return _read(text)


def _read(text: str) -> object:
    try:
        return _Builder(iter(yaml.parse(text, Loader=yaml.SafeLoader))).document()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise DocumentError(
            f"settings: line {line}: a character that YAML forbids (remove it)"
        ) from error
    except yaml.MarkedYAMLError as error:
        raise DocumentError(_problem(error)) from error


def _problem(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    problem = error.problem if error.problem in _SAFE_PROBLEMS else "not valid YAML"
    return f"settings: {where}{problem} (check indent, colons and quotes)"


def _scalar(event: yaml.ScalarEvent) -> object:
    """Give plain words, whole numbers and decimals their type; all else is text.

    YAML's dates, octal numbers and numbers to the base of sixty (`22:00`) are text here.
    """
    text: str = event.value
    if event.style is not None:
        return text
    word = text.lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    if word in _NOTHING:
        return None
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _merged(built: list[_Built]) -> dict[str, Any]:
    """YAML's `<<`: what other mappings hold, the first of them first; keys beside it win."""
    values: dict[str, Any] = {}
    for one in built:
        for source in one.value if isinstance(one.value, list) else [one.value]:
            values = source | values
    return values


def _around(value: object, parts: list[_Built]) -> _Built:
    return _Built(
        value,
        values=1 + sum(part.values for part in parts),
        depth=1 + max((part.depth for part in parts), default=0),
    )
