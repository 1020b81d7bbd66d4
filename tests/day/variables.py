"""Variables as Grafana fills them in: their values, their quoting, and its own intervals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.day.asking import Asking
from tests.day.dashboards import Dashboard, Variable

_LABEL_VALUES = re.compile(r"label_values\((?:(.*),)?\s*(\w+)\s*\)", re.DOTALL)
_METRICS = re.compile(r"metrics\((.*)\)")
_USE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\]")
_SPECIAL = re.compile(r"[$^*{}\[\]'+?.()|]")
RATE_INTERVAL = "4m"


class UnknownVariableError(Exception):
    """A query uses a variable that its dashboard does not have."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What stands for each variable; `name` says which choice it is."""

    name: str
    values: Mapping[str, str]

    def fill(self, expression: str) -> str:
        """The expression as Prometheus gets it."""

        def value(found: re.Match[str]) -> str:
            name = found[1] or found[2] or found[3]
            if name not in self.values:
                raise UnknownVariableError(f"no variable ${name}")
            return self.values[name]

        return _USE.sub(value, expression)


class Choices:
    """Every choice that a reader of a dashboard can make one variable at a time."""

    def __init__(self, dashboard: Dashboard, asking: Asking) -> None:
        self.empty: list[str] = []
        self._asking = asking
        self._variables = dashboard.variables
        self._built_in = built_in(asking)
        self._values: dict[str, list[str]] = {}
        self._all: dict[str, str] = {}
        for variable in dashboard.variables:
            self._learn(variable)

    @property
    def all(self) -> Choice:
        """All for each variable that has it, else its first value."""
        return Choice("All", {**self._built_in, **self._all})

    def single(self) -> Iterator[Choice]:
        """Each value of each variable, the others at All."""
        for variable in self._variables:
            for value in self._values[variable.name]:
                chosen = {**self.all.values, variable.name: _quoted(variable, value)}
                yield Choice(f"{variable.name}={value}", chosen)

    def _learn(self, variable: Variable) -> None:
        values = self._ask(variable) if variable.query else list(variable.values)
        if not values:
            self.empty.append(variable.name)
        self._values[variable.name] = values
        quoted = [_quoted(variable, value) for value in values]
        joined = f"({'|'.join(quoted)})" if len(quoted) > 1 else "".join(quoted)
        first = quoted[0] if quoted else ""
        self._all[variable.name] = (variable.all_value or joined) if variable.has_all else first

    def _ask(self, variable: Variable) -> list[str]:
        query = self.all.fill(variable.query)
        if found := _LABEL_VALUES.fullmatch(query.strip()):
            return self._asking.label_values(found[2], found[1])
        if found := _METRICS.fullmatch(query.strip()):
            names = self._asking.label_values("__name__", None)
            return [name for name in names if re.search(found[1], name)]
        raise UnknownVariableError(f"${variable.name}: what is {query!r}?")


def built_in(asking: Asking) -> dict[str, str]:
    """Grafana's own variables for the time range of the day."""
    seconds = round(asking.end - asking.start)
    return {
        "__rate_interval": RATE_INTERVAL,
        "__interval": "1m",
        "__interval_ms": "60000",
        "__range": f"{seconds}s",
        "__range_s": str(seconds),
        "__range_ms": str(seconds * 1000),
        "__from": f"{asking.start * 1000:.0f}",
        "__to": f"{asking.end * 1000:.0f}",
    }


def _quoted(variable: Variable, value: str) -> str:
    """Quote as Grafana's data source does: for a regular expression where many can be chosen."""
    if variable.is_multi or variable.has_all:
        return _SPECIAL.sub(r"\\\\\g<0>", value.replace("\\", r"\\\\"))
    return value.replace("\\", "\\\\").replace('"', '\\"')
