"""The body of a wish: a few members, each checked, none unknown."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

LONGEST_SECONDS = 7 * 86400.0
"""No wish waits for longer: well below the time for which the ledger keeps its key."""

_AgeSeconds = Annotated[float, msgspec.Meta(ge=0)]
_WaitSeconds = Annotated[float, msgspec.Meta(gt=0, le=LONGEST_SECONDS)]
_SHOWN_CHARACTERS = 200


class WishBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be said beside the path; only scalars, so that no depth is ever read."""

    force: bool = False
    max_age_seconds: _AgeSeconds | None = None
    timeout_seconds: _WaitSeconds | None = None
    dry_run: bool = False
    origin: Literal["api", "cli"] | None = None


MEMBERS: tuple[tuple[str, str, str], ...] = (
    ("force", "boolean", "skip the cool-down, nothing else; default `false`"),
    ("max_age_seconds", "number?", "no sync where the last one ended within so many seconds"),
    (
        "timeout_seconds",
        "number?",
        "how long it may wait for its turn; default 900, with origin `cli` 7200",
    ),
    ("dry_run", "boolean", "only say what a wish would lead to; default `false`"),
    (
        "origin",
        "string?",
        (
            "`api`, which counts towards `max_per_hour`, or `cli`: a person asks; "
            "default `api`, on the unix socket `cli`"
        ),
    ),
)
"""The members with their JSON type and meaning, for the reference."""

_DECODER: Final = msgspec.json.Decoder(WishBody)


def read_wish_body(body: bytes) -> WishBody:
    """Read a body, an empty one as `{}`; ValueError says in one line what is wrong."""
    try:
        return _DECODER.decode(body) if body else WishBody()
    except msgspec.ValidationError as error:
        known = ", ".join(name for name, _, _ in MEMBERS)
        raise ValueError(f"body: {str(error)[:_SHOWN_CHARACTERS]} (known: {known})") from None
    except ValueError:
        raise ValueError("body: no JSON object") from None
