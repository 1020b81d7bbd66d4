"""Names that must not be mixed up, each a string of its own type, and globs of them."""

from __future__ import annotations

from typing import NewType

SiteName = NewType("SiteName", str)
"""A configured site; the value of the label `site`."""

PairingId = NewType("PairingId", str)
"""The appliance's id of a pairing, a UUID."""

PairingName = NewType("PairingName", str)
"""The readable value of the label `pairing`: an alias, else the remote vCenter's name."""

ReplicationId = NewType("ReplicationId", str)
"""The appliance's id of a replication: opaque, percent-encode it in paths."""

TaskId = NewType("TaskId", str)
"""The appliance's id of a task: opaque, may be used again after a restart."""

_WILDCARDS = frozenset("*?[")


def is_glob(word: str) -> bool:
    """Whether a word for names is a pattern and not a name itself (fnmatch)."""
    return not _WILDCARDS.isdisjoint(word)
