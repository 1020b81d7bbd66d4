"""Whose account serves at the far end of a pairing, as the settings change."""

from __future__ import annotations

from tests.builders import a_pairing
from vr_exporter.app.accounts import RemoteAccounts
from vr_exporter.domain.credentials import Credentials
from vr_exporter.domain.names import SiteName
from vr_exporter.settings import Secrets, Settings, load
from vr_exporter.watching.peers import Peers

MADRID, BERLIN = SiteName("madrid"), SiteName("berlin")


def two_sites(password: str) -> Settings:
    """Madrid and Berlin, the latter with this password."""
    given = {
        "VR_SITES__MADRID__URL": "https://vr.madrid.example",
        "VR_SITES__MADRID__USERNAME": "monitor@madrid.local",
        "VR_SITES__MADRID__PASSWORD": "invented",
        "VR_SITES__BERLIN__URL": "https://vr.berlin.example",
        "VR_SITES__BERLIN__USERNAME": "monitor@berlin.local",
        "VR_SITES__BERLIN__PASSWORD": password,
    }
    return load(None, environ=given)


def test_an_account_changed_by_a_reload_serves_at_the_other_end_too() -> None:
    """The worker of a site goes on when only its peer was changed: it asks what holds now."""
    holds = [two_sites("before")]
    peers = Peers(lambda: [MADRID, BERLIN])
    pairing = a_pairing()
    peers.introduce(BERLIN, vc_id="", pairings=[pairing])
    secrets = Secrets(learned=lambda _: None, failed=lambda: None)
    accounts = RemoteAccounts(MADRID, lambda: holds[-1], peers, secrets.credentials)
    assert accounts.credentials(pairing) == Credentials("monitor@berlin.local", "before")
    holds.append(two_sites("after"))
    assert accounts.credentials(pairing) == Credentials("monitor@berlin.local", "after")


def test_a_site_that_left_the_settings_has_no_account_at_the_far_end() -> None:
    """Its worker may still be ending."""
    settings = two_sites("before")
    peers = Peers(lambda: [BERLIN])
    accounts = RemoteAccounts(
        SiteName("paris"), lambda: settings, peers, lambda _: Credentials("a", "b")
    )
    assert accounts.account_for(a_pairing()) is None
