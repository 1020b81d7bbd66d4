"""The areas that mutation testing measures: their modules, and the tests that speak of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Area:
    """Patterns below the package, and files or folders below tests/."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


AREAS: Final = {
    "authentication": Area(
        (
            "domain/credentials.py",
            "web/actors.py",
            "web/gate.py",
            "web/guesses.py",
            "web/login.py",
            "web/webfile.py",
            "web/webfile_reading.py",
            "web/webhook.py",
        ),
        ("unit/web",),
    ),
    "idempotency": Area(
        (
            "domain/triggers.py",
            "ledger/steps.py",
            "ledger/trigger_rows.py",
            "syncing/desk.py",
            "syncing/joining.py",
            "syncing/offers.py",
            "syncing/wishes.py",
            "web/asking.py",
        ),
        ("unit/syncing", "unit/web", "unit/app", "unit/ledger", "contracts"),
    ),
    "ledger": Area(("ledger/*.py",), ("unit/ledger", "contracts", "unit/metrics")),
    "escaping": Area(
        (
            "appliance/errors.py",
            "logs/lines.py",
            "metrics/exposition.py",
            "metrics/family.py",
            "metrics/fragment.py",
            "metrics/fragments.py",
            "metrics/rows.py",
            "metrics/sheet.py",
            "web/api/__init__.py",
            "web/api/shape.py",
            "web/message.py",
            "web/problems.py",
            "web/status_page/markup.py",
        ),
        ("unit/metrics", "unit/web", "unit/logs", "unit/appliance", "golden"),
    ),
    "guards": Area(("syncing/guards/*.py",), ("unit/syncing", "unit/app", "unit/web", "unit/cli")),
}
