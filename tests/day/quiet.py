"""The panels that show nothing on an ordinary day, as the dashboards declare them."""

from __future__ import annotations

QUIET: frozenset[tuple[str, str]] = frozenset()
"""By uid and title."""
