"""Whether the exporter sees every site."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    NONE_IS_BEST,
    NONE_IS_GOOD,
    ONE_IS_GOOD,
    UP_OR_DOWN,
    YES_IS_BAD,
    falling,
    rising,
)
from dashboards.build.panels import UNSEEN, Stat
from dashboards.build.promql import JOB, SITE, by_site, grown
from dashboards.build.tables import Column, Label, Table

_AGE: Final = f"time() - max by (site) (vr_poll_last_success_timestamp_seconds{{{SITE}}})"


NOW = Row(
    "Does it see?",
    (
        Stat(
            title="Exporters down",
            says="Exporters that Prometheus cannot scrape. Good is 0; without one, all else here"
            " is blind.",
            alerts=("VrExporterDown", "VrExporterAbsent"),
            expr=f"sum(1 - up{{{JOB}}})",
            thresholds=NONE_IS_GOOD,
            is_loud=True,
            empty=UNSEEN,
        ),
        Stat(
            title="Stale sites",
            says="Sites whose detail is withheld because it is too old. Good is 0; their polls"
            " fail, for a reason shown below.",
            alerts=("VrSiteDown",),
            expr=f"sum({by_site('vr_snapshot_stale', 'min')})",
            thresholds=NONE_IS_GOOD,
            is_loud=True,
            empty=UNSEEN,
        ),
        Stat(
            title="Oldest view of a site",
            says="Time since the last good poll of the site that was not seen for longest. Good is"
            " about the poll interval.",
            alerts=("VrPollFailing",),
            unit="s",
            expr=f"max({_AGE})",
            thresholds=rising(180, 300),
            is_loud=True,
            empty="no good poll yet",
        ),
        Stat(
            title="Failed logins in an hour",
            says="Logins that appliances refused. Good is 0; mend the credentials before the"
            " account is locked.",
            alerts=("VrLoginFailing",),
            expr=f"sum(increase(vr_api_login_failures_total{{{SITE}}}[1h]))",
            thresholds=NONE_IS_GOOD,
            decimals=0,
            is_loud=True,
            empty=UNSEEN,
        ),
        Stat(
            title="Throttled in an hour",
            says="Requests that appliances refused with a 429. Good is 0; lengthen the poll"
            " interval, or find the other client.",
            alerts=("VrRateLimited",),
            expr=f"sum(increase(vr_api_throttled_total{{{SITE}}}[1h]))",
            thresholds=NONE_IS_BEST,
            decimals=0,
            is_loud=True,
            empty=UNSEEN,
        ),
        Stat(
            title="Ledger",
            says="Whether the last write to the ledger worked, on every exporter. Good is up;"
            " while it is down no sync is started.",
            alerts=("VrStoreDown",),
            unit="none",
            expr=f"min(vr_store_up{{{JOB}}})",
            thresholds=ONE_IS_GOOD,
            words=UP_OR_DOWN,
            is_loud=True,
            empty=UNSEEN,
        ),
        Table(
            title="Sites",
            says="How each site is watched. Good: the age is about the interval, the skew below a"
            " minute, the certificate good for weeks, no rows left out.",
            alerts=("VrCertificateExpiring", "VrClockSkew", "VrRowsDropped", "VrPollSurprises"),
            empty=UNSEEN,
            width=24,
            height=6,
            labels=(Label("site", "Site"), Label("version", "Version"), Label("build", "Build")),
            columns=(
                Column(f"max by (site, version, build) (vr_appliance_info{{{SITE}}})"),
                Column(by_site("vr_up"), "Polled", words=UP_OR_DOWN),
                Column(_AGE, "Age", "s", rising(180, 300)),
                Column(by_site("vr_poll_interval_seconds", "min"), "Interval", "s"),
                Column(
                    f"max by (site) (abs(vr_clock_skew_seconds{{{SITE}}}))",
                    "Clock off by",
                    "s",
                    rising(30, 60),
                ),
                Column(
                    f"{by_site('vr_api_certificate_expiry_timestamp_seconds', 'min')} - time()",
                    "Certificate ends in",
                    "s",
                    falling(7 * 86_400, 14 * 86_400),
                ),
                Column(
                    by_site("vr_api_tls_verification_disabled"), "TLS unverified", words=YES_IS_BAD
                ),
                Column(by_site("vr_rows_dropped"), "Rows left out", thresholds=NONE_IS_GOOD),
                Column(
                    "sum by (site) ("
                    + grown("vr_poll_surprises_total", SITE, "site", "kind", over="1d")
                    + ")",
                    "Oddities in a day",
                    thresholds=NONE_IS_BEST,
                ),
            ),
        ),
    ),
)
