"""Where the status comes from: a running exporter, or the appliances read once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vr_exporter.cli import common
from vr_exporter.cli.common import CommandError, Exit
from vr_exporter.cli.local import socket_in
from vr_exporter.cli.remote import Exporter, Parameters, Source, at, beside

if TYPE_CHECKING:
    from vr_exporter.domain.snapshot import Snapshot
    from vr_exporter.settings import Settings


class Appliances:
    """The appliances of the settings, read once; answers as the API of an exporter does."""

    def __init__(self, snapshot: Snapshot, *, now: float) -> None:
        self.name = "the appliances, read once just now"
        self._snapshot = snapshot
        self._now = now

    def get(self, path: str, parameters: Parameters = ()) -> Any:
        """The answer of the API to this path."""
        from vr_exporter.web import api
        from vr_exporter.web.message import Request

        listing = {"sites": api.SITES, "replications": api.REPLICATIONS}[path.rpartition("/")[2]]
        request = Request("GET", path, query=tuple(parameters))
        response = listing.answer(self._snapshot, request, now=self._now)
        answer = json.loads(b"".join(response.chunks))
        if response.status != 200:  # noqa: PLR2004 the one good status
            raise CommandError(Exit.USAGE, str(answer["detail"]))
        return answer


@contextmanager
def source(
    config_file: Path | None, *, server: str | None, token_file: Path | None, sites: tuple[str, ...]
) -> Iterator[Source]:
    """The exporter at `--server`, else the one that runs here, else the appliances."""
    exporter: Exporter | None
    if server:
        exporter = at(server, token_file=token_file)
        settings = None
    else:
        settings = common.load_settings(config_file)
        exporter = beside(socket_in(settings.state_folder))
    if exporter is not None:
        try:
            yield exporter
        finally:
            exporter.close()
    elif settings is not None:
        yield _appliances(settings, sites)


def _appliances(settings: Settings, sites: tuple[str, ...]) -> Appliances:
    import time

    from vr_exporter.cli.alone import read_once

    for name in sites:
        if name not in settings.sites:
            known = ", ".join(settings.sites)
            raise CommandError(Exit.USAGE, f"--site: no such site {name} (known: {known})")
    snapshot = read_once(settings, [name for name in settings.sites if not sites or name in sites])
    return Appliances(snapshot, now=time.time())  # noqa: TID251 said beside ages, decides nothing
