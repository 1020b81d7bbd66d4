"""Whose credentials are used, told without the credentials."""

from __future__ import annotations

from collections.abc import Iterator

from vr_exporter.cli.check.login import has_domain
from vr_exporter.cli.check.report import Finding, ok, warn
from vr_exporter.settings import Account, Settings, SiteSettings

SETTINGS = "settings"


def source_of(account: Account) -> str:
    """Where an account's password comes from."""
    return str(account.password_file) if account.password_file else "the settings"


def settings_of(name: str, site: SiteSettings) -> Iterator[Finding]:
    """What the settings say of a site: address and account, and what looks wrong in them."""
    told = f"{site.url} as {site.username}, password from {source_of(site)}"
    if has_domain(site.username):
        yield ok(SETTINGS, told)
    else:
        yield warn(
            SETTINGS,
            f"{told}; the user has no domain",
            f"sites.{name}.username: {site.username}@vsphere.local, or your directory's domain",
        )
    if site.tls.insecure_skip_verify:
        yield warn(
            SETTINGS,
            "insecure_skip_verify: anyone on the way could read the password",
            f"sites.{name}.tls: ca_file, or fingerprint_sha256 with what this check prints",
        )


def owner_of(account: Account, site: str, settings: Settings) -> str:
    """Where in the settings an account for a remote site stands."""
    here = settings.sites[site]
    for alias, pairing in here.pairings.items():
        if pairing.remote is account:
            return f"sites.{site}.pairings.{alias}.remote"
    if here.remote is account:
        return f"sites.{site}.remote"
    for name, peer in settings.sites.items():
        if peer is account:
            return f"the account of the configured site {name}"
    return "the settings"
