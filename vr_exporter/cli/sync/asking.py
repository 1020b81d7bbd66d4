"""Asking an exporter over HTTP: what the words mean, and a wish for each target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from vr_exporter.cli.common import CommandError, no_such_site
from vr_exporter.cli.plain import shown
from vr_exporter.cli.reached import Reached
from vr_exporter.cli.remote import Answer, NoAnswerError, Parameters
from vr_exporter.cli.sync.standing import Standing, Target
from vr_exporter.domain.triggers import TriggerState

_GOOD = frozenset({200, 202})
_OK, _CONFLICT = 200, 409
_PASSING = frozenset({502, 503, 504})
"""An exporter that stops or starts, a store in trouble, or a gateway: soon it may be well again.

A problem of the exporter's own says that nothing was taken; a gateway's page says nothing.
"""
_ENDS_ALL = frozenset({401, 403})
"""Refused once, every other wish of the same command would be refused as well."""

TRIES = 8
TRY_SECONDS = 1.0
READING_SECONDS = 300.0
"""So long a first reading of the sites is waited for; a large one takes what the pace makes it."""
_LONGEST_QUERY = 2500
"""Characters of names in one request, well within the request line of any server."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody typed; `site` and `pairing` narrow all."""

    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    is_all: bool = False
    site: str | None = None
    pairing: str | None = None

    @property
    def is_sweeping(self) -> bool:
        """Whether something may be left out unseen where a site cannot be read."""
        return self.is_all or bool(self.patterns)


@dataclass(frozen=True, slots=True)
class Found:
    """The targets meant, each once; a line for each word that failed, and what was not read."""

    targets: tuple[Target, ...]
    faults: tuple[str, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every wish of one command, as the API takes it."""

    timeout_seconds: float
    max_age_seconds: float | None = None
    is_forced: bool = False
    is_dry_run: bool = False

    def as_json(self) -> dict[str, object]:
        """The body of a wish."""
        body: dict[str, object] = {"origin": "cli", "timeout_seconds": self.timeout_seconds}
        if self.max_age_seconds is not None:
            body["max_age_seconds"] = self.max_age_seconds
        if self.is_forced:
            body["force"] = True
        if self.is_dry_run:
            body["dry_run"] = True
        return body


class Asking:
    """Speaks of syncs with an exporter. `wait` sleeps the given seconds."""

    def __init__(self, reached: Reached, *, wait: Callable[[float], object]) -> None:
        self._reached = reached
        self._wait = wait

    def resolve(self, wanted: Wanted, *, patience_seconds: float = READING_SECONDS) -> Found:
        """Have the exporter say what is meant, once it has read its sites."""
        self._wait_for_sites(wanted.site, min(patience_seconds, READING_SECONDS))
        targets: dict[str, Target] = {}
        faults: dict[str, None] = {}
        unread: dict[str, None] = {}
        for parameters in _questions(wanted):
            answer = self._get("/api/v1/targets", parameters)
            targets.update((row["replication"], _target(row)) for row in answer["targets"])
            faults.update((shown(str(fault["sentence"])), None) for fault in answer["faults"])
            unread.update((shown(str(line)), None) for line in answer.get("unread", ()))
        return Found(tuple(targets.values()), tuple(faults), tuple(unread))

    def post(self, standing: Standing, terms: Terms) -> Standing:
        """Make one wish; what got no answer is asked for again as the same wish, never as a second.

        Raises CommandError for what would refuse every other wish too.
        """
        target = standing.target
        path = f"/api/v1/sites/{_part(target.site)}/replications/{_part(target.replication)}/sync"
        may_have_arrived = False
        for _ in range(TRIES):
            try:
                answer = self._reached.exporter.ask(
                    "POST", path, shape=terms.as_json(), key=standing.token
                )
            except NoAnswerError as error:
                fault: CommandError = error
                may_have_arrived |= error.may_have_arrived
            else:
                if answer.status not in _PASSING:
                    return self._taken(standing, answer, path)
                fault = self._reached.exporter.refusal(answer, path)
                may_have_arrived |= answer.shape is None
            self._wait(TRY_SECONDS)
            self._reached.again()
        if not may_have_arrived:
            raise fault
        return standing.unheard(f"whether it was asked for is unknown: {fault}")

    def _taken(self, standing: Standing, answer: Answer, path: str) -> Standing:
        shape = answer.shape
        if isinstance(shape, dict) and (answer.status in _GOOD or _is_skipped(answer)):
            after = standing.after(shape)
            if shape.get("would_act") is not None:
                return replace(after, would_act=bool(shape["would_act"]))
            if after.state is not None:
                return after
            return standing.unheard("the exporter's answer to the wish could not be read")
        refusal = self._reached.exporter.refusal(answer, path)
        if answer.status in _ENDS_ALL:
            raise refusal
        return standing.not_taken(str(refusal))

    def _wait_for_sites(self, site: str | None, patience_seconds: float) -> None:
        """An exporter that has just started knows no VM yet, nor where a VM is asked best."""
        waited = 0.0
        while True:
            sites = self._get("/api/v1/sites")["sites"]
            names = [row["site"] for row in sites]
            if site is not None and site not in names:
                raise no_such_site(site, names)
            if all(row["tried"] for row in sites) or waited >= patience_seconds:
                return
            self._wait(TRY_SECONDS / 2)
            waited += TRY_SECONDS / 2

    def _get(self, path: str, parameters: Parameters = ()) -> Any:
        answer = self._reached.exporter.ask("GET", path, parameters)
        if answer.status != _OK or not isinstance(answer.shape, dict):
            raise self._reached.exporter.refusal(answer, path)
        return answer.shape


def _is_skipped(answer: Answer) -> bool:
    """Whether a guard said no: the problem holds the wish as it stands."""
    return answer.status == _CONFLICT and answer.shape.get("state") == TriggerState.SKIPPED


def _questions(wanted: Wanted) -> Iterator[Parameters]:
    """The words in requests of a length that every server takes, in their order."""
    place = [("site", wanted.site), ("pairing", wanted.pairing)]
    fixed = [(name, value) for name, value in place if value is not None]
    words = [("name", name) for name in wanted.names]
    words += [("match", pattern) for pattern in wanted.patterns]
    words += [("all", "true")] if wanted.is_all else []
    group: list[tuple[str, str]] = []
    for word in words:
        if group and len(urlencode([*group, word])) > _LONGEST_QUERY:
            yield [*group, *fixed]
            group = []
        group.append(word)
    yield [*group, *fixed]


def ask_all(
    asking: Asking, standings: Iterable[Standing], terms: Terms, put: Callable[[Standing], None]
) -> None:
    """Make the wishes in their order; one that ends them all leaves those before it under way."""
    refusal: CommandError | None = None
    has_taken = False
    for standing in standings:
        if refusal is not None:
            put(standing.not_taken(str(refusal)))
            continue
        put(replace(standing, is_sent=True))
        try:
            after = asking.post(standing, terms)
        except CommandError as error:
            if not has_taken:
                raise
            refusal, after = error, standing.not_taken(str(error))
        has_taken = has_taken or bool(after.key) or after.is_unheard
        put(after)


def _target(row: dict[str, Any]) -> Target:
    return Target(*(str(row[name]) for name in ("replication", "site", "pairing", "vm")))


def _part(text: str) -> str:
    return quote(text, safe="")
