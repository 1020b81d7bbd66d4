"""A round as plain lines, one for each change: for pipes and logs."""

from __future__ import annotations

from collections.abc import Callable

from vr_exporter.cli.plain import shown, span
from vr_exporter.cli.sync.following import Round
from vr_exporter.cli.sync.standing import NOT_ASKED, Standing
from vr_exporter.domain.triggers import TriggerState


class Lines:
    """Writes a line whenever the word of a wish changes."""

    shows_progress = False

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._words: dict[str, str] = {}

    def show(self, wishes: Round) -> None:
        """Write what changed since the last time."""
        for standing in wishes.every:
            if self._words.get(standing.token, NOT_ASKED) != standing.word:
                self._words[standing.token] = standing.word
                self._write(line_of(standing))


class Silence:
    """Shows nothing: for programs, which read the end."""

    shows_progress = False

    def show(self, wishes: Round) -> None:
        """Say nothing."""


def line_of(standing: Standing) -> str:
    """One wish in one line: where, which, its word; at its end how long, and why."""
    target = standing.target
    text = f"{target.site} {target.label} {standing.word}"
    if standing.took_seconds is not None and standing.state is not TriggerState.SKIPPED:
        text += f" after {span(standing.took_seconds)}"
    explanation = explanation_of(standing)
    return shown(f"{text} ({explanation})" if explanation else text)


def explanation_of(standing: Standing) -> str:
    """The sentence, where the word does not say it all."""
    is_plain = standing.exit_code(wants_fresh=True) in (None, 0) and standing.would_act is None
    return "" if is_plain and standing.reason == "" else standing.sentence
