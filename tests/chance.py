"""What hypothesis draws: the same at each run of a commit, or anything where one searches."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

VARIABLE: Final = "VR_HYPOTHESIS_SEARCH"
"""Set to a number, this many examples are drawn at random: for long runs, not for a verdict."""


def settle() -> None:
    """Decide for all tests to come; to be called before any module of tests is read.

    No test is ended or blamed for the time that it takes: that is the machine's, not ours.
    """
    examples = int(os.environ.get(VARIABLE) or 0)
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    fixed = settings(patient, derandomize=True, database=None)
    search = settings(patient, max_examples=max(examples, 1), derandomize=False, print_blob=True)
    settings.register_profile("vr", search if examples else fixed)
    settings.load_profile("vr")
    if not examples:
        _forget_what_is_imported()


def _forget_what_is_imported() -> None:
    """Keep constants of our modules out of the draws, which even fixed ones take them from.

    Which modules a process has read by then is a matter of which tests it was given before.
    """
    none_of_ours = type(providers.GLOBAL_CONSTANTS)()
    providers._get_local_constants = lambda: none_of_ours
