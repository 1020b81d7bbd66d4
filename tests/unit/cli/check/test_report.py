from __future__ import annotations

from vr_exporter.cli.check.report import exit_code, fail, note, ok, parts_of, warn
from vr_exporter.cli.common import Exit


def test_warnings_and_notes_leave_the_exit_code_at_0() -> None:
    """Only a failure makes the command fail."""
    findings = [ok("tls", "fine"), warn("clock", "off", "use NTP"), note("right to sync", "?")]
    assert exit_code(findings) is Exit.DONE


def test_one_failure_makes_the_exit_code_5() -> None:
    """A site that does not do what was asked is exit code 5, whatever else is well."""
    assert exit_code([fail("login", "refused", "correct it"), ok("tls", "fine")]) is Exit.REFUSED


def test_a_line_has_site_mark_subject_finding_and_remedy() -> None:
    """The remedy follows the finding after an arrow, columns are padded."""
    parts = parts_of("madrid", fail("login", "refused", "correct it"), site_width=8)
    assert "  ".join(parts) == "madrid    FAIL  login            refused -> correct it"


def test_a_hostile_name_stays_on_one_line_and_steers_no_terminal() -> None:
    """What is not printable is escaped before it is printed."""
    parts = parts_of("madrid", ok("pairings", "db\x1b[2J\n\u202eexe"), site_width=6)
    assert parts[-1] == "db\\u001b[2J\\n\\u202eexe"
