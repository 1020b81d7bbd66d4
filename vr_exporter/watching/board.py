"""Where the current snapshot hangs: one reference, swapped whole."""

from __future__ import annotations

import threading
from collections.abc import Callable

from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import SiteSnapshot, Snapshot


class Board:
    """Holds the current Snapshot. Readers take the reference and need no lock.

    `on_change` is called with the new snapshot and the site that changed (None: all), one call at
    a time, before the snapshot can be seen here.
    """

    def __init__(
        self, on_change: Callable[[Snapshot, SiteName | None], None] | None = None
    ) -> None:
        self._snapshot = Snapshot()
        self._on_change = on_change or (lambda _snapshot, _site: None)
        self._writing = threading.Lock()

    def current(self) -> Snapshot:
        """Return what is known of every site now."""
        return self._snapshot

    def put(self, site: SiteSnapshot) -> None:
        """Replace one site's snapshot, keeping the order of the sites."""
        with self._writing:
            self._swap(Snapshot({**self._snapshot.sites, site.site: site}), site.site)

    def remove(self, site: SiteName) -> None:
        """Take a site off the board that is no longer configured."""
        with self._writing:
            kept = {name: known for name, known in self._snapshot.sites.items() if name != site}
            self._swap(Snapshot(kept), site)

    def tell_again(self) -> None:
        """Tell of every site as it stands, for one who has just begun to listen."""
        with self._writing:
            self._on_change(self._snapshot, None)

    def _swap(self, snapshot: Snapshot, changed: SiteName) -> None:
        """Tell first: what is seen here has then reached the page already."""
        self._on_change(snapshot, changed)
        self._snapshot = snapshot
