"""`vr-exporter` whose long spans are cut, for lives of a moment; run by itself."""

from __future__ import annotations

from vr_exporter.__main__ import main
from vr_exporter.ledger import store
from vr_exporter.syncing import searches

LOG_BYTES = 100_000
"""So short a write-ahead log sees checkpoints."""

LOOKED_FOR_SECONDS = 30.0
"""What nobody can know would fill the queue in ten minutes of kills."""

if __name__ == "__main__":
    store.LONGEST_LOG_BYTES = LOG_BYTES  # type: ignore[misc]
    searches.LOOKED_FOR_SECONDS = LOOKED_FOR_SECONDS
    main()
