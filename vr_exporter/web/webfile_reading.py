"""Reading a web file: each fault becomes one line that names the file, the key and the remedy."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from vr_exporter.web.message import Headers, Response

_FILE_BYTES = 1024 * 1024
_SECTIONS = ("tls_server_config", "http_server_config", "basic_auth_users")
_TLS_KEYS = (
    "cert_file",
    "key_file",
    "client_ca_file",
    "client_auth_type",
    "client_allowed_sans",
    "min_version",
)
_HEADERS = (
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
)
_CLIENT_AUTH = {
    "NoClientCert": ssl.CERT_NONE,
    "RequestClientCert": ssl.CERT_NONE,  # asked for, never looked at: the same to every client
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_UNVERIFIED = "RequireAnyClientCert"
_MIN_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")


class WebFileError(Exception):
    """A web file that cannot be used; its text is one line for people, without any secret."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What a web file asks for; `files` are those it names, watched for changes."""

    tls: ssl.SSLContext | None = None
    allowed_sans: frozenset[str] = frozenset()
    headers: Headers = ()
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: tuple[Path, ...] = ()


def read_web_settings(path: Path) -> WebSettings:
    """Read a web file; an empty one asks for nothing."""
    return _Reader(path).read()


class _UniqueKeys(yaml.SafeLoader):
    """YAML of plain values in which no key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:  # noqa: FBT001, FBT002 - the signature is PyYAML's
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, "a key stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


class _Reader:
    """One reading of one file; relative paths start at the file's folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> WebSettings:
        root = self._section(self._yaml(), "", _SECTIONS)
        tls = self._section(root.get("tls_server_config"), "tls_server_config", _TLS_KEYS)
        http = self._section(root.get("http_server_config"), "http_server_config", ("headers",))
        return WebSettings(
            tls=self._context(tls) if tls else None,
            allowed_sans=self._allowed_sans(tls),
            headers=self._headers(http.get("headers")),
            users=self._users(root.get("basic_auth_users")),
            files=tuple(
                self._file(tls, key)
                for key in ("cert_file", "key_file", "client_ca_file")
                if tls.get(key)
            ),
        )

    def _fault(self, key: str, what: str, remedy: str) -> WebFileError:
        return WebFileError(f"{self._path}: {key + ': ' if key else ''}{what} ({remedy})")

    def _yaml(self) -> object:
        try:
            raw = self._path.read_bytes()
        except OSError as error:
            raise self._fault("", f"cannot be read: {error.strerror}", "check its path") from None
        if len(raw) > _FILE_BYTES:
            raise self._fault("", "is over 1 MiB", "give a web file")
        try:
            return yaml.load(raw, Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader
        except (yaml.YAMLError, ValueError, TypeError, LookupError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            place = f" in line {mark.line + 1}" if mark else ""
            problem = getattr(error, "problem", None) or "cannot be parsed"
            raise self._fault("", f"is not YAML{place}: {problem}", "correct it") from None

    def _section(self, value: object, key: str, known: tuple[str, ...]) -> dict[str, object]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._fault(key, "is not a mapping of keys", f"known: {', '.join(known)}")
        for name in value:
            if name not in known:
                where = f"{key}.{name}" if key else str(name)
                raise self._fault(where, "is not supported", f"known: {', '.join(known)}")
        return value

    def _context(self, tls: dict[str, object]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = self._min_version(tls)
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        certificate, key = self._file(tls, "cert_file"), self._file(tls, "key_file")
        try:
            context.load_cert_chain(certificate, key, password=lambda: "")
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or "not PEM"
            raise self._fault(
                "tls_server_config.key_file",
                f"certificate and key cannot be loaded: {reason}",
                "give the PEM chain and its own key, without a passphrase",
            ) from None
        self._ask_for_client_certificates(context, tls)
        return context

    def _min_version(self, tls: dict[str, object]) -> ssl.TLSVersion:
        wanted = str(tls.get("min_version", "TLS12"))
        if wanted not in _MIN_VERSIONS:
            raise self._fault(
                "tls_server_config.min_version", "is not offered", "use TLS12 or TLS13"
            )
        return _MIN_VERSIONS[wanted]

    def _ask_for_client_certificates(self, context: ssl.SSLContext, tls: dict[str, object]) -> None:
        kind = self._client_auth_type(tls)
        if "client_ca_file" not in tls:
            if _CLIENT_AUTH[kind] is not ssl.CERT_NONE:
                raise self._fault(
                    "tls_server_config.client_auth_type",
                    f"{kind} has nothing to verify against",
                    "set client_ca_file",
                )
            return
        if kind == "NoClientCert":
            raise self._fault(
                "tls_server_config.client_ca_file",
                "is set, but no client certificate is asked for",
                "set client_auth_type, such as RequireAndVerifyClientCert",
            )
        authority = self._file(tls, "client_ca_file")
        try:
            context.load_verify_locations(authority)
        except (OSError, ValueError):
            raise self._fault(
                "tls_server_config.client_ca_file", "holds no certificate", "give a PEM file"
            ) from None
        context.verify_mode = _CLIENT_AUTH[kind]

    def _client_auth_type(self, tls: dict[str, object]) -> str:
        kind = str(tls.get("client_auth_type") or "NoClientCert")
        key = "tls_server_config.client_auth_type"
        if kind == _UNVERIFIED:
            raise self._fault(
                key,
                f"{_UNVERIFIED} lets any certificate in, unverified",
                "use RequireAndVerifyClientCert with client_ca_file",
            )
        if kind not in _CLIENT_AUTH:
            raise self._fault(key, "is not known", f"use one of {', '.join(_CLIENT_AUTH)}")
        return kind

    def _allowed_sans(self, tls: dict[str, object]) -> frozenset[str]:
        names = tls.get("client_allowed_sans")
        key = "tls_server_config.client_allowed_sans"
        if names is None:
            return frozenset()
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise self._fault(key, "is not a list of names", "write - name, one a line")
        if names and _CLIENT_AUTH[self._client_auth_type(tls)] is ssl.CERT_NONE:
            raise self._fault(
                key,
                "needs verified client certificates",
                "set client_auth_type: RequireAndVerifyClientCert",
            )
        return frozenset(names)

    def _file(self, tls: dict[str, object], key: str) -> Path:
        where = f"tls_server_config.{key}"
        name = tls.get(key)
        if not isinstance(name, str) or not name:
            raise self._fault(where, "is missing", "give the path of a PEM file")
        path = self._path.parent / name
        try:
            path.open("rb").close()
        except OSError as error:
            raise self._fault(
                where, f'"{name}" cannot be read: {error.strerror}', "check path and rights"
            ) from None
        return path

    def _headers(self, value: object) -> Headers:
        section = self._section(value, "http_server_config.headers", _HEADERS)
        headers = tuple((name, str(text)) for name, text in section.items())
        try:
            return Response(200, headers).headers
        except ValueError:
            raise self._fault(
                "http_server_config.headers", "a value has control characters", "write one line"
            ) from None

    def _users(self, value: object) -> dict[str, str]:
        if value is not None and not isinstance(value, dict):
            raise self._fault("basic_auth_users", "is not a mapping", "write name: bcrypt-hash")
        users = {}
        for position, (name, hashed) in enumerate((value or {}).items(), 1):
            if not isinstance(name, str) or not name or ":" in name:
                raise self._fault(
                    "basic_auth_users", f"entry {position} has no usable name", "quote the name"
                )
            if not isinstance(hashed, str) or not _BCRYPT.fullmatch(hashed):
                raise self._fault(
                    f"basic_auth_users.{name}",
                    "is not a bcrypt hash",
                    "make one with htpasswd -nBC 10 NAME",
                )
            users[name] = hashed
        return users
