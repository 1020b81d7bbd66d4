"""Whether an alert is silenced now, by what any Alertmanager of the cluster says."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from vr_exporter.alerting.alertmanager import NotAsked
from vr_exporter.alerting.silences import Silence, UnknownForm, covering

log = logging.getLogger(__name__)

KEPT_SECONDS: Final = 5.0
"""A webhook often comes in several: so long one answer serves."""


Judge = Callable[[Mapping[str, str]], str | None]
"""Says why an alert with these labels is silenced: empty for not, None if nobody was asked."""


class Peer(Protocol):
    """One Alertmanager, asked on the calling thread."""

    def silences(self) -> tuple[Silence, ...]:
        """Read the silences that are active now; raises NotAsked, and UnknownForm."""

    def close(self) -> None:
        """Close the connection."""


class Silencing:
    """Asks one peer after the other until one tells: they share their silences.

    Without any configured peer nobody is asked, and nothing is silenced; where none tells,
    everything is.
    """

    def __init__(
        self, peers: Callable[[], Sequence[Peer]], *, monotonic: Callable[[], float]
    ) -> None:
        self._peers = peers
        self._monotonic = monotonic
        self._asking = threading.Lock()
        self._judge: Judge | None = None
        self._read_at = 0.0

    def __call__(self) -> Judge:
        """Give what says of an alert's labels why it is silenced."""
        with self._asking:
            now = self._monotonic()
            if self._judge is None or not 0 <= now - self._read_at < KEPT_SECONDS:
                self._judge = self._asked()
                self._read_at = self._monotonic()
            return self._judge

    def forget(self) -> None:
        """Ask anew the next time: the settings have changed."""
        with self._asking:
            self._judge = None

    def _asked(self) -> Judge:
        faults = []
        peers = self._peers()
        try:
            for peer in peers:
                try:
                    return _judge_by(peer.silences())
                except (NotAsked, UnknownForm) as error:
                    faults.append(str(error))
        finally:
            for peer in peers:
                peer.close()
        if not faults:
            return lambda _labels: None
        said = f"the silences of Alertmanager are not known: {'; '.join(faults)}"
        log.warning("silences unknown, alerts count as silenced", extra={"error": said})
        return lambda _labels: said


def _judge_by(silences: tuple[Silence, ...]) -> Judge:
    def judge(labels: Mapping[str, str]) -> str:
        try:
            silence = covering(silences, labels)
        except UnknownForm as error:
            return f"a silence cannot be judged: {error}"
        return f"silence {silence.id} covers it" if silence else ""

    return judge
