"""Where the server listens: TCP addresses as Prometheus writes them, and a unix socket."""

from __future__ import annotations

import errno
import os
import pwd
import re
import socket
import stat
import struct
from contextlib import suppress
from pathlib import Path

_ADDRESS = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.%a-z]+)\]|(?P<host>[^:\[\]\s]*)):(?P<port>[0-9]{1,5})"
)
_LARGEST_PORT = 65535
_PEER = struct.Struct("3i")
"""What Linux tells of a unix socket's other end: process, user and group."""
_NO_IPV6 = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
ACCEPT_SECONDS = 0.5
"""How long one accept waits before it looks whether the server is to stop."""


class ListenError(Exception):
    """An address that cannot be listened on; its text is one line for people."""


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `host:port`, `[v6]:port` or `:port`, whose host is empty: all addresses."""
    match = _ADDRESS.fullmatch(address)
    if not match or int(match["port"]) > _LARGEST_PORT:
        raise ListenError(f"{address}: not an address to listen on (write HOST:PORT or :PORT)")
    return match["v6"] or match["host"], int(match["port"])


def listen_tcp(address: str, *, backlog: int) -> socket.socket:
    """Listen on a TCP address; without a host on every address, IPv6 and IPv4 alike."""
    host, port = split_address(address)
    try:
        return _bound(host, port, backlog=backlog)
    except OSError as error:
        raise ListenError(f"{address}: {_reason(error)}") from error


def listen_unix(path: Path, *, backlog: int) -> socket.socket:
    """Listen on a socket file that only its owner may open; a stale one gives way."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise FileExistsError(errno.EEXIST, "is there and is no socket")
            path.unlink()
        sock.bind(os.fspath(path))
        path.chmod(0o600)  # nobody can have connected: it does not listen yet
        return _listening(sock, backlog)
    except OSError as error:
        sock.close()
        raise ListenError(f"{path}: {_reason(error)}") from error


def user_at(sock: socket.socket) -> str:
    """The user at the other end of a unix socket: a name, else a number; empty if untold."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return ""
    _, user, _ = _PEER.unpack(sock.getsockopt(socket.SOL_SOCKET, option, _PEER.size))
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def url_of(listener: socket.socket, *, scheme: str) -> str:
    """The address of a TCP listener as a URL that works on this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("::", "0.0.0.0"):  # noqa: S104 - compared, not bound
        host = "localhost"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _bound(host: str, port: int, *, backlog: int) -> socket.socket:
    if not host and socket.has_dualstack_ipv6():
        try:
            return _tcp(socket.AF_INET6, ("::", port), backlog=backlog)
        except OSError as error:
            if error.errno not in _NO_IPV6:
                raise
    found = socket.getaddrinfo(
        host or "0.0.0.0",  # noqa: S104 - open to all is the family's custom (fault-matrix C1)
        port,
        type=socket.SOCK_STREAM,
        flags=socket.AI_PASSIVE,
    )
    family, _, _, _, where = min(found, key=lambda entry: entry[0] is not socket.AF_INET)
    return _tcp(family, where, backlog=backlog)


def _tcp(family: int, where: tuple[object, ...], *, backlog: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(where[0] != "::"))
        sock.bind(where)
        return _listening(sock, backlog)
    except OSError:
        sock.close()
        raise


def _listening(sock: socket.socket, backlog: int) -> socket.socket:
    sock.listen(backlog)
    sock.settimeout(ACCEPT_SECONDS)
    return sock


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the address is in use (stop what listens there, or choose another)"
    if error.errno == errno.EACCES:
        return "not allowed to listen there (ports below 1024 need a privilege)"
    return f"cannot listen: {error.strerror or error}"
