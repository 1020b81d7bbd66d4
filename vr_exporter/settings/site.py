"""The settings of one site and its pairings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from vr_exporter.settings.section import Account, Section, Tls, setting
from vr_exporter.settings.values import ApplianceAddress, Duration, Text, between


class PairingSettings(Section):
    """A pairing with a name of your own; the key is the value of the label `pairing`."""

    remote_vc: Text = setting(
        "Name or address of the remote vCenter, which tells the pairing.", "vc.berlin.example"
    )
    remote: Account | None = setting(
        "Account at the remote site. Default: the site's `remote`, or the configured site's own.",
        default=None,
    )


class SiteSettings(Account):
    """One appliance; the key is the value of the label `site`."""

    url: ApplianceAddress = setting(
        "Address of the appliance; https, or http on loopback.", "https://vr.madrid.example"
    )
    trigger_account: Account | None = setting(
        "Account that starts syncs, in a session of its own. Default: the account above.",
        default=None,
    )
    tls: Tls = setting("How the appliance proves who it is.", default=Tls())
    poll_interval: Annotated[Duration, between("5s", "1d")] = setting(
        "Time from poll to poll; stretched where the request budget demands it.",
        "30s",
        default=60.0,
    )
    page_size: Annotated[int, Field(ge=1, le=1000)] = setting(
        "Rows of a page asked for; what the appliance answers in `_meta.limit` is obeyed.",
        "500",
        default=1000,
    )
    remote: Account | None = setting(
        "Account at remote sites, for all pairings without one of their own.", default=None
    )
    pairings: dict[Text, PairingSettings] = setting(
        "Pairings by names of your own. Default name: the remote vCenter's.", default={}
    )
