"""The body of an Alertmanager webhook → episodes: typed, bounded, each alert by itself; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec

from vr_exporter.appliance.wire.decoders import UNSOUND
from vr_exporter.appliance.wire.depth import is_too_deep
from vr_exporter.domain.episodes import Episode

MOST_BODY_BYTES: Final = 4 * 2**20
MOST_ALERTS: Final = 10_000
MOST_LABELS: Final = 64
LONGEST_NAME: Final = 256
LONGEST_VALUE: Final = 1024
VERSION: Final = "4"

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
_Value = Annotated[str, msgspec.Meta(max_length=LONGEST_VALUE)]
_Labels = Annotated[dict[_Name, _Value], msgspec.Meta(max_length=MOST_LABELS)]
_Time = Annotated[datetime, msgspec.Meta(tz=True)]


class NotAWebhook(ValueError):  # noqa: N818 - named for what was found
    """The body is no webhook of version 4, or larger than we read; its text is one line."""


class _Body(msgspec.Struct, frozen=True):
    """What we read of a body; whatever else it holds is passed over."""

    version: str
    alerts: list[msgspec.Raw]
    truncated: int = msgspec.field(default=0, name="truncatedAlerts")


class _Alert(msgspec.Struct, frozen=True):
    """What we read of an alert: neither the fingerprint that was sent nor an annotation or URL."""

    status: Literal["firing", "resolved"]
    labels: _Labels
    starts_at: _Time = msgspec.field(name="startsAt")


_BODY: Final = msgspec.json.Decoder(_Body)
_ALERT: Final = msgspec.json.Decoder(_Alert)
"""Made here and not at the first webhook: two at once would end the process (`decoder_of`)."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A body that was read. `unreadable` says why of each alert that was not, in its order.

    `truncated` is how many alerts Alertmanager left out: each of them is a wish lost.
    """

    episodes: tuple[Episode, ...]
    unreadable: tuple[str, ...] = ()
    truncated: int = 0


def read_webhook(body: bytes) -> Webhook:
    """Read a body; one bad alert leaves the others whole. Raises NotAWebhook."""
    if len(body) > MOST_BODY_BYTES:
        raise NotAWebhook(f"body over {MOST_BODY_BYTES} bytes")
    if is_too_deep(body):
        raise NotAWebhook("nested too deep")
    sent = _decoded(body)
    if sent.version != VERSION:
        raise NotAWebhook(f"not version {VERSION} of the webhook")
    if len(sent.alerts) > MOST_ALERTS:
        raise NotAWebhook(f"more than {MOST_ALERTS} alerts")
    read = [_episode(raw) for raw in sent.alerts]
    episodes = tuple(each for each in read if isinstance(each, Episode))
    unreadable = tuple(each for each in read if isinstance(each, str))
    if unreadable and not episodes:
        raise NotAWebhook(f"no alert in it can be read: {unreadable[0]}")
    return Webhook(episodes, unreadable, max(sent.truncated, 0))


def _decoded(body: bytes) -> _Body:
    try:
        return _BODY.decode(body)
    except msgspec.ValidationError as error:
        raise NotAWebhook(f"not a webhook of Alertmanager: {error}") from None
    except UNSOUND:
        raise NotAWebhook("not JSON") from None


def _episode(raw: msgspec.Raw) -> Episode | str:
    try:
        alert = _ALERT.decode(raw)
        starts_at = alert.starts_at.timestamp()
    except (*UNSOUND, OverflowError) as error:
        return str(error)
    labels = {name: value for name, value in alert.labels.items() if value}
    if not labels.get("alertname"):
        return "no label alertname"
    unprintable = next((name for name in labels if not name.isprintable()), None)
    if unprintable is not None:
        return "a label's name that cannot be printed"
    return Episode(labels["alertname"], labels, starts_at, is_firing=alert.status == "firing")
