"""What a user asks of the rules, checked: job, address of the runbook, groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import urlsplit
from warnings import catch_warnings, simplefilter

from vr_exporter.cli.common import CommandError, Exit, nearest

_NOT_RE2: Final = re.compile(
    r"""
      \(\? (?: [=!>\#(] | <[=!] | P[=>] )  # looking around, atomic groups, comments, conditions
    | \(\? [a-z]* [Laux]                   # flags of Python alone
    | \(\?P< \w* [^\W\x00-\x7f]           # names beyond ASCII
    | \\ [1-9NUuZ]                         # references back, characters by name or number, \z
    | [*+?}] \+                            # possessive repetition
    | \{ \d* ,? \d{4,} ,? \}              # more than 1000 times
    """,
    re.VERBOSE,
)
_URL: Final = re.compile(r"https?://[A-Za-z0-9\-._~:/?@!$&()*+,;=%\[\]]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rules are made for; `groups` are names of alert groups without `vr-`."""

    job: str
    runbook_url: str
    groups: tuple[str, ...]


def job_of(text: str) -> str:
    """The regular expression of `--job`, as Prometheus reads it (RE2, anchored)."""
    if not text or not text.isprintable():
        _refuse("--job", "empty or not printable (write the job_name of your scrape_config)")
    try:
        with catch_warnings():  # of what Python may read differently one day: Prometheus will not
            simplefilter("ignore", FutureWarning)
            re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        _refuse("--job", f"not a regular expression: {error} (mend it, or put \\ before . and *)")
    if found := _NOT_RE2.search(re.sub(r"\\\\", "", text)):
        _refuse("--job", f"Prometheus knows no '{found[0]}' in a regular expression (leave it out)")
    return text


def runbook_url_of(text: str) -> str:
    """The address of `--runbook-url`, without the anchor that each alert appends."""
    try:
        parts = urlsplit(text)
        is_address = bool(_URL.fullmatch(text.partition("#")[0]) and parts.hostname)
        _ = parts.port
    except ValueError:
        is_address = False
    if not is_address:
        _refuse("--runbook-url", "not an address (write it as https://wiki.example/vr)")
    if parts.username is not None:
        _refuse("--runbook-url", "an address holds no credentials (leave them out)")
    if "#" in text:
        _refuse("--runbook-url", "each alert appends its own anchor (leave out the # and the rest)")
    return text


def groups_of(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """The groups of `--group`, each once, in the order of the files."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        _refuse("--group", f"names none (choose from {', '.join(known)})")
    for name in names:
        if name not in known:
            hint = nearest(name, known) or f" (choose from {', '.join(known)})"
            _refuse("--group", f"no such group '{name}'{hint}")
    return tuple(name for name in known if name in names)


def _refuse(flag: str, fault: str) -> NoReturn:
    raise CommandError(Exit.USAGE, f"{flag}: {fault}")
