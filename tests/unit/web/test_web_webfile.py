"""What a web file may ask for, and what is said when it cannot be had."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import bcrypt
import pytest
import trustme

from tests.raw_http import a_client, basic
from vr_exporter.web.message import Request
from vr_exporter.web.webfile import WebFile
from vr_exporter.web.webfile_reading import WebFileError

HASH = bcrypt.hashpw(b"open sesame", bcrypt.gensalt(4)).decode()
GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n"
WithText = Callable[[str], Path]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cert.pem, key.pem, other.pem (another's key), ca.pem and nonsense.pem."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    ours, other = authority.issue_cert("localhost"), authority.issue_cert("other.example")
    ours.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    ours.private_key_pem.write_to_path(folder / "key.pem")
    other.private_key_pem.write_to_path(folder / "other.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "nonsense.pem").write_text("nonsense")
    return folder


@pytest.fixture
def web_yml(tmp_path: Path, certificates: Path) -> WithText:
    """Writes web.yml beside the certificates' links."""

    def write(text: str) -> Path:
        for file in certificates.iterdir():
            link = tmp_path / file.name
            if not link.exists():
                link.symlink_to(file)
        path = tmp_path / "web.yml"
        path.write_text(text)
        return path

    return write


def tls(*lines: str) -> str:
    """A tls_server_config with certificate and key, and further lines."""
    all_lines = ("cert_file: cert.pem", "key_file: key.pem", *lines)
    return "tls_server_config:\n" + "".join(f"  {line}\n" for line in all_lines)


def touch(path: Path) -> None:
    """Let a file look changed, however coarse the clock of the file system."""
    later = path.stat().st_mtime + 5
    os.utime(path, (later, later))


FAULTS = {
    "unknown section": ("rate_limit: {}", "rate_limit: is not supported"),
    "unknown TLS key": (tls("cipher_suites: []"), "tls_server_config.cipher_suites: is not supp"),
    "HTTP/2": ("http_server_config: {http2: true}", "http_server_config.http2: is not supported"),
    "unknown header": (
        "http_server_config: {headers: {X-Mine: a}}",
        "http_server_config.headers.X-Mine: is not supported",
    ),
    "header of two lines": (
        'http_server_config: {headers: {X-Frame-Options: "a\\r\\nB: c"}}',
        "http_server_config.headers: a value has control characters",
    ),
    "no key": (
        "tls_server_config: {cert_file: cert.pem}",
        "tls_server_config.key_file: is missing",
    ),
    "no such file": (
        "tls_server_config: {cert_file: gone.pem, key_file: key.pem}",
        'tls_server_config.cert_file: "gone.pem" cannot be read: No such file',
    ),
    "another's key": (
        "tls_server_config: {cert_file: cert.pem, key_file: other.pem}",
        "tls_server_config.key_file: certificate and key cannot be loaded: KEY_VALUES_MISMATCH",
    ),
    "no PEM": (
        "tls_server_config: {cert_file: nonsense.pem, key_file: key.pem}",
        "certificate and key cannot be loaded",
    ),
    "old TLS": (tls("min_version: TLS10"), "tls_server_config.min_version: is not offered"),
    "unknown client_auth_type": (
        tls("client_auth_type: Maybe"),
        "tls_server_config.client_auth_type: is not known",
    ),
    "unverified certificates": (
        tls("client_auth_type: RequireAnyClientCert"),
        "client_auth_type: RequireAnyClientCert lets any certificate in",
    ),
    "no authority": (
        tls("client_auth_type: RequireAndVerifyClientCert"),
        "has nothing to verify against (set client_ca_file)",
    ),
    "unused authority": (tls("client_ca_file: ca.pem"), "client_ca_file: is set, but no client"),
    "bad authority": (
        tls("client_ca_file: nonsense.pem", "client_auth_type: VerifyClientCertIfGiven"),
        "client_ca_file: holds no certificate",
    ),
    "names of nobody": (tls("client_allowed_sans: [a]"), "needs verified client certificates"),
    "names no list": (tls("client_allowed_sans: a"), "client_allowed_sans: is not a list"),
    "plain password": (
        "basic_auth_users: {ann: secret-word}",
        "basic_auth_users.ann: is not a bcr",
    ),
    "users as list": ("basic_auth_users: [ann]", "basic_auth_users: is not a mapping"),
    "nameless user": (f"basic_auth_users: {{1: '{HASH}'}}", "entry 1 has no usable name"),
    "no mapping": ("- a", "is not a mapping of keys"),
    "no YAML": ("a: [", "is not YAML in line 1"),
    "key twice": ("basic_auth_users: {}\nbasic_auth_users: {}", "a key stands twice"),
    "Python object": ("a: !!python/object/apply:os.getcwd []", "is not YAML"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_one_line_with_file_key_and_remedy(name: str, web_yml: WithText) -> None:
    """What cannot be done is refused aloud, without showing a password."""
    text, expected = FAULTS[name]
    path = web_yml(text)
    with pytest.raises(WebFileError) as caught:
        WebFile(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert expected in line
    assert line.endswith(")")
    assert "\n" not in line
    assert "secret-word" not in line


def test_missing_file_is_said() -> None:
    """A path that leads nowhere is a fault like any other."""
    with pytest.raises(WebFileError, match=r"^nowhere\.yml: cannot be read: No such file"):
        WebFile(Path("nowhere.yml"))


def test_empty_file_asks_for_nothing(web_yml: WithText) -> None:
    """Without sections there is neither TLS nor a login."""
    web_file = WebFile(web_yml(""))
    assert (web_file.tls, web_file.headers) == (None, ())
    assert web_file.refusal(Request("GET", "/metrics")) is None


def test_login_guards_every_path_but_healthy(web_yml: WithText) -> None:
    """With users, everything but /-/healthy asks for one of them; the unix socket does not."""
    web_file = WebFile(web_yml(f"basic_auth_users: {{ann: '{HASH}'}}"))
    refused = web_file.refusal(Request("GET", "/metrics"))
    assert refused is not None
    assert refused.status == 401
    assert ("WWW-Authenticate", 'Basic realm="vr-exporter", charset="UTF-8"') in refused.headers
    for path in ("/", "/-/ready", "/-/healthy/", "/nowhere"):
        assert web_file.refusal(Request("GET", path)) is not None
    assert web_file.refusal(Request("GET", "/-/healthy")) is None
    assert web_file.refusal(Request("GET", "/metrics", is_local=True)) is None
    good = {"authorization": basic("ann", "open sesame")}
    assert web_file.refusal(Request("GET", "/metrics", headers=good)) is None


def test_refused_request_is_not_handled_and_its_body_not_read(web_yml: WithText) -> None:
    """401 comes before the body does; the connection then ends, unless the body is passed over."""
    web_file = WebFile(web_yml(f"basic_auth_users: {{ann: '{HASH}'}}"))
    with a_client(web_file=web_file) as client:
        assert client.ask(GET + b"\r\n").status == 401
        head = b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
        assert client.ask(head + b"123456789").status == 401
        assert client.ask(head).status == 401
        assert client.is_closed()


def test_headers_of_the_file_are_on_every_answer(web_yml: WithText) -> None:
    """They stand once, in place of ours of the same name."""
    text = "http_server_config: {headers: {X-Frame-Options: deny, X-Content-Type-Options: nosniff}}"
    with a_client(web_file=WebFile(web_yml(text))) as client:
        assert client.ask(GET + b"\r\n").headers["x-frame-options"] == "deny"


def test_changed_file_is_read_again(web_yml: WithText) -> None:
    """A new password holds at the next request, and the old one no more."""
    path = web_yml(f"basic_auth_users: {{ann: '{HASH}'}}")
    web_file = WebFile(path)
    request = Request("GET", "/", headers={"authorization": basic("ann", "open sesame")})
    assert web_file.refusal(request) is None
    changed = bcrypt.hashpw(b"changed", bcrypt.gensalt(4)).decode()
    path.write_text(f"basic_auth_users: {{ann: '{changed}'}}")
    touch(path)
    assert web_file.refusal(request) is not None


def test_bad_new_file_leaves_the_old_one_and_is_logged_once(
    web_yml: WithText, caplog: pytest.LogCaptureFixture
) -> None:
    """A slip of the pen opens nothing and closes nothing."""
    path = web_yml(f"basic_auth_users: {{ann: '{HASH}'}}")
    web_file = WebFile(path)
    path.write_text("basic_auth_users: {ann: oops}")
    touch(path)
    with caplog.at_level(logging.INFO):
        assert all(web_file.refusal(Request("GET", "/")) for _ in range(3))
    assert [record.getMessage() for record in caplog.records] == [
        "web file refused, the old one holds"
    ]


@pytest.mark.parametrize("text", ["", "# all gone\n", "basic_auth_users: {}\n"])
def test_file_that_guards_nothing_any_more_is_refused(text: str, web_yml: WithText) -> None:
    """A file is empty for a moment while it is written: nobody slips in meanwhile."""
    path = web_yml(f"basic_auth_users: {{ann: '{HASH}'}}")
    web_file = WebFile(path)
    path.write_text(text)
    touch(path)
    assert web_file.refusal(Request("GET", "/")) is not None
    path.write_text(f"http_server_config: {{headers: {{X-Frame-Options: deny}}}}\n# {HASH}")
    touch(path)
    assert web_file.refusal(Request("GET", "/")) is None


def test_renewed_certificate_is_read_again(web_yml: WithText) -> None:
    """A change of a certificate file alone makes a new TLS context."""
    path = web_yml(tls())
    web_file = WebFile(path)
    before = web_file.tls
    assert before is not None
    assert web_file.tls is before
    certificate = path.parent / "cert.pem"
    pem = certificate.read_bytes()
    certificate.unlink()
    certificate.write_bytes(pem)
    assert web_file.tls is not before


@pytest.mark.parametrize(
    ("certificate", "is_admitted"),
    [
        ({}, True),
        ({"subjectAltName": (("DNS", "prometheus.example"),)}, True),
        ({"subjectAltName": (("DNS", "other.example"), ("IP Address", "192.0.2.9"))}, True),
        ({"subjectAltName": (("DNS", "other.example"),)}, False),
        ({"subject": ((("commonName", "prometheus.example"),),)}, False),
    ],
)
def test_client_certificate_needs_an_allowed_name(
    web_yml: WithText, certificate: dict[str, object], *, is_admitted: bool
) -> None:
    """A subject alternative name has to be among those allowed; the common name does not count."""
    text = tls(
        "client_ca_file: ca.pem",
        "client_auth_type: VerifyClientCertIfGiven",
        "client_allowed_sans: [prometheus.example, 192.0.2.9]",
    )
    assert WebFile(web_yml(text)).admits_peer(certificate) is is_admitted


@pytest.mark.parametrize(
    "text",
    [
        "tls_server_config:\n  min_version: !!int \n",
        "tls_server_config:\n  cert_file: c\n  min_version: {a: b}\n",
        "tls_server_config:\n  client_auth_type: {a: b}\n",
    ],
)
def test_C23_what_cannot_be_looked_up_is_one_line(tmp_path: Path, text: str) -> None:
    """A number without digits and a mapping for a word are refused as any other mistake is."""
    path = tmp_path / "web.yml"
    path.write_text(text)
    with pytest.raises(WebFileError) as caught:
        WebFile(path)
    assert "\n" not in str(caught.value)
