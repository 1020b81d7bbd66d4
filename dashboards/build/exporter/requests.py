"""What the exporter asks of the appliances."""

from __future__ import annotations

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    BLUE,
    GREEN,
    ORANGE,
    RED,
    Thresholds,
)
from dashboards.build.panels import UNSEEN, Chart, Query
from dashboards.build.promql import SITE, rate_of

REQUESTS = Row(
    "Requests to the appliances",
    (
        Chart(
            title="Requests by endpoint",
            says="Requests of all exporters. Good is the same every interval; more than usual is"
            " paging, retries or somebody who starts many syncs.",
            unit="reqps",
            decimals=2,
            has_long_legend=True,
            empty=UNSEEN,
            queries=(Query(rate_of("vr_api_requests_total", "endpoint"), "{{endpoint}}"),),
            style="area",
            is_stacked=True,
            lowest=0,
        ),
        Chart(
            title="Time to answer, 95 %",
            says="How long 95 % of the requests to each endpoint took at most. Good is below a few"
            " seconds; a slow appliance makes long polls.",
            unit="s",
            has_long_legend=True,
            empty=UNSEEN,
            queries=(
                Query(
                    "histogram_quantile(0.95, "
                    + rate_of("vr_api_request_duration_seconds_bucket", "endpoint", "le")
                    + ")",
                    "{{endpoint}}",
                ),
            ),
            lowest=0,
        ),
        Chart(
            title="Answers that were no success",
            says="Requests that got no answer or a code other than 2xx. Good is nothing; 401 and"
            " 403 are rights, 429 is too many requests, error is the network.",
            alerts=("VrLoginFailing", "VrRateLimited"),
            width=8,
            empty="Every request was a success.",
            queries=(
                Query(
                    "sum by (endpoint, code)"
                    f' (increase(vr_api_requests_total{{{SITE},code!~"2.."}}[$__interval])) > 0',
                    "{{endpoint}} {{code}}",
                ),
            ),
            style="bars",
            is_stacked=True,
            lowest=0,
        ),
        Chart(
            title="Request budget used",
            says="Share used of the requests that we allow ourselves in a minute. Good is below"
            " 80 %; at 100 % polls stretch and syncs wait.",
            alerts=("VrRateLimited",),
            unit="percentunit",
            width=8,
            empty=UNSEEN,
            queries=(
                Query(
                    f"1 - min by (site) (vr_api_budget_remaining_requests{{{SITE}}}"
                    f" / vr_api_budget_requests{{{SITE}}})",
                    "{{site}}",
                ),
            ),
            lowest=0,
            highest=1,
            thresholds=Thresholds(GREEN, ((0.8, ORANGE), (1, RED))),
            has_threshold_lines=True,
        ),
        Chart(
            title="Throttles and retries",
            says="Refusals with a 429, and requests sent again by cause. Good is nothing; retries"
            " for timeouts and connect are the network's.",
            alerts=("VrRateLimited",),
            width=8,
            empty=UNSEEN,
            queries=(
                Query(
                    f"sum(increase(vr_api_throttled_total{{{SITE}}}[$__interval]))",
                    "throttled",
                    RED,
                ),
                Query(
                    f"sum by (reason) (increase(vr_api_retries_total{{{SITE}}}[$__interval])) > 0",
                    "retried: {{reason}}",
                ),
            ),
            style="bars",
            is_stacked=True,
            lowest=0,
        ),
        Chart(
            title="Time held back",
            says="Seconds in each second that requests wait for our own pace or for a throttle."
            " Good is near 0; at 1 and more a site is asked for more than it may be asked.",
            alerts=("VrRateLimited",),
            width=8,
            empty=UNSEEN,
            queries=(Query(rate_of("vr_api_throttle_wait_seconds_total", "site"), "{{site}}"),),
            lowest=0,
        ),
        Chart(
            title="Logins",
            says="Logins tried and refused. Good is a few a day; rising logins mean that sessions"
            " are lost, each refusal brings the account nearer to its lock.",
            alerts=("VrLoginFailing",),
            width=8,
            empty=UNSEEN,
            queries=(
                Query(f"sum(increase(vr_api_logins_total{{{SITE}}}[$__interval]))", "tried", BLUE),
                Query(
                    f"sum(increase(vr_api_login_failures_total{{{SITE}}}[$__interval]))",
                    "refused",
                    RED,
                ),
            ),
            style="bars",
            lowest=0,
        ),
        Chart(
            title="Bytes received",
            says="What the answers of each site weigh. Good is the same every interval; it grows"
            " with the number of replications and of syncs that run.",
            unit="binBps",
            width=8,
            empty=UNSEEN,
            queries=(Query(rate_of("vr_api_received_bytes_total", "site"), "{{site}}"),),
            lowest=0,
        ),
    ),
)
