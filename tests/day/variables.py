"""Variables as Grafana fills them in: their values, their quoting, and its own intervals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.day.asking import Asking, Labels
from tests.day.dashboards import Dashboard, Variable

_LABEL_VALUES = re.compile(r"label_values\((?:(.*),)?\s*(\w+)\s*\)", re.DOTALL)
_QUERY_RESULT = re.compile(r"query_result\((.*)\)", re.DOTALL)
_USE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\]")
_SPECIAL = re.compile(r"[$^*{}\[\]'+?.()|]")
RATE_INTERVAL = "4m"


class UnknownVariableError(Exception):
    """A query uses a variable that its dashboard does not have."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What stands for each variable; `varies` is the one that is not at All, if any."""

    values: Mapping[str, str]
    varies: Variable | None = None
    value: str = ""

    @property
    def name(self) -> str:
        """Say which choice it is."""
        return f"{self.varies.name}={self.value}" if self.varies else "All"

    @property
    def is_of_one(self) -> bool:
        """Whether it varies a variable that takes one value at a time."""
        return self.varies is not None and not (self.varies.has_all or self.varies.is_multi)

    def fill(self, expression: str) -> str:
        """The expression as Prometheus gets it."""

        def value(found: re.Match[str]) -> str:
            name = found[1] or found[2] or found[3]
            if name not in self.values:
                raise UnknownVariableError(f"no variable ${name}")
            return self.values[name]

        return _USE.sub(value, expression)


class Choices:
    """Every choice that a reader of a dashboard can make one variable at a time.

    Variables stand in the order in which they are asked: a choice changes those below it.
    """

    def __init__(self, dashboard: Dashboard, asking: Asking) -> None:
        self.empty: list[str] = []
        self._asking = asking
        self._variables = dashboard.variables
        self._asked: dict[str, list[str]] = {}
        self.all = Choice(self._chosen({}))
        self._single = list(self._singles())

    def single(self, expression: str) -> Iterator[Choice]:
        """Give the choices of one value that change an expression, the others at All."""
        everything = self.all.fill(expression)
        for choice in self._single:
            if choice.fill(expression) != everything:
                yield choice

    def of_one(self, expression: str) -> Iterator[Choice]:
        """Give those of variables that take one value at a time: none of them shows all."""
        return (choice for choice in self.single(expression) if choice.is_of_one)

    def _singles(self) -> Iterator[Choice]:
        for variable in self._variables:
            for value in self._values(variable, self.all.values):
                yield Choice(self._chosen({variable.name: value}), variable, value)

    def _chosen(self, fixed: Mapping[str, str]) -> dict[str, str]:
        chosen = built_in(self._asking)
        for variable in self._variables:
            values = self._values(variable, chosen)
            if not values and not fixed:
                self.empty.append(variable.name)
            if variable.name in fixed:
                chosen[variable.name] = _quoted(variable, fixed[variable.name])
            else:
                chosen[variable.name] = _default(variable, values)
        return chosen

    def _values(self, variable: Variable, chosen: Mapping[str, str]) -> list[str]:
        if not variable.query:
            return list(variable.values)
        query = Choice(chosen).fill(variable.query).strip()
        if query not in self._asked:
            self._asked[query] = _cut_out(variable.pattern, self._ask(query))
        return self._asked[query]

    def _ask(self, query: str) -> list[str]:
        if found := _LABEL_VALUES.fullmatch(query):
            return self._asking.label_values(found[2], found[1])
        if found := _QUERY_RESULT.fullmatch(query):
            return [_as_text(series) for series in self._asking.instant(found[1]).series]
        raise UnknownVariableError(f"what is {query!r}?")


def built_in(asking: Asking) -> dict[str, str]:
    """Grafana's own variables for the time range of the day."""
    seconds = round(asking.end - asking.start)
    return {
        "__rate_interval": RATE_INTERVAL,
        "__interval": "10m",
        "__interval_ms": "600000",
        "__range": f"{seconds}s",
        "__range_s": str(seconds),
        "__range_ms": str(seconds * 1000),
        "__from": f"{asking.start * 1000:.0f}",
        "__to": f"{asking.end * 1000:.0f}",
    }


def _as_text(labels: Labels) -> str:
    """Write a series as Grafana does before it looks for a pattern."""
    name = labels.get("__name__", "")
    pairs = (f'{label}="{value}"' for label, value in labels.items() if label != "__name__")
    return f"{name}{{{','.join(pairs)}}} 1 1000"


def _cut_out(pattern: str, texts: list[str]) -> list[str]:
    """Give what a pattern finds: its group `value`, else its first group, else all of it."""
    if not pattern:
        return texts
    wanted = re.compile(pattern.strip("/").replace("(?<", "(?P<"))
    found = [match for text in texts if (match := wanted.search(text))]
    cut = (m.groupdict().get("value") or (m[1] if wanted.groups else m[0]) for m in found)
    return list(dict.fromkeys(cut))


def _default(variable: Variable, values: list[str]) -> str:
    """Give All where a variable has it, else its first value."""
    quoted = [_quoted(variable, value) for value in values]
    if not variable.has_all:
        return quoted[0] if quoted else ""
    joined = f"({'|'.join(quoted)})" if len(quoted) > 1 else "".join(quoted)
    return variable.all_value or joined


def _quoted(variable: Variable, value: str) -> str:
    """Quote as Grafana's data source does: for a regular expression where many can be chosen."""
    if variable.is_multi or variable.has_all:
        return _SPECIAL.sub(r"\\\\\g<0>", value.replace("\\", r"\\\\"))
    return value.replace("\\", "\\\\").replace('"', '\\"')
