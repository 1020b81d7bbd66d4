"""The page that Prometheus scrapes: the fragments of every site, swapped whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from vr_exporter.domain.clock import Clock
from vr_exporter.domain.counts import SiteTotals
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import SiteSnapshot, Snapshot
from vr_exporter.metrics.catalogue import SITE_TABLES
from vr_exporter.metrics.counts import SURVIVES_EXCLUDE
from vr_exporter.metrics.deflate import HEAD, tail
from vr_exporter.metrics.expected import EXPECTED, Expectation, Presence, presence_of
from vr_exporter.metrics.family import Declaration
from vr_exporter.metrics.fragment import Forms, Fragment
from vr_exporter.metrics.fragments import TableFragments
from vr_exporter.metrics.own import OwnMetrics
from vr_exporter.metrics.sheet import Sheet, Strip, chunks_of, size_of
from vr_exporter.metrics.triggers import UNSITED_TABLES

_END = b"# EOF\n"
_OWN_SECONDS = 1.0
_PLAIN_KEPT_SECONDS = 600.0
_Part = tuple[bool, frozenset[str] | None]


@dataclass(frozen=True, slots=True)
class Body:
    """A page to send: its chunks in order, their length together, and the tag of these bytes."""

    chunks: tuple[bytes, ...]
    length: int
    etag: str


@dataclass(frozen=True, slots=True)
class _OwnPart:
    """Our own counters as they were at one time of the monotonic clock, by format and sites."""

    number: int
    made_at: float
    fragments: dict[_Part, Fragment] = field(default_factory=dict)


class _SiteFragments:
    """What is kept of one site: the fragments of each table, and its expected VMs."""

    def __init__(self, page: Page) -> None:
        self._tables: list[TableFragments[SiteSnapshot, Any]] = [
            TableFragments(table, is_shown=page.is_shown) for table in SITE_TABLES
        ]
        self.forms: dict[str, Forms] = {}
        self.presence = Presence()

    def render(self, site: SiteSnapshot, *, expected: frozenset[str], keeps_plain: bool) -> None:
        for table in self._tables:
            self.forms |= table.render(site, keeps_plain=keeps_plain)
        self.presence = presence_of(site, expected)

    def forget_plain(self) -> None:
        for forms in self.forms.values():
            forms.forget_plain()


class Page:
    """Rendered snapshots. `put` is for polls; `body` for scrapes, which read one reference only.

    Wishes that name no site we know stand at 0 until `put_unsited` is told their totals.
    """

    def __init__(
        self,
        *,
        own: OwnMetrics,
        clock: Clock,
        expected_vms: tuple[str, ...] = (),
        excluded: tuple[str, ...] = (),
    ) -> None:
        self._own = own
        self._clock = clock
        self._expected_vms = expected_vms
        self._excluded = excluded
        self._putting = threading.Lock()
        self._heads = tuple(
            (family.name, _head(family))
            for table in SITE_TABLES
            for family in table.families
            if self.is_shown(family.name)
        )
        self._expected = TableFragments(EXPECTED, is_shown=self.is_shown)
        self._expected_head = _head(EXPECTED.families[0])
        self._unsited = [TableFragments(t, is_shown=self.is_shown) for t in UNSITED_TABLES]
        self._unsited_totals = SiteTotals()
        self._sites: dict[SiteName, _SiteFragments] = {}
        self._sheet = Sheet()
        self._own_part = _OwnPart(number=0, made_at=-_OWN_SECONDS)
        self._plain_asked_at = -_PLAIN_KEPT_SECONDS
        self._start = int(clock.now() * 1000)

    def is_shown(self, name: str) -> bool:
        """Whether the settings leave a family on the page."""
        is_excluded = any(fnmatchcase(name, pattern) for pattern in self._excluded)
        return name == SURVIVES_EXCLUDE or not is_excluded

    def put(self, snapshot: Snapshot, *, changed: SiteName | None = None) -> None:
        """Render the changed site, or all, and show the new page from now on.

        The form that Prometheus asks for is put together here, the others when they are asked for.
        """
        with self._putting:
            begun = self._clock.monotonic()
            self._render(snapshot, changed)
            self._show(begun)

    def put_unsited(self, totals: SiteTotals) -> None:
        """Show from now on these totals of wishes that name no site we know."""
        with self._putting:
            begun = self._clock.monotonic()
            self._unsited_totals = totals
            self._show(begun)

    def body(self, *, openmetrics: bool, gzip: bool, sites: frozenset[str] | None = None) -> Body:
        """The page in one form, or the part of it that is about some sites."""
        if not gzip:
            self._plain_asked_at = self._clock.monotonic()
        sheet = self._sheet
        part = self._fresh_own_part()
        shown = chunks_of(sheet, openmetrics=openmetrics, gzip=gzip, sites=sites)
        own = self._own_fragment(part, openmetrics=openmetrics, sites=sites)
        if gzip:
            end = own.deflated + tail(shown.sum.then(own.sum))
            chunks = (HEAD, *shown.pieces, end)
        else:
            chunks = (*shown.pieces, own.plain())
        form = f"{'o' if openmetrics else 't'}{'z' if gzip else ''}"
        cut = "" if sites is None else f"-{'+'.join(sorted(sites)).encode().hex()}"
        etag = f'"{self._start:x}-{sheet.number:x}-{part.number:x}-{form}{cut}"'
        return Body(chunks, sum(map(len, chunks)), etag)

    def _show(self, begun: float) -> None:
        sheet = Sheet(self._sheet.number + 1, tuple(self._strips()))
        chunks_of(sheet, openmetrics=True, gzip=True, sites=None)
        self._sheet = sheet
        self._own.rendered(
            self._clock.monotonic() - begun,
            openmetrics_bytes=size_of(sheet, openmetrics=True),
            text_bytes=size_of(sheet, openmetrics=False),
        )

    def _render(self, snapshot: Snapshot, changed: SiteName | None) -> None:
        expected = frozenset(self._expected_vms)
        keeps_plain = self._clock.monotonic() - self._plain_asked_at < _PLAIN_KEPT_SECONDS
        kept = {name: self._sites.get(name) for name in snapshot.sites}
        for name, site in snapshot.sites.items():
            fragments = kept[name]
            if fragments is None or changed in (None, name):
                fragments = fragments or _SiteFragments(self)
                fragments.render(site, expected=expected, keeps_plain=keeps_plain)
                kept[name] = fragments
            if not keeps_plain:
                fragments.forget_plain()
        self._sites = {name: fragments for name, fragments in kept.items() if fragments}

    def _strips(self) -> Iterator[Strip]:
        places: list[tuple[SiteName | None, Mapping[str, Forms]]] = [
            *((site, fragments.forms) for site, fragments in self._sites.items()),
            (None, self._unsited_forms()),
        ]
        for name, head in self._heads:
            parts = tuple(
                (site, forms)
                for site, found in places
                if (forms := found.get(name)) and forms.text.size
            )
            if parts:
                yield Strip(head, parts)
        presences = [fragments.presence for fragments in self._sites.values()]
        answers = self._expected.render(Expectation(self._expected_vms, presences))
        for forms in answers.values():
            if forms.text.size:
                yield Strip(self._expected_head, ((None, forms),))

    def _unsited_forms(self) -> dict[str, Forms]:
        forms: dict[str, Forms] = {}
        for table in self._unsited:
            forms |= table.render(self._unsited_totals)
        return forms

    def _fresh_own_part(self) -> _OwnPart:
        part, now = self._own_part, self._clock.monotonic()
        if now - part.made_at >= _OWN_SECONDS:
            part = _OwnPart(part.number + 1, now)
            self._own_part = part
        return part

    def _own_fragment(
        self, part: _OwnPart, *, openmetrics: bool, sites: frozenset[str] | None
    ) -> Fragment:
        if (openmetrics, sites) not in part.fragments:
            plain = self._own.render(openmetrics=openmetrics, sites=sites, is_shown=self.is_shown)
            part.fragments.setdefault((openmetrics, sites), Fragment(plain + _END * openmetrics))
        return part.fragments[openmetrics, sites]


def _head(family: Declaration) -> Forms:
    return Forms(
        Fragment(family.header(openmetrics=True)), Fragment(family.header(openmetrics=False))
    )
