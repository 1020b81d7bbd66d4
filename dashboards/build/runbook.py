"""Where the runbook is, and how panels point to it."""

from __future__ import annotations

from typing import Any, Final

RUNBOOK: Final = "https://vr-exporter.example/runbooks"
"""Stands for the address of `docs/runbooks/`; `vr-exporter dashboards --runbook-url` fills it."""


def page_of(alert: str) -> str:
    """The part of the runbook about an alert; its anchor is the alert's name in lower case."""
    return f"{RUNBOOK}#{alert.lower()}"


def described(says: str, alerts: tuple[str, ...]) -> str:
    """A description, and after it the pages of the runbook that help."""
    pages = ", ".join(f"[{alert}]({page_of(alert)})" for alert in alerts)
    return f"{says} Runbook: {pages}." if pages else says


def links_of(alerts: tuple[str, ...]) -> list[dict[str, Any]]:
    """The same pages as links in the panel's corner."""
    return [
        {"targetBlank": True, "title": f"Runbook: {alert}", "url": page_of(alert)}
        for alert in alerts
    ]
