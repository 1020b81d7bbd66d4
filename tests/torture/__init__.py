"""What takes long: every case of the fault matrix that is run by the thousand."""

from __future__ import annotations
