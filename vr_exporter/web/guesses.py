"""How long the answer to a wrong password is held back, by the address it came from."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from typing import Final

from vr_exporter.web.message import Request

FREE: Final = 5
"""So many wrong passwords of one address are answered at once; each second gives one back."""

LONGEST_SECONDS: Final = 10.0
MOST_ADDRESSES: Final = 10_000
_SECONDS_EACH: Final = 1.0
_NETWORK_BITS: Final = 64


class Guesses:
    """Wrong passwords of late (fault-matrix C4).

    Only the answer to a wrong password waits, after it was checked: the right one is never held
    up, whatever others tried from the same address. An address is that of the connection, an
    IPv6 one with all of its /64: what a request says of itself (X-Forwarded-For) counts nothing.
    Beyond the largest number of addresses the one that was heard of longest ago is forgotten.
    """

    def __init__(self) -> None:
        self._paid_until: OrderedDict[str, float] = OrderedDict()
        self._turn = threading.Lock()

    def __len__(self) -> int:
        return len(self._paid_until)

    def delay_seconds(self, peer: str, *, now: float) -> float:
        """Count a wrong password at this monotonic time, and say how long its answer waits."""
        address = network_of(peer)
        earliest = now - FREE * _SECONDS_EACH
        with self._turn:
            start = max(self._paid_until.pop(address, earliest), earliest)
            until = min(start + _SECONDS_EACH, now + LONGEST_SECONDS)
            self._paid_until[address] = until
            if len(self._paid_until) > MOST_ADDRESSES:
                self._paid_until.popitem(last=False)
        return max(0.0, until - now)


def network_of(peer: str) -> str:
    """The address under which a peer is counted."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if address.version == 4:  # noqa: PLR2004 - the version's name is its number
        return peer
    return str(ipaddress.ip_network((int(address), _NETWORK_BITS), strict=False))


def offers_password(request: Request) -> bool:
    """Whether a request tries a password: one without any is refused at once, and is no guess.

    A bearer token is none: it is made by a machine and too long to be guessed.
    """
    return request.headers.get("authorization", "")[:6].lower() == "basic "
