"""The page against the model: every series that is expected, and none beside them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.pages import Series, series_of

Sample = tuple[str, dict[str, str], float]

FREE: Final = re.compile(
    "vr_(api_(request_duration_seconds.*|retries_total|throttle_wait.*|throttled_until.*|budget.*"
    "|received_bytes_total|tls_verification_disabled)|poll_surprises_total|clock_skew_seconds"
    "|poll_duration_seconds|snapshot_render.*|exporter_.*|secret_.*|log_.*|alert.*|webhook.*"
    "|store_.*|trigger_(duration_seconds.*|circuit_open|kill_switch)|tasks_failed_total"
    "|task_errors_total|(task_duration|task_queue_wait|sync_duration)_seconds_bucket)"
    "|(process|python)_.*"
)
"""Series of which the model tells no number: they have rules of their own, or none here."""

PER_PROCESS: Final = re.compile(
    "vr_(api|poll|polls|store|log|secret|webhook|webhooks|alert|alerts)_.*|(process|python)_.*"
)
"""Counters that a restart sets back (metrics.md 1.3)."""

SUMMED: Final = {"vr_tasks_failed_total": "class", "vr_poll_duration_seconds": "stage"}
"""Families of which the model tells the sum over one label, as `sum of` the family."""

_COUNTER: Final = re.compile(".*_(total|count|sum|bucket)")
_LINE: Final = re.compile(
    r'(([a-zA-Z_:][\w:]*)(?:\{((?:\w+="(?:[^"\\\n]|\\[n"\\])*",?)*)\})?) (\S+)( # \{.*)?'
)
_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPES: Final = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One series that is not as it must be."""

    series: str
    expected: str
    seen: str

    def __str__(self) -> str:
        return f"{self.series} expected {self.expected}, seen {self.seen}"


@dataclass(slots=True)
class Pages:
    """All pages of a run, one after the other; `compared` counts series."""

    compared: int = 0
    _last: dict[Series, float] = field(default_factory=dict)
    _known: dict[str, Series] = field(default_factory=dict)

    def restart(self) -> None:
        """Let the counters of a process begin anew."""
        self._last = {key: n for key, n in self._last.items() if not PER_PROCESS.fullmatch(key[0])}

    def check(
        self, openmetrics: str, text: str, expected: Iterable[Sample], *, is_strict: bool
    ) -> list[Mismatch]:
        """Compare one page in both its forms; `is_strict` has the text form parsed strictly too."""
        try:
            seen, other = self._read(openmetrics), self._read(text)
            if is_strict:
                _same(seen, series_of(openmetrics))
                _same(other, series_of(text, openmetrics=False))
        except (ValueError, AssertionError) as error:
            return [Mismatch("the page", "one that parses", str(error)[:300])]
        wanted: dict[Series, float] = {}
        twice = []
        for name, labels, value in expected:
            key = name, frozenset((k, v) for k, v in labels.items() if v)
            twice += [Mismatch(_text(key), "once", "twice in the model")] if key in wanted else []
            wanted[key] = value
        self.compared += len(wanted)
        found = [*twice, *_differences(wanted, {**seen, **_sums(seen)})]
        found += [*_forms(seen, other), *_shape(seen)]
        found += self._falls(seen)
        self._last.update({key: n for key, n in seen.items() if _COUNTER.fullmatch(key[0])})
        self._forget(seen)
        return found

    def _read(self, text: str) -> dict[Series, float]:
        """Read a page line by line; what stands before the number was mostly read before."""
        found: dict[Series, float] = {}
        known: dict[str, Series] = {}
        for line in text.removesuffix("\n").split("\n"):
            if line.startswith("#"):
                continue
            head, _, number = line.rpartition(" ")
            key = self._known.get(head)
            if key is None or "# {" in line:
                match = _LINE.fullmatch(line)
                assert match, f"no sample: {line[:200]}"
                head, number = match[1], match[4]
                key = self._known.get(head) or (match[2], _labels(_LABEL.findall(match[3] or "")))
            assert key not in found, f"twice: {line[:200]}"
            known[head] = key
            found[key] = float(number)
        self._known = {**self._known, **known} if len(self._known) < 2 * len(known) else known
        return found

    def _falls(self, seen: Mapping[Series, float]) -> list[Mismatch]:
        """Those of one replication end with it, and begin anew where it comes back."""
        return [
            Mismatch(_text(key), f"no less than {before}", str(seen[key]))
            for key, before in self._last.items()
            if key in seen and seen[key] < before and not math.isclose(seen[key], before)
            if not key[0].startswith("vr_replication_")
        ]

    def _forget(self, seen: Mapping[Series, float]) -> None:
        """Drop replications that were gone for long: their ids never come again."""
        if len(self._last) > 4 * len(seen):
            self._last = {key: n for key, n in self._last.items() if key in seen}


def _same(quick: Mapping[Series, float], strict: Mapping[Series, float]) -> None:
    """Let the strict parser of prometheus_client bear the quick one out."""
    plain = {
        (name, frozenset((k, _bound(v) if k == "le" else v) for k, v in labels if v)): value
        for (name, labels), value in strict.items()
    }
    assert quick == plain, f"two parsers differ: {sorted(map(str, quick.items() ^ plain.items()))}"


def _labels(pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """An empty label is an absent label; 1.0 and 1 are one bound."""
    plain = ((k, re.sub(r'\\[n"\\]', lambda m: _ESCAPES[m[0]], v)) for k, v in pairs if v)
    return frozenset((k, _bound(v) if k == "le" else v) for k, v in plain)


def _bound(text: str) -> str:
    return f"{float(text):g}"


def _differences(wanted: Mapping[Series, float], seen: Mapping[Series, float]) -> list[Mismatch]:
    found = []
    for key, value in wanted.items():
        if key not in seen:
            found.append(Mismatch(_text(key), f"{value!r}", "nothing"))
        elif not math.isclose(seen[key], value, rel_tol=1e-9, abs_tol=1e-5):
            found.append(Mismatch(_text(key), f"{value!r}", f"{seen[key]!r}"))
    return found + [
        Mismatch(_text(key), "nothing", f"{seen[key]!r}")
        for key in seen.keys() - wanted.keys()
        if not FREE.fullmatch(key[0])
    ]


def _sums(seen: Mapping[Series, float]) -> dict[Series, float]:
    """Add the families of `SUMMED` up."""
    sums: dict[Series, float] = {}
    for (name, labels), value in seen.items():
        if over := SUMMED.get(name):
            key = f"sum of {name}", frozenset(pair for pair in labels if pair[0] != over)
            sums[key] = sums.get(key, 0.0) + value
    return sums


def _forms(seen: Mapping[Series, float], other: Mapping[Series, float]) -> list[Mismatch]:
    """Both forms hold the same series, and the same numbers save what moves with each look."""
    odd = seen.keys() ^ other.keys()
    odd |= {
        key for key in seen.keys() & other.keys() if _is_still(key[0]) and seen[key] != other[key]
    }
    return [
        Mismatch(f"text form of {_text(key)}", f"{seen.get(key)}", f"{other.get(key)}")
        for key in odd
    ]


def _is_still(name: str) -> bool:
    return not name.startswith(("process_", "python_", "vr_store_"))


def _shape(seen: Mapping[Series, float]) -> list[Mismatch]:
    """Buckets never fall and end at the count; classes of failures are no more than tasks."""
    buckets: dict[tuple[str, frozenset[tuple[str, str]]], list[tuple[float, float]]] = {}
    for (name, labels), value in seen.items():
        if name.endswith("_bucket"):
            own = frozenset(pair for pair in labels if pair[0] != "le")
            bound = float(dict(labels)["le"])
            buckets.setdefault((name.removesuffix("_bucket"), own), []).append((bound, value))
    found = []
    for (name, own), pairs in buckets.items():
        counts = [count for _, count in sorted(pairs)]
        if counts != sorted(counts) or counts[-1] != seen[f"{name}_count", own]:
            found.append(
                Mismatch(_text((name, own)), "buckets that rise to the count", f"{counts}")
            )
    return found


def _text(key: Series) -> str:
    labels = ",".join(f'{name}="{value}"' for name, value in sorted(key[1]))
    return f"{key[0]}{{{labels}}}"
