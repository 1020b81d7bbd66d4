"""What a check found: one line each, with its mark and the remedy, and the exit code of all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from vr_exporter.cli.common import Exit
from vr_exporter.cli.plain import shown

SUBJECT_WIDTH = 15
"""Columns of what was looked at; the longest subject here is `name resolution`."""

_COLOURS = {"ok": "green", "note": "cyan", "warn": "yellow", "FAIL": "red"}


class Mark(StrEnum):
    """How a check came out; only FAIL changes the exit code."""

    OK = "ok"
    NOTE = "note"
    WARN = "warn"
    FAIL = "FAIL"

    @property
    def colour(self) -> str:
        """Its colour on a terminal."""
        return _COLOURS[self.value]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what it was, what was found, and what to do about it."""

    mark: Mark
    subject: str
    text: str
    remedy: str = ""


def ok(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding(Mark.OK, subject, text)


def note(subject: str, text: str, remedy: str = "") -> Finding:
    """Nothing to judge, but to know."""
    return Finding(Mark.NOTE, subject, text, remedy)


def warn(subject: str, text: str, remedy: str) -> Finding:
    """It works, and could be better."""
    return Finding(Mark.WARN, subject, text, remedy)


def fail(subject: str, text: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(Mark.FAIL, subject, text, remedy)


def about(whom: str, finding: Finding) -> Finding:
    """The same finding, with whom of several it is about."""
    return replace(finding, text=f"{whom}: {finding.text}")


def exit_code(findings: Iterable[Finding]) -> Exit:
    """0 when nothing failed, warnings allowed, else 5."""
    return Exit.REFUSED if any(found.mark is Mark.FAIL for found in findings) else Exit.DONE


def parts_of(site: str, finding: Finding, *, site_width: int) -> tuple[str, str, str, str]:
    """Site, mark, subject and the rest of a line, padded to columns and safe for a terminal."""
    rest = f"{finding.text} -> {finding.remedy}" if finding.remedy else finding.text
    return (
        site.ljust(site_width),
        finding.mark.value.ljust(4),
        finding.subject.ljust(SUBJECT_WIDTH),
        shown(rest),
    )
