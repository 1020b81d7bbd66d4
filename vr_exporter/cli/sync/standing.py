"""How a wish stands, in the words and exit codes of a trigger's life."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vr_exporter.cli.common import Exit
from vr_exporter.domain.triggers import TABLE, TriggerState

NOT_ASKED = "-"
FRESH = "fresh"
_BEFORE_THE_POST = frozenset({TriggerState.RESERVED, TriggerState.POSTING})
_WORST_FIRST = (Exit.UNKNOWN, Exit.REFUSED, Exit.STOPPED)


@dataclass(frozen=True, slots=True)
class Target:
    """One replication, as the exporter named it."""

    replication: str
    site: str
    pairing: str
    vm: str

    @property
    def label(self) -> str:
        """The VM as people name it; an id where it has no name."""
        return self.vm or self.replication


@dataclass(frozen=True, slots=True)
class Standing:
    """A wish of this command and what is known of it; timestamps by the exporter's clock.

    `token` makes it one wish however often it is sent. `key` is the ledger's, empty until the
    wish is taken. `is_sent`: a request with it left. `is_unheard`: whether it was taken, or how
    it ended, can no longer be learned. `would_act` is the answer to a dry run.
    """

    target: Target
    token: str
    key: str = ""
    state: TriggerState | None = None
    reason: str = ""
    sentence: str = ""
    task: str = ""
    is_confirmed: bool | None = None
    asked_timestamp_seconds: float | None = None
    ended_timestamp_seconds: float | None = None
    would_act: bool | None = None
    is_sent: bool = False
    is_unheard: bool = False

    @property
    def word(self) -> str:
        """The word shown."""
        if self.would_act is True:
            return "would sync"
        if self.would_act is False:
            return f"would not sync: {self.reason}"
        if self.is_unheard:
            return TABLE[TriggerState.AMBIGUOUS].word
        if self.state is None:
            return NOT_ASKED
        word = TABLE[self.state].word
        return f"{word}: {self.reason}" if self.state is TriggerState.SKIPPED else word

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be learned."""
        has_end = self.state is not None and self.state.is_final
        return has_end or self.is_unheard or self.would_act is not None

    @property
    def was_begun(self) -> bool:
        """Whether the appliance was asked, or need not be: nothing waits for us."""
        return self.is_over or (self.state is not None and self.state not in _BEFORE_THE_POST)

    @property
    def goes_on(self) -> bool:
        """Whether it lives on without us; one whose answer never came may do so."""
        return not self.is_over and (self.state is not None or self.is_sent)

    @property
    def took_seconds(self) -> float | None:
        """From the wish to its end."""
        asked, ended = self.asked_timestamp_seconds, self.ended_timestamp_seconds
        return None if asked is None or ended is None else max(ended - asked, 0.0)

    def exit_code(self, *, wants_fresh: bool) -> Exit | None:
        """The exit code of this wish alone; None while it goes on.

        `wants_fresh`: a sync that left the copy as old as it was did not do what was asked.
        """
        if self.would_act is not None:
            return Exit.DONE if self.would_act else Exit.REFUSED
        if self.is_unheard:
            return Exit.UNKNOWN
        if self.state is None:
            return None
        if self.state is TriggerState.SKIPPED and self.reason == FRESH:
            return Exit.DONE
        if self.state is TriggerState.SUCCEEDED and wants_fresh and self.is_confirmed is False:
            return Exit.REFUSED
        code = TABLE[self.state].exit_code
        return None if code is None else Exit(code)

    def after(self, shape: Mapping[str, Any]) -> Standing:
        """How it stands by a trigger of the API, or by the answer to a wish."""
        return replace(
            self,
            key=_text(shape, "key") or self.key,
            state=_state(_text(shape, "state")) or self.state,
            reason=_text(shape, "reason"),
            sentence=_text(shape, "sentence"),
            task=_text(shape, "task") or self.task,
            is_confirmed=shape.get("confirmed", self.is_confirmed),
            asked_timestamp_seconds=shape.get(
                "asked_timestamp_seconds", self.asked_timestamp_seconds
            ),
            ended_timestamp_seconds=shape.get(
                "ended_timestamp_seconds", self.ended_timestamp_seconds
            ),
            is_sent=True,
        )

    def unheard(self, sentence: str) -> Standing:
        """Nothing more can be learned of it."""
        return replace(self, is_unheard=True, sentence=sentence)

    def not_taken(self, sentence: str) -> Standing:
        """The exporter did not take it: nothing was started."""
        return replace(self, state=TriggerState.REFUSED, sentence=sentence)


def exit_of(standings: Iterable[Standing], *, wants_fresh: bool, may_go_on: bool = False) -> Exit:
    """The exit code of many: 6 before 5 before 4. `may_go_on`: nobody wanted to see the end."""
    still = Exit.DONE if may_go_on else Exit.STOPPED
    codes = {still if code is None else code for code in _codes(standings, wants_fresh)}
    return next((code for code in _WORST_FIRST if code in codes), Exit.DONE)


def _codes(standings: Iterable[Standing], wants_fresh: bool) -> Iterable[Exit | None]:  # noqa: FBT001 one caller
    return (standing.exit_code(wants_fresh=wants_fresh) for standing in standings)


def _text(shape: Mapping[str, Any], name: str) -> str:
    return str(shape.get(name) or "")


def _state(text: str) -> TriggerState | None:
    try:
        return TriggerState(text)
    except ValueError:
        return None
