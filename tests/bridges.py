"""The bridge as its routes see it, with nothing behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.builders import NOW
from vr_exporter.web.bridging import BridgeControl, BridgeState


def a_bridge_state(**changes: Any) -> BridgeState:
    """A bridge that is open in dry-run mode."""
    state = BridgeState(
        is_open=True,
        mode="dry-run",
        has_kill_switch=False,
        kill_switch_by="",
        rules=("VrRpoBreached",),
        deadman=NOW - 30,
        unhealed={},
    )
    return replace(state, **changes)


def a_bridge_control(**changes: Any) -> BridgeControl:
    """Controls that know of nothing."""
    control = BridgeControl(
        state=a_bridge_state,
        explain=lambda _word: (),
        simulate=lambda _body: (),
        kill=lambda _on, _actor: None,
        send_test=lambda _actor: NOW,
        test_hops=lambda _began: (),
        acknowledge_loop=lambda _word, _actor: 0,
    )
    return replace(control, **changes)
