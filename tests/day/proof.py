"""Every query of every dashboard against stored days: it runs, answers, and stays in bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tests.day import expressions
from tests.day.asking import Answer, AskError, Asking
from tests.day.dashboards import Dashboard, Query
from tests.day.variables import Choice, Choices, UnknownVariableError
from tests.queries import parse

MOST_SERIES = 500
"""More lines than that nobody reads, and Grafana grows slow."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A query, what was chosen when it failed, and how."""

    place: str
    choice: str
    text: str

    def __str__(self) -> str:
        return f"{self.place} [{self.choice}]: {self.text}"


@dataclass
class Report:
    """What was tried, and what failed."""

    dashboards: int = 0
    panels: int = 0
    queries: int = 0
    variables: int = 0
    quiet: int = 0
    asked: int = 0
    failures: list[Failure] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Say it to people."""
        yield from map(str, self.failures)
        yield (
            f"{self.dashboards} dashboards, {self.panels} panels, {self.queries} queries"
            f" ({self.quiet} quiet), {self.variables} variables, asked {self.asked} times,"
            f" {len(self.failures)} failures"
        )


@dataclass
class Proof:
    """Runs dashboards against a lively day and a bad one; `types` are of the families."""

    lively: Asking
    bad: Asking
    types: Mapping[str, str]
    report: Report = field(default_factory=Report)
    _met: dict[tuple[str, str], bool] = field(default_factory=dict)

    def run(self, dashboards: Iterable[Dashboard]) -> Report:
        """Prove all of them."""
        for dashboard in dashboards:
            self._prove(dashboard)
        return self.report

    def _prove(self, dashboard: Dashboard) -> None:
        report = self.report
        report.dashboards += 1
        report.panels += dashboard.panels
        report.queries += len(dashboard.queries)
        report.variables += len(dashboard.variables)
        report.quiet += sum(query.is_quiet for query in dashboard.queries)
        try:
            choices = Choices(dashboard, self.lively), Choices(dashboard, self.bad)
        except (UnknownVariableError, AskError) as error:
            self._fail(dashboard.uid, "variables", str(error))
            return
        for name in choices[0].empty:
            self._fail(dashboard.uid, f"${name}", "has no value")
        for query in dashboard.queries:
            self._guarded(query, choices)

    def _guarded(self, query: Query, choices: tuple[Choices, Choices]) -> None:
        try:
            self._check_text(query, choices)
            chosen, asking = (choices[1], self.bad) if query.is_quiet else (choices[0], self.lively)
            self._check_all(query, chosen, asking)
            self._check_singles(query, chosen, asking)
        except (UnknownVariableError, AskError, ValueError) as error:
            self._fail(query.place, "All", str(error))

    def _check_text(self, query: Query, choices: tuple[Choices, Choices]) -> None:
        """Look for what an `or vector(0)` would hide: selectors that never meet anything."""
        tree = parse(choices[0].all.fill(query.expression))
        for text in expressions.misused(tree, self.types):
            self._fail(query.place, "All", text)
        unmet = self._unmet(query, choices[0], self.lively)
        if unmet:
            unmet_either = self._unmet(query, choices[1], self.bad)
            for place in sorted(unmet.keys() & unmet_either.keys()):
                self._fail(query.place, "All", f"nothing is ever selected by {unmet[place]}")

    def _unmet(self, query: Query, choices: Choices, asking: Asking) -> dict[int, str]:
        """Find the selectors, by their place, that meet no series under any choice of one."""
        unmet: dict[int, str] | None = None
        for choice in (choices.all, *choices.of_one(query.expression)):
            found = expressions.selected(parse(choice.fill(query.expression)))
            texts = dict(enumerate(found))
            unmet = {
                place: text
                for place, text in (texts if unmet is None else unmet).items()
                if not self._has_series(asking, texts[place])
            }
            if not unmet:
                break
        return unmet or {}

    def _has_series(self, asking: Asking, selector: str) -> bool:
        key = (asking.url, selector)
        if key not in self._met:
            self._met[key] = asking.has_series(selector)
        return self._met[key]

    def _check_all(self, query: Query, choices: Choices, asking: Asking) -> None:
        """Ask with All; where a variable has none, any of its values may give the data."""
        answer = self._ask(query, choices.all.fill(query.expression), asking)
        self._check_answer(query, choices.all, answer)
        if answer.series:
            return
        for choice in (choices.all, *choices.of_one(query.expression)):
            expression = choice.fill(query.expression)
            if query.is_quiet:
                query = replace(query, is_instant=False)  # asks at each minute of the day
            if self._ask(query, expression, asking).series:
                return
        self._fail(query.place, "All", f"no data: {choices.all.fill(query.expression)}")

    def _check_singles(self, query: Query, choices: Choices, asking: Asking) -> None:
        """Choose each value of each variable that the query uses."""
        for choice in choices.single(query.expression):
            answer = self._ask(query, choice.fill(query.expression), asking)
            self._check_answer(query, choice, answer)

    def _ask(self, query: Query, expression: str, asking: Asking) -> Answer:
        self.report.asked += 1
        return asking.instant(expression) if query.is_instant else asking.range(expression)

    def _check_answer(self, query: Query, choice: Choice, answer: Answer) -> None:
        for remark in answer.remarks:
            self._fail(query.place, choice.name, f"Prometheus remarks: {remark}")
        if len(answer.series) > MOST_SERIES and not query.is_heatmap:
            self._fail(query.place, choice.name, f"{len(answer.series)} series at once")

    def _fail(self, place: str, choice: str, text: str) -> None:
        self.report.failures.append(Failure(place, choice, text))
