"""Pieces of PromQL that every dashboard uses: selectors, and views that count a fact once."""

from __future__ import annotations

from typing import Final

from dashboards.build.looks import STATUS_GROUPS

JOB: Final = 'job=~"$job",instance=~"$instance"'
SITE: Final = f'{JOB},site=~"$site"'
ANY_SITE: Final = f'{JOB},site=~"$site|"'
"""Wishes that name no known site are counted without one; *All* has to show them too."""
PAIRING: Final = f'{SITE},pairing=~"$pairing"'
ONCE: Final = f'{PAIRING},direction!="incoming"'
"""Counts of a fleet are those of the sources: the other end counts the same replications."""
ONE: Final = f'{PAIRING},replication="$replication"'
"""The replication that was chosen, as every site sees it."""

LAST_TO_READ: Final = (
    "on (job, instance, site) topk by (site) (1, max by (job, instance, site)"
    f" (vr_poll_last_success_timestamp_seconds{{{SITE}}}))"
)
"""After `and`: of the exporters that watch a site, the one that read it last."""

OBJECTIVE_ERROR: Final = 0.005
"""One replication minute in two hundred may be breached (dashboards/rules/vr-rules.yml)."""


def counted(family: str, where: str) -> str:
    """A count of replications by site and pairing, once for all exporters.

    Each exporter adds up by itself first: two that are out of step see one replication in two
    states, so that the largest of each state together would be too many.
    """
    selected = f"{family}{{{PAIRING},{where}}}"
    return f"max by (site, pairing) (sum by (job, instance, site, pairing) ({selected}))"


def share_of_states(pattern: str) -> str:
    """How many replications are in these states, by the exporter that read each site last.

    Parts of a whole come from one exporter: the larger of two for each would be too many together.
    """
    told = f'sum by (job, instance, site) (vr_replications{{{ONCE},status=~"{pattern}"}})'
    return f"{told} and {LAST_TO_READ}"


def verdicts(pattern: str) -> str:
    """How many replications stand so against their RPO, by pairing."""
    return counted("vr_replications_rpo", f'direction!="incoming",verdict=~"{pattern}"')


def statuses(pattern: str) -> str:
    """How many replications are in these states, by pairing."""
    return counted("vr_replications", f'direction!="incoming",status=~"{pattern}"')


def each(family: str) -> str:
    """A value of every replication, once for all who see it."""
    return f"max by (replication, vm) ({family}{{{PAIRING}}})"


def quantile(share: float, family: str, selector: str, *labels: str, by: str = "") -> str:
    """A quantile over the buckets of a histogram; `labels` are all that tell its series apart.

    The larger of two exporters' rates comes first, so that a fact both saw weighs once.
    """
    buckets = f"rate({family}_bucket{{{selector}}}[$__rate_interval])"
    once = f"max by ({', '.join((*labels, 'le'))}) ({buckets})"
    kept = ", ".join(filter(None, (by, "le")))
    return f"histogram_quantile({share}, sum by ({kept}) ({once}))"


def grown(family: str, selector: str, *labels: str, over: str = "$__interval") -> str:
    """By how much a counter grew, once for all exporters that count it.

    In steps that do not overlap, so that bars can be added up.
    """
    return f"max by ({', '.join(labels)}) (increase({family}{{{selector}}}[{over}]))"


def counted_in_range(family: str, selector: str, *labels: str) -> str:
    """By how much counters grew in the range chosen, those included that began in it.

    A series that is there from its first event on is born at 1, and `increase` misses that one:
    of what was not there in the day before the range, all of it counts.
    """
    here = f"{family}{{{selector}}}"
    kept = ", ".join(labels)
    before = f"last_over_time({here}[1d] offset $__range)"
    born = f"{here} unless on ({kept}) {before}"
    return f"max by ({kept}) ({born} or increase({here}[$__range]))"


def grown_in_steps(family: str, selector: str, *labels: str) -> str:
    """By how much a counter of a site grew in each step, by the exporter that read the site last.

    The larger of two exporters' steps would be too many together, since one lags behind the other.
    """
    steps = f"increase({family}{{{selector}}}[$__interval])"
    return f"max by ({', '.join(labels)}) ({steps} and {LAST_TO_READ})"


def status_code(by: str = "") -> str:
    """The group of states that the chosen replication is in, as its code.

    As the exporter tells it that read the site last: another may tell a state that has passed.
    """
    known = [group for group in STATUS_GROUPS if "OTHER" not in group.statuses]
    rest = next(group for group in STATUS_GROUPS if "OTHER" in group.statuses)
    parts = [
        f'vr_replication_status{{{ONE},status=~"{group.pattern}"}} * {group.code}'
        for group in known
    ]
    code = " or ".join([*parts, f"vr_replication_status{{{ONE}}} * {rest.code}"])
    grouping = f" by ({by})" if by else ""
    return f"max{grouping} (({code}) and {LAST_TO_READ})"


def the(family: str) -> str:
    """A value of the chosen replication."""
    return f"max({family}{{{ONE}}})"


def seen_by_site(family: str, *labels: str, selector: str = ONE) -> str:
    """A value of the chosen replication as each site sees it."""
    return f"max by ({', '.join(('site', *labels))}) ({family}{{{selector}}})"


def by_site(family: str, aggregation: str = "max") -> str:
    """A value of each site, once for all exporters that watch it."""
    return f"{aggregation} by (site) ({family}{{{SITE}}})"


def by_instance(family: str) -> str:
    """A value of each exporter."""
    return f"max by (instance) ({family}{{{JOB}}})"


def rate_of(family: str, *labels: str, selector: str = SITE) -> str:
    """Work of each exporter adds up: what two of them ask the appliance is asked twice."""
    return f"sum by ({', '.join(labels)}) (rate({family}{{{selector}}}[$__rate_interval]))"


def tasks(status: str, operation: str = '="sync"') -> str:
    """How many unfinished tasks there are, at all sites."""
    selector = f'{SITE},operation{operation},status="{status}"'
    return f"sum(max by (site, operation) (vr_tasks{{{selector}}}))"


def wishes(family: str) -> str:
    """How many wishes for a sync there are, at all sites."""
    return f"sum(max by (site) ({family}{{{SITE}}}))"
