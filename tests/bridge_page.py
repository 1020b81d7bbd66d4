"""docs/alert-bridge.md from the tables of the program: `python -m tests.bridge_page` prints it."""

from __future__ import annotations

import sys

from vr_exporter.domain.triggers import REASONS
from vr_exporter.ledger.steps import FINAL_REASONS
from vr_exporter.metrics.webhooks import REFUSED
from vr_exporter.syncing.guards.chain import CHAIN
from vr_exporter.web.webhook import ANSWERS

_ELSEWHERE = {"ambiguous_name"}
"""Reasons that no guard gives: a name that means two is turned away before a wish is made."""

_WHY = {
    "auth": "no credential, a wrong one, or a page of another site: 401 or 403",
    "body": "no webhook, too large, too slow or no JSON: 400, 408, 413 or 415",
    "disabled": "the settings have no `webhook`: 403",
    "store": "it has to come again: the ledger cannot take it, a site that it names has not been "
    "read yet, or vr-exporter stops: 503",
}

_HEAD = """\
# The alert bridge

<!-- Made by `python -m tests.bridge_page`; a test holds this file to the program. -->

An alert that says that a replication is past its RPO may start the sync that cures it. Alertmanager
posts it to vr-exporter, a chain of guards decides, the ledger takes the wish, and one `POST` leaves
for the appliance: at most one per episode, and none forgotten. The way out, the alerts that
vr-exporter sends of itself, shares ledger and labels with it.

## From rule to healed RPO

1. Let the rule say so. The shipped `VrRpoBreached` (`vr-exporter rules`) has the labels `site`,
   `replication` and `vr_action: sync`, and is seen from the source only.
2. Open the webhook, first to look on. Only one credential opens it, and it opens nothing else:

   ```yaml
   alertmanagers: [{url: http://am-1:9093}, {url: http://am-2:9093}]   # each member, no balancer
   webhook:
     bearer_token_file: /run/secrets/webhook
     mode: dry-run                # the default: say what would be done
     rules: [VrRpoBreached]       # or matchers: 'VrRpoBreached{site="madrid"}'
     cooldown: 30m                # never less than the replication's RPO
   ```

3. Give Alertmanager a receiver and two routes, the dead man's and the alerts':

   ```yaml
   route:
     routes:
       - matchers: [alertname = VrDeadman]
         receiver: vr-bridge
         group_wait: 0s
         group_interval: 1m
         repeat_interval: 5m
       - matchers: [vr_action = sync, vr_origin != bridge]
         receiver: vr-bridge
         group_by: [alertname, site, replication]
         group_wait: 10s
         group_interval: 1m
         repeat_interval: 30m     # the pace at which a refused wish is offered again
         continue: true           # people hear of it as well
   receivers:
     - name: vr-bridge
       webhook_configs:
         - url: http://vr-exporter:10843/api/v1/alertmanager
           send_resolved: true
           max_alerts: 0
           http_config:
             follow_redirects: false
             authorization: {type: Bearer, credentials_file: /etc/alertmanager/vr-bridge.token}
   ```

4. `vr-exporter check` reads what each Alertmanager runs with, and says in a line each what to
   change. `vr-exporter bridge test-alert` proves the way out, hop by hop.
5. Watch `vr-exporter bridge log` for a week. `vr-exporter bridge explain db-01` says of every guard
   what it looked at, `vr-exporter bridge simulate webhook.json` what a body would lead to.
6. Set `mode: on`. What then happens to a VM that falls behind:

   | at | what | seen in |
   |---|---|---|
   | 10:00 | db-01 is past its RPO by more than the grace | `vr_replication_rpo_breached` |
   | 10:10 | `VrRpoBreached` fires, Alertmanager waits its `group_wait` | Alertmanager |
   | 10:10:10 | the webhook comes, all guards pass, the ledger has the wish: 202 | `bridge log` |
   | 10:10:11 | the replication is read anew and still in breach: one POST | `vr_trigger_requests_total` |
   | 10:14 | the sync ends, the next poll shows the RPO met | `vr_replication_rpo_breached` 0 |
   | 10:25 | the alert resolves; each repeat until then is `duplicate` | `vr_trigger_skips_total` |

## Every alert has an outcome

`vr_webhook_alerts_total` counts the alerts of the webhooks that were taken, the dead man's aside.
Each is one wish, and each wish has one outcome in `vr_trigger_requests_total{source="alert"}` as
soon as that stands; until then it is in `vr_triggers_queued`. One that is `skipped` has a reason in
`vr_trigger_skips_total`, a row in the audit (`bridge log`, `GET /api/v1/audit?bridge=true`) with
what the decision rested on, and a log line. It has no `site` where the labels name none of ours.

## The guards

One chain for every origin, in this order; the first no stands. *Final*: not for this episode any
more. *Again*: decided anew when Alertmanager offers it again, that is after `repeat_interval`.

| # | guard | asked of | reason | again? | rule |
|---|---|---|---|---|---|
"""  # noqa: E501 - lines of a page

_AFTER_GUARDS = """
Guards 1 to 13 are asked before the ledger takes a wish, the others after it, on a fresh reading,
before the POST. A sync that runs already is joined and followed, and is no refusal. `ambiguous_name`
is the reason of a name that means two VMs: alerts go by ids, so only people and programs meet it.

## What the webhook answers

| answer | when |
|---|---|
"""  # noqa: E501 - lines of a page

_AFTER_ANSWERS = """
Never a redirect, after which the wish would be lost, and never 429, which slows nobody.
What was turned away as a whole is counted by `vr_webhooks_refused_total`:

| reason | when |
|---|---|
"""

_DANGERS = """
## Dangers, and what stands against each

- **A storm.** A link is cut, and every replication asks at once. More than `webhook.storm.fraction`
  of a site, and `at_least` so many, are all refused, with the first of them if they come together;
  `triggers.max_per_hour` bounds the rest, over restarts too. Inhibitions in Alertmanager
  (`VrRemoteSiteDown`) keep most of it away.
- **A loop.** The bridge never acts on what it said itself (`vr_origin="bridge"`), nor on an alert about
  tasks that began after a sync of ours. Two syncs by alert that did not bring a replication back
  within its RPO hold the third back, until `vr-exporter state ack REPLICATION`.
- **A second POST.** The key of an episode is made of alert name, labels, `startsAt` and replication:
  repeats, retries and the other members of the cluster meet one row. The sent fingerprint, URLs and
  annotations have no part in it. Flapping makes new episodes: the cool-down counts by replication.
- **A stolen credential.** It can ask for syncs of replications that are in breach, within budget and
  cool-down, and for nothing else: the fresh reading refuses what is `healed`. `bridge kill on` stops it
  at once; it does not open the API.
- **Silenced, and yet acted upon.** Silences are read from any configured Alertmanager and matched
  here. Where none of them answers, all alerts count as silenced. Without `alertmanagers` in the
  settings no silence is known: do not leave it out.
- **Nobody notices that it is dead.** `VrDeadman` comes through the same route every few minutes;
  `VrBridgeInboundDead` fires when it has not for 15 minutes. `vr_webhook_deadman_timestamp_seconds`
  begins with the opening of the webhook, so that a way that never worked is noticed too.
- **A kill switch that was forgotten.** It survives restarts, and `VrKillSwitchLong` says so after a day.
- **The first seconds after a start.** What a site has is not known before its first reading has ended.
  An alert about it is answered 503, and Alertmanager sends the body again at once: of the others in it
  those that were taken are `duplicate` then, and the rest is decided on anew. Where that reading fails the answer is `stale`, by 200:
  an appliance that is away for hours is told of by `VrSiteDown`, and not by failing webhooks.
- **Many alerts of one replication.** Members of a cluster send one episode, which meets one row. Replicas
  of Prometheus, two views of a pairing or several rules make several: some follow the sync under way,
  those beyond guard 13 are `cooldown` and lose nothing, as all of them ask for that sync.
- **Alerts cut off.** `max_alerts` above 0 drops alerts silently; the webhook logs `truncatedAlerts`.
- **A sync at the wrong time.** `triggers.maintenance` holds for alerts as well. What a person pauses
  stays paused.
- **What is not covered.** A sync does not cure a full datastore or a link that is too narrow:
  `VrRpoBreachedLong` is a person's, at twice the RPO. After a restart the storm's window begins anew,
  and `bridge explain` knows of older episodes what the ledger and the audit hold.
"""  # noqa: E501 - lines of a page


def page() -> str:
    """The whole page."""
    guards = [
        f"| {each.number} | {each.name} | {each.asked_by} | `{each.reason}` "
        f"| {'final' if each.reason in FINAL_REASONS else 'again'} | {each.rule} |"
        for each in CHAIN
    ]
    answers = [f"| {status} | {when} |" for status, when in ANSWERS]
    refused = [f"| `{reason}` | {_WHY[reason]} |" for reason in REFUSED]
    return "".join(
        (
            _HEAD,
            "\n".join(guards),
            "\n",
            _AFTER_GUARDS,
            "\n".join(answers),
            "\n",
            _AFTER_ANSWERS,
            "\n".join(refused),
            "\n",
            _DANGERS,
        )
    )


def unnamed() -> set[str]:
    """Reasons that the page does not tell of."""
    return {*REASONS} - {each.reason for each in CHAIN} - _ELSEWHERE


if __name__ == "__main__":
    sys.stdout.write(page())
