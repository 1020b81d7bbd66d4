from __future__ import annotations

import pytest

from vr_exporter.simulator.world.day import WRITES_BY_HOUR, writes


def test_a_day_averages_to_one() -> None:
    """The curve moves work between hours and adds none."""
    assert sum(WRITES_BY_HOUR) / 24 == pytest.approx(1.0, abs=0.02)


def test_the_curve_has_no_jumps() -> None:
    """Between two hours it goes evenly, over midnight too."""
    assert writes(9.5 * 3600) == pytest.approx((writes(9 * 3600) + writes(10 * 3600)) / 2)
    assert writes(24 * 3600 - 1) == pytest.approx(writes(0), abs=0.01)
