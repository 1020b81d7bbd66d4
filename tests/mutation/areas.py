"""The areas that mutation testing measures: their modules, and the tests that speak of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Area:
    """Patterns below the package, files or folders below tests/, and tests of them too slow.

    Those take seconds each, or measure time: a mutant that nothing else notices would wait for
    them all.
    """

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    without: tuple[str, ...] = ()


_SLOW_ON_DISK: Final = (
    "test_the_ledger_is_as_its_model_through_thousands_of_steps",
    "test_control_the_model_finds_flaws",
    "test_B7_a_store_of_100000_rows_opens_in_less_than_two_seconds",
    "test_a_poll_of_10000_replications_is_written_in_a_moment",
)


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
        (
            *("unit/syncing", "unit/web", "unit/app", "unit/ledger", "contracts"),
            "integration/test_bridge.py",
        ),
        _SLOW_ON_DISK,
    ),
    "ledger": Area(("ledger/*.py",), ("unit/ledger", "contracts"), _SLOW_ON_DISK),
    "escaping": Area(
        (
            "appliance/errors.py",
            "logs/lines.py",
            "metrics/exposition.py",
            "metrics/fragments.py",
            "metrics/histograms.py",
            "web/api/shape.py",
            "web/message.py",
            "web/problems.py",
            "web/status_page/markup.py",
        ),
        (
            *("unit/metrics/test_exposition.py", "unit/metrics/test_family.py"),
            *("unit/metrics/test_histograms.py", "unit/metrics/test_page.py"),
            *(
                "unit/metrics/test_fragments.py",
                "unit/metrics/test_fragment_lines.py",
                "golden",
                "unit/logs",
                "unit/web",
            ),
            *("unit/appliance/test_appliance_errors.py", "unit/appliance/test_printable.py"),
        ),
        ("test_filtered_scrapes_leave_nothing_behind",),
    ),
    "guards": Area(("syncing/guards/*.py",), ("unit/syncing", "unit/app", "unit/web", "unit/cli")),
}
