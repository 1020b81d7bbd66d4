"""Every switch of the simulated protocol: one field for each fact that the vendor left open.

What concerns the life of replications and tasks is a switch of the world (`WorldOptions`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Account:
    """A user. `lacks` holds privileges (vr-api.md 6) or operation ids that answer 403."""

    username: str
    password: str = field(repr=False)
    lacks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Quotas:
    """Requests allowed in a fixed window, in order of checking; None switches a tier off.

    `refused_calls_count`: a refused call uses up the quota too. `retry_after`: the refusal says
    how many seconds the window still lasts. `status` is the refusal's.
    """

    client: int | None = 100
    service: int | None = 1000
    session: int | None = 50
    window_seconds: float = 60.0
    refused_calls_count: bool = True
    retry_after: bool = False
    status: int = 429


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """How one appliance answers; the defaults are those of vr-api.md 10."""

    accounts: tuple[Account, ...] = (Account("monitor@vsphere.local", "simulated"),)
    """Who may log in."""

    remote_accounts: tuple[Account, ...] | None = None
    """Who may log in at the far side; None: the same accounts."""

    versions: frozenset[str] = frozenset({"v1", "v2"})
    """The API versions that exist; any other base path answers 404."""

    quotas: Quotas = field(default_factory=Quotas)
    """The three rate tiers."""

    idle_timeout_seconds: float = 1800.0
    """A session unused for longer is dead."""

    dead_session_status: Literal[400, 401, 500] = 401
    """What GET /session answers for a dead session; the vendor lists no 401 there."""

    default_page_size: int = 100
    """Rows of a page when no `limit` is asked for."""

    page_size_cap: int = 1000
    """The greatest `limit` that is granted; more is cut down to it, as `_meta.limit` says."""

    link_base: str | None = None
    """Scheme and host of page links, as the appliance sees itself; None: as the client asked."""

    filter_match: Literal["fragment", "whole"] = "fragment"
    """Whether a `filter` value is a part of the field's value or all of it."""

    filter_ignores_case: bool = False
    """Whether upper and lower case are the same to `filter`."""

    nested_separator: str = "."
    """Between the names of nested fields in `sort_by` and `filter_property`."""

    partial_data: bool = True
    """False: reading needs no remote session."""

    remote_unauthenticated_status: Literal[401, 403, 404, 500] = 403
    """What the operations that need a remote session (contract ERROR) answer without one."""

    remote_members: Literal["null", "absent"] = "null"
    """Members that partial data withholds: null where the document allows that, or left out."""

    down_servers: Literal["null", "error"] = "null"
    """The servers of a far side that is down: withheld, or named with `server_status` ERROR."""

    null_members: Literal["null", "absent"] = "null"
    """Whether a member without a value is sent as null or left out."""

    instances: bool = False
    """Points in time of a replication: newer than 2.0.0, where their path answers 404."""

    unextended_leaves_out: tuple[str, ...] = (
        "sync_progress",
        "last_sync_duration",
        "last_sync_size",
    )
    """Fields of a replication that come only with `extended_info=true`."""

    progress_unit: Literal["percent", "ratio"] = "percent"
    """Unit of `sync_progress.progress`; a ratio breaks the document, which says integer."""

    v1_times: Literal["iso", "iso_offset", "digits"] = "iso"
    """Form of the strings that v1 sends for times."""

    error_codes: Literal["dotted", "upper"] = "dotted"
    """Wording of `error_code`: `com.vmware.vr.bad_request` or `BAD_REQUEST`."""
