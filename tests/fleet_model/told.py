"""An appliance that remembers what it told: each answer, and what was true when it was given."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import parse_qs

from vr_exporter.simulator.api import Api
from vr_exporter.simulator.messages import Delivery, SimRequest, SimResponse
from vr_exporter.simulator.options import ApiOptions
from vr_exporter.simulator.world import World

ENDPOINTS: Final = (
    (r"/session", "session"),
    (r"/info", "info"),
    (r"/pairings", "pairings"),
    (r"/pairings/([^/]+)/remote-session", "remote_session"),
    (r"/pairings/([^/]+)/issues", "pairing_issues"),
    (r"/pairings/([^/]+)/replications", "replications"),
    (r"/pairings/([^/]+)/replications/issues", "replication_issues"),
    (r"/pairings/([^/]+)/replications/[^/]+/actions/sync", "sync"),
    (r"/pairings/([^/]+)/replications/([^/]+)", "replication"),
    (r"/replication-servers", "replication_servers"),
    (r"/tasks", "tasks"),
    (r"/tasks/[^/]+", "task"),
)
"""Paths below the API's base, and what metrics.md 1.5 calls them; one group is the pairing."""

LISTS: Final = frozenset(
    {
        *("pairings", "pairing_issues", "replications", "replication_issues"),
        *("replication_servers", "tasks"),
    }
)
MOST_BYTES: Final = 16 * 2**20
READ_SECONDS: Final = 10.0
RESPONSE_SECONDS: Final = 20.0

_TRUTHS: Final = ("/replications", "/replication-servers", "/tasks", "/sync")
"""Where the truth of the moment is wanted."""

_UNANSWERED: Final = {
    Delivery.REFUSED: "connect",
    Delivery.HANG: "timeout",
    Delivery.DROPPED: "reset",
}
_BROKEN: Final = {
    Delivery.HANG_AFTER_HEAD: "timeout",
    Delivery.CUT: "reset",
    Delivery.RESET: "reset",
}
_STATUSES: Final = {403: "forbidden", 404: "not_found", 429: "throttled"}

Truth = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """One answer as it left; `reason` is why it is none, by fault-matrix R9, else empty.

    `code` is its status, `error` where no head was sent. `lasts` is how long it takes to come, or
    until nobody waits any more. `truth` is that of the moment.
    """

    method: str
    endpoint: str
    pairing_id: str
    offset: int
    is_filtered: bool
    at: float
    code: str
    reason: str
    skew_seconds: float
    lasts: float = 0.0
    target: str = ""
    document: Any = None
    truth: Truth = field(default_factory=dict)

    def __str__(self) -> str:
        what = f"{self.method} {self.endpoint} {self.offset}{' filtered' * self.is_filtered}"
        return f"{self.at:.2f} {what} {self.code} {self.reason}"

    @property
    def is_good(self) -> bool:
        """Whether it told what it was asked for."""
        return not self.reason

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of a list."""
        found: list[dict[str, Any]] = self.document["list"]
        return found


class Truths:
    """The truth of a world, told anew when time has passed or somebody has acted."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._truth: Truth = {}

    def now(self) -> Truth:
        """All that is so at this moment."""
        if not self._truth or self._truth["now"] != self._world.now():
            self._truth = self._world.truth()
        return self._truth

    def forget(self) -> None:
        """Somebody has acted."""
        self._truth = {}


class ToldApi(Api):
    """Tells whoever asks, and keeps what it told in `told` until somebody takes it."""

    def __init__(self, world: World, site: str, options: ApiOptions, *, truths: Truths) -> None:
        super().__init__(world, site, options)
        self.told: list[Told] = []
        self._truths = truths

    def answer(self, request: SimRequest) -> SimResponse:
        """Answer, and note it."""
        response = super().answer(request)
        if request.method != "GET":
            self._truths.forget()
        truth = self._truths.now() if request.path.endswith(_TRUTHS) else {}
        self.told.append(told_of(request, response, now=self.now(), truth=truth))
        return response

    def take(self) -> list[Told]:
        """Hand over what was told since the last time."""
        taken, self.told = self.told, []
        return taken


def told_of(request: SimRequest, response: SimResponse, *, now: float, truth: Truth) -> Told:
    """Judge an answer by what the matrix says of each kind."""
    endpoint, pairing_id = _endpoint(request.path)
    query = parse_qs(request.query)
    is_late = response.delay_seconds > READ_SECONDS
    document, fault = _document(response, endpoint)
    reason = _reason(request, response, fault=fault)
    has_head = response.delivery not in _UNANSWERED and not is_late
    return Told(
        method=request.method,
        endpoint=endpoint,
        pairing_id=pairing_id,
        offset=int(query.get("offset", ["0"])[0]),
        is_filtered="filter_property" in query,
        at=now,
        code=str(response.status) if has_head else "error",
        reason=reason,
        skew_seconds=_skew(response, now),
        lasts=_lasts(response),
        target=request.path,
        document=document,
        truth=truth,
    )


def _endpoint(path: str) -> tuple[str, str]:
    rest = re.sub(r"^/api/rest/vr/v\d", "", path)
    for pattern, name in ENDPOINTS:
        if found := re.fullmatch(pattern, rest):
            return name, (found.groups() or ("",))[0]
    raise AssertionError(f"nobody knows {path}")


def _reason(request: SimRequest, response: SimResponse, *, fault: str) -> str:
    if response.delivery in _UNANSWERED:
        return _UNANSWERED[response.delivery]
    if response.delay_seconds > READ_SECONDS:
        return "timeout"
    if response.status >= 300:
        return _refusal(response.status, has_password="authorization" in request.headers)
    return _unreadable(response) or _BROKEN.get(response.delivery, fault)


def _unreadable(response: SimResponse) -> str:
    if response.header("Content-Encoding"):
        return "encoding"
    if len(response.body) > MOST_BYTES:
        return "too_large"
    is_dripping = response.delivery is Delivery.DRIP
    return "deadline" if is_dripping and len(response.body) > RESPONSE_SECONDS else ""


def _refusal(status: int, *, has_password: bool) -> str:
    if has_password and status in {401, 403}:
        return "auth"
    if status == 401:
        return "session"
    if status >= 500:
        return "server_error"
    return _STATUSES.get(status, "redirect" if status < 400 else "schema")


def _document(response: SimResponse, endpoint: str) -> tuple[Any, str]:
    """Read the body as anybody would; and say what is wrong with it."""
    if not response.body or response.delivery is not Delivery.WHOLE:
        return None, ""
    if len(response.body) > MOST_BYTES or response.header("Content-Encoding"):
        return None, ""
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        return None, "not_json"
    if endpoint not in LISTS or response.status >= 300:
        return document, "" if isinstance(document, Mapping) else "schema"
    is_list = isinstance(document, dict) and isinstance(document.get("list"), list)
    return document, "" if is_list else "schema"


def _lasts(response: SimResponse) -> float:
    if response.delivery in {Delivery.HANG, Delivery.HANG_AFTER_HEAD}:
        return READ_SECONDS
    if response.delivery is Delivery.DRIP:
        return min(len(response.body), RESPONSE_SECONDS + 1.0)
    return min(response.delay_seconds, READ_SECONDS)


def _skew(response: SimResponse, now: float) -> float:
    date = response.header("Date")
    return parsedate_to_datetime(date).timestamp() - now if date else 0.0
