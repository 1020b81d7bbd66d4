"""The cases by name, each measured in a process of its own by `measure(rounds)` of its module."""

from __future__ import annotations

CASES = (
    *("making", "fetching", "serving", "scraping", "cycle"),
    *("beside", "growth", "starting", "triggers"),
)
