"""Every query of every dashboard against stored days: it runs, answers, and stays in bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.day import expressions
from tests.day.asking import Answer, AskError, Asking
from tests.day.dashboards import Dashboard, Query
from tests.day.variables import Choice, Choices, UnknownVariableError

MOST_SERIES = 500
MOMENTS = 96
"""A quiet panel that shows one moment is asked at so many of the bad day."""


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
            self._check_all(query, chosen.all, asking)
            self._check_singles(query, chosen, asking)
        except (UnknownVariableError, AskError, ValueError) as error:
            self._fail(query.place, "All", str(error))

    def _check_text(self, query: Query, choices: tuple[Choices, Choices]) -> None:
        """Look for what an `or vector(0)` would hide: selectors that never meet anything."""
        trees = [expressions.parse(choice.all.fill(query.expression)) for choice in choices]
        for text in expressions.misused(trees[0], self.types):
            self._fail(query.place, "All", text)
        days = zip(*map(expressions.selectors, trees), strict=True)
        for lively, bad in days:
            if not self.lively.has_series(lively.text) and not self.bad.has_series(bad.text):
                self._fail(query.place, "All", f"nothing is ever selected by {lively.text}")

    def _check_all(self, query: Query, choice: Choice, asking: Asking) -> None:
        expression = choice.fill(query.expression)
        answer = self._ask(query, expression, asking)
        if query.is_quiet and query.is_instant and not answer.series:
            answer = self._ask_again(query, expression, asking)
        if not answer.series:
            self._fail(query.place, choice.name, f"no data: {expression}")
        self._check_answer(query, choice, answer)

    def _ask_again(self, query: Query, expression: str, asking: Asking) -> Answer:
        step = (asking.end - asking.start) / MOMENTS
        for number in range(MOMENTS):
            answer = self._ask(query, expression, asking, at=asking.end - number * step)
            if answer.series:
                return answer
        return Answer()

    def _check_singles(self, query: Query, choices: Choices, asking: Asking) -> None:
        """Choose each value of each variable that the query uses."""
        everything = choices.all.fill(query.expression)
        for choice in choices.single():
            expression = choice.fill(query.expression)
            if expression != everything:
                self._check_answer(query, choice, self._ask(query, expression, asking))

    def _ask(
        self, query: Query, expression: str, asking: Asking, *, at: float | None = None
    ) -> Answer:
        self.report.asked += 1
        ask: Callable[[], Answer] = (
            (lambda: asking.instant(expression, at))
            if query.is_instant
            else (lambda: asking.range(expression))
        )
        return ask()

    def _check_answer(self, query: Query, choice: Choice, answer: Answer) -> None:
        for remark in answer.remarks:
            self._fail(query.place, choice.name, f"Prometheus remarks: {remark}")
        if len(answer.series) > MOST_SERIES and not query.is_heatmap:
            self._fail(query.place, choice.name, f"{len(answer.series)} series at once")

    def _fail(self, place: str, choice: str, text: str) -> None:
        self.report.failures.append(Failure(place, choice, text))
