"""The web file: TLS, client certificates, logins and headers under exporter-toolkit's keys."""

from __future__ import annotations

import logging
import os
import ssl
import threading
from collections.abc import Mapping
from pathlib import Path

from vr_exporter.web.login import Logins
from vr_exporter.web.message import Headers, Request, Response
from vr_exporter.web.problems import problem
from vr_exporter.web.webfile_reading import WebFileError, WebSettings, read_web_settings

_log = logging.getLogger(__name__)
_OPEN_PATH = "/-/healthy"

_Marks = tuple[tuple[str, int, int, int], ...]


class WebFile:
    """What the web file asks for at present; raises WebFileError when its first reading fails.

    It is read again when it, or a certificate file that it names, has changed. A bad new one is
    logged once and the old one holds; so is one that asks for nothing any more: a file that is
    being written is empty for a moment.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._marks: _Marks = _marks((path,))
        self._settings = read_web_settings(path)
        self._logins = Logins(self._settings.users)
        self._marks = _marks(self._watched)

    @property
    def tls(self) -> ssl.SSLContext | None:
        """How new connections are encrypted; None for plain HTTP."""
        return self._current().tls

    @property
    def headers(self) -> Headers:
        """What every answer carries besides its own headers."""
        return self._current().headers

    def admits_peer(self, certificate: Mapping[str, object]) -> bool:
        """Whether a verified client certificate (empty: none was given) has an allowed name."""
        allowed = self._current().allowed_sans
        if not allowed or not certificate:
            return True
        names = certificate.get("subjectAltName", ())
        return isinstance(names, tuple) and any(value in allowed for _, value in names)

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request without a good login, None where none is needed."""
        if not self._current().users or request.is_local or request.path == _OPEN_PATH:
            return None
        if self._logins.admits(request.headers.get("authorization", "")):
            return None
        challenge = ("WWW-Authenticate", 'Basic realm="vr-exporter", charset="UTF-8"')
        return problem(401, "a login of the web file is needed", headers=(challenge,))

    @property
    def _watched(self) -> tuple[Path, ...]:
        return (self._path, *self._settings.files)

    def _current(self) -> WebSettings:
        if _marks(self._watched) != self._marks:
            with self._turn:
                self._read_again()
        return self._settings

    def _read_again(self) -> None:
        marks = _marks(self._watched)
        if marks == self._marks:
            return
        self._marks = marks
        try:
            settings = self._settings_that_protect()
        except WebFileError as error:
            _log.warning("web file refused, the old one holds", extra={"reason": str(error)})
            return
        self._logins = Logins(settings.users)
        self._settings = settings
        self._marks = _marks(self._watched)
        _log.info("web file read again", extra={"file": str(self._path)})

    def _settings_that_protect(self) -> WebSettings:
        settings = read_web_settings(self._path)
        if settings == WebSettings() != self._settings:
            raise WebFileError(f"{self._path}: is empty (restart to serve without it)")
        return settings


def _marks(paths: tuple[Path, ...]) -> _Marks:
    return tuple(_mark(path) for path in paths)


def _mark(path: Path) -> tuple[str, int, int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116 - on every request: twice as fast as Path.stat
    except OSError:
        return (str(path), 0, 0, 0)
    return (str(path), status.st_mtime_ns, status.st_size, status.st_ino)
