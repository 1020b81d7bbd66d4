"""Keys of wishes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW
from tests.wishes import a_wish
from vr_exporter.domain.names import ReplicationId
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.syncing.wishes import api_key, digest_of, random_key, schedule_key

texts = st.lists(st.text(max_size=8), max_size=4)


@given(texts, texts)
def test_only_equal_lists_of_parts_have_one_digest(one: list[str], other: list[str]) -> None:
    """The length before each part keeps neighbours apart."""
    assert (digest_of(*one) == digest_of(*other)) is (one == other)


def test_parts_that_read_alike_in_a_row_have_their_own_digests() -> None:
    """Where a part ends makes a difference; so does an empty one."""
    alike = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc")]
    assert len({digest_of(*parts) for parts in alike}) == len(alike)


def test_a_name_that_has_no_utf_8_has_a_key_too() -> None:
    """A lone surrogate in a VM's or a schedule's name is no reason to fail."""
    assert digest_of("\ud800") != digest_of("\ufffd")


def test_a_persons_wish_is_always_new() -> None:
    """Two wishes of a person never share a key."""
    assert random_key() != random_key()
    assert len(random_key()) == len(digest_of("any"))


def test_a_programs_wish_is_known_by_credential_and_key() -> None:
    """The same pair is the same wish; another credential has other wishes under that key."""
    assert api_key("token", "order-1") == api_key("token", "order-1")
    assert api_key("token", "order-1") != api_key("other", "order-1")
    assert api_key("token", "order-1") != api_key("token", "order-2")


def test_a_program_without_a_key_makes_a_new_wish_each_time() -> None:
    """No Idempotency-Key, or an empty one, is none."""
    assert api_key("token", None) != api_key("token", None)
    assert api_key("token", "") != api_key("token", "")


def test_a_schedule_wishes_once_per_slot_and_replication() -> None:
    """The same slot is the same wish after a restart; another slot, VM or schedule is not."""
    gid = ReplicationId("GID-1")
    key = schedule_key("nightly", NOW, gid)
    assert key == schedule_key("nightly", NOW, gid)
    others = {
        schedule_key("nightly", NOW + 60, gid),
        schedule_key("hourly", NOW, gid),
        schedule_key("nightly", NOW, ReplicationId("GID-2")),
    }
    assert key not in others
    assert len(others) == 3


def test_wishes_of_different_origins_never_share_a_key() -> None:
    """A program that gives a schedule's parts as its own is no schedule."""
    parts = ("nightly", f"{NOW:.0f}")
    assert api_key(*parts) != digest_of(*parts)
    assert api_key(*parts) != digest_of("schedule", *parts)


def test_a_wish_becomes_a_trigger_that_waits() -> None:
    """What was wished is carried over whole."""
    wish = a_wish(actor="ana", is_forced=True, max_age_seconds=60.0, body_digest="d")
    trigger = wish.as_trigger(NOW)
    assert trigger.state is TriggerState.RESERVED
    assert trigger.asked_at == NOW
    for name in ("key", "target", "origin", "not_after", "actor", "is_forced", "body_digest"):
        assert getattr(trigger, name) == getattr(wish, name)
    assert trigger.max_age_seconds == wish.max_age_seconds
