"""The table of the routes: what answers which path, and what the reference says of it."""

from __future__ import annotations

from vr_exporter.web import answers, asking, openapi, status, trigger_lists
from vr_exporter.web.bridge_table import BRIDGE_ROUTES
from vr_exporter.web.message import Request, Response
from vr_exporter.web.route import Route
from vr_exporter.web.sources import Sources
from vr_exporter.web.wish_body import MEMBERS


def _can_reload(sources: Sources) -> bool:
    return sources.reload is not None


def _can_act(sources: Sources) -> bool:
    return sources.acting is not None


def _description(sources: Sources, request: Request) -> Response:
    """This API, described."""
    present = [route for route in ROUTES if route.is_there(sources)]
    return openapi.answer(sources, request, present)


_SITE = ("site", "name of a site, repeatable; 404 when there is none of that name")
_LIMIT = ("limit", "how many rows at most, 1 to 1000; default 100")

_OF_SYNC = (
    (202, "taken: the ledger has it, as `reserved` or `joined`; a Trigger, its path in `Location`"),
    (
        200,
        (
            "nothing new: a known key, with the Trigger as it stands by now; or a copy that is "
            "fresh enough (state `skipped`, reason `fresh`); or, with `dry_run`, a Preview"
        ),
    ),
    (400, "a body or an `Idempotency-Key` that cannot be read; an unknown member is named"),
    (401, "no bearer token, or not the one of `api`; said before the body is read"),
    (403, "from a page of another site, or no token is configured so that nothing acts over TCP"),
    (404, "no such site or replication, or the name means several; a problem with the Fault in it"),
    (
        409,
        (
            "a guard said no: a problem with the Trigger in it (state `skipped`, `reason`, `url` "
            "null as no row is kept), for a cool-down and a spent budget with `Retry-After`; or "
            "the same `Idempotency-Key` as before with another wish: a problem with `key`, `url`"
        ),
    ),
    (413, "a body over 64 kB"),
    (415, "`Content-Type` is not `application/json`"),
    (
        503,
        (
            "not now: the ledger cannot write, the site was never read yet, or vr-exporter stops; "
            "nothing was promised, ask again after `Retry-After` seconds"
        ),
    ),
)

ROUTES = (
    Route(
        "GET",
        "/",
        "Status page for people. With scripts it follows the JSON below by itself; without them it "
        "loads itself again every 15 s.",
        status.page_for_people,
    ),
    Route(
        "GET",
        "/status/{file}",
        "A style, a script or a picture of the status page.",
        status.file,
        answers=((200, "the file, with an `ETag`"), (404, "the page has no such file")),
    ),
    Route(
        "GET",
        "/metrics",
        "The page that Prometheus scrapes: OpenMetrics 1.0.0 or text 0.0.4 by `Accept`, "
        "gzip by `Accept-Encoding`.",
        answers.metrics,
        (_SITE,),
    ),
    Route(
        "GET",
        "/-/healthy",
        "200 while the loops beat, else 503; one line says why. Never asks for a login.",
        answers.healthy,
    ),
    Route(
        "GET",
        "/-/ready",
        "200 once every site was tried, well or not; else 503, also while stopping.",
        answers.ready,
    ),
    Route(
        "GET",
        "/api/v1/status",
        "All that the status page shows beside the replications: what burns, sites, triggers, "
        "failures, tasks, schedules to come, wishes that came to nothing. The answer is one "
        "Status beside the time; with `If-None-Match` 304 as long as nothing changed.",
        status.status,
    ),
    Route(
        "GET",
        "/api/v1/status/replications",
        "Every replication once, the worst first, in a short form for lists: `columns` names the "
        "members of a StatusRow, each of `rows` is an array of their values. With `If-None-Match` "
        "304 until a poll has read them anew.",
        status.replications,
    ),
    Route(
        "GET", "/api/v1/sites", "Sites with their pairings and servers.", answers.sites, (_SITE,)
    ),
    Route(
        "GET",
        "/api/v1/replications",
        "Replications, once per site that shows them, error texts included.",
        answers.replications,
        (
            _SITE,
            ("pairing", "name of a pairing, repeatable"),
            ("late", "`true`: those late or breached; `false`: the others"),
            ("match", "glob over VM names (case counts), or a replication's id; repeatable"),
        ),
    ),
    Route("GET", "/api/v1/tasks", "Tasks that are known, anybody's.", answers.tasks, (_SITE,)),
    Route(
        "GET",
        "/api/v1/targets",
        "What names and patterns mean to `sync`: each replication once, at the site that is "
        "asked. At least one of `name`, `match` and `all` is needed.",
        trigger_lists.targets,
        (
            ("name", "a replication's id, else a VM's name, else a glob; repeatable"),
            ("match", "glob over VM names (case counts); repeatable"),
            ("all", "`true`: every replication"),
            ("site", "only there"),
            ("pairing", "only there, by name or id"),
        ),
        is_there=_can_act,
    ),
    Route(
        "POST",
        "/api/v1/sites/{site}/replications/{replication}/sync",
        "Wish for a sync. `{replication}` is an id or a VM's name. The body may be empty. Under "
        "one `Idempotency-Key` (1 to 128 of `A-Za-z0-9._:-`) a wish is taken once, however often "
        "it is sent.",
        asking.sync,
        acts=True,
        body=MEMBERS,
        answers=_OF_SYNC,
        is_there=_can_act,
    ),
    Route(
        "GET",
        "/api/v1/triggers",
        "Triggers, the youngest first: all that have no end yet, of the others the last 5,000.",
        trigger_lists.triggers,
        (_SITE, ("state", "a state of the ledger, repeatable"), _LIMIT),
        is_there=_can_act,
    ),
    Route(
        "GET",
        "/api/v1/triggers/{key}",
        "One Trigger; 404 when there is none of this key.",
        trigger_lists.trigger,
        is_there=_can_act,
    ),
    Route(
        "POST",
        "/api/v1/triggers/{trigger}/acknowledge",
        "Take note of what stayed unknown: one trigger by its key, or all of a replication by its "
        "id. The body is empty.",
        asking.acknowledge,
        acts=True,
        answers=(
            (200, "`acknowledged`, an array of Trigger: those that were closed now"),
            (404, "nothing of this key or replication stayed unknown"),
        ),
        is_there=_can_act,
    ),
    Route(
        "GET",
        "/api/v1/audit",
        "Who asked for what and what came of it, the youngest first.",
        trigger_lists.audit,
        (_LIMIT, ("bridge", "`true`: what alerts asked for, and what people did about it")),
        is_there=_can_act,
    ),
    Route(
        "GET",
        "/api/v1/openapi.json",
        "These routes described as OpenAPI 3.1: those that are there, each with every status it "
        "answers with and the schema of its JSON.",
        _description,
    ),
    *BRIDGE_ROUTES,
    Route(
        "POST",
        "/-/reload",
        "Read the settings again, all or nothing; needs no body. "
        "Only with `--web.enable-lifecycle`, else 404; 500 when the old settings hold.",
        answers.reload,
        is_there=_can_reload,
    ),
)
"""Every route there is; the reference is generated from it."""
