"""Keys of wishes as they stand on disk: another version of us has to make the same ones."""

from __future__ import annotations

from tests.builders import NOW
from vr_exporter.domain.episodes import Episode
from vr_exporter.domain.names import ReplicationId
from vr_exporter.syncing.wishes import alert_key, api_key, digest_of, schedule_key

EPISODE = Episode("VrRpoBreached", {"site": "madrid", "a": "b", "replication": "GID-1"}, NOW)


def test_C18_keys_are_the_same_in_every_version() -> None:
    """After an upgrade a repeated wish has to meet its row."""
    assert digest_of("a", "b") == "3c9d591045bc8876f9d0399bbfb05c6a412096e906f73278f98406cd5dca86df"
    assert (
        api_key("api", "key-1")
        == "fdec2a7572a78ded83db5e92e0d0d893867ab109a2644d2d93672c0ae756f584"
    )
    assert (
        schedule_key("nightly", NOW + 0.4, ReplicationId("GID-1"))
        == "cac9656fa2d4eec648f9c62bcfacefe8cccebdc8cdf9bf99b4ea851ba58a2e3f"
    )
    assert alert_key(EPISODE) == "281335c235923ae884d05d34b5d88491c861407ab652c09de3fe211db1ff3904"


def test_C18_a_key_is_that_of_one_wish() -> None:
    """Each part tells wishes apart; parts do not run together."""
    assert api_key("api", "k") != api_key("socket", "k")
    assert api_key("api", None) != api_key("api", None)
    assert api_key("api", "") != api_key("api", "")
    assert len(api_key("api", None)) == len(api_key("api", "k")) == 64
    assert digest_of("ab", "c") != digest_of("a", "bc")
    assert digest_of("a\ud800") != digest_of("a?")
