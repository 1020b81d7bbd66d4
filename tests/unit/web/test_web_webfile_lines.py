"""What is said of a web file that cannot be used: the whole line, and what is at its limits."""

from __future__ import annotations

import logging
import os
import ssl
from pathlib import Path

import bcrypt
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from tests.raw_http import basic
from vr_exporter.web.message import Request
from vr_exporter.web.webfile import WebFile
from vr_exporter.web.webfile_reading import WebFileError, read_web_settings

HASH = bcrypt.hashpw(b"open sesame", b"$2b$04$" + b"." * 22).decode()
SECTIONS = "tls_server_config, http_server_config, basic_auth_users"
TLS_KEYS = "cert_file, key_file, client_ca_file, client_auth_type, client_allowed_sans, min_version"
HEADERS = (
    "Content-Security-Policy, Strict-Transport-Security, X-Content-Type-Options, "
    "X-Frame-Options, X-XSS-Protection"
)
KINDS = "NoClientCert, RequestClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert"
PEM = "give the path of a PEM file"
PAIR = "cert_file: cert.pem, key_file: key.pem"

LINES = [
    ("- a", f"is not a mapping of keys (known: {SECTIONS})"),
    ("rate_limit: {}", f"rate_limit: is not supported (known: {SECTIONS})"),
    ("tls_server_config: []", f"tls_server_config: is not a mapping of keys (known: {TLS_KEYS})"),
    (
        f"tls_server_config: {{{PAIR}, cipher_suites: []}}",
        f"tls_server_config.cipher_suites: is not supported (known: {TLS_KEYS})",
    ),
    (
        "http_server_config: {http2: true}",
        "http_server_config.http2: is not supported (known: headers)",
    ),
    (
        "http_server_config: {headers: {X-Mine: a}}",
        f"http_server_config.headers.X-Mine: is not supported (known: {HEADERS})",
    ),
    (
        'http_server_config: {headers: {X-Frame-Options: "a\\nb"}}',
        "http_server_config.headers: a value has control characters (write one line)",
    ),
    (
        "tls_server_config: {cert_file: cert.pem}",
        f"tls_server_config.key_file: is missing ({PEM})",
    ),
    (
        "tls_server_config: {cert_file: '', key_file: key.pem}",
        f"tls_server_config.cert_file: is missing ({PEM})",
    ),
    (
        "tls_server_config: {cert_file: 5, key_file: key.pem}",
        f"tls_server_config.cert_file: is missing ({PEM})",
    ),
    (
        "tls_server_config: {cert_file: gone.pem, key_file: key.pem}",
        (
            'tls_server_config.cert_file: "gone.pem" cannot be read: No such file or directory '
            "(check path and rights)"
        ),
    ),
    (
        "tls_server_config: {cert_file: nonsense.pem, key_file: key.pem}",
        (
            "tls_server_config.key_file: certificate and key cannot be loaded: not PEM "
            "(give the PEM chain and its own key, without a passphrase)"
        ),
    ),
    (
        f"tls_server_config: {{{PAIR}, min_version: TLS10}}",
        "tls_server_config.min_version: is not offered (use TLS12 or TLS13)",
    ),
    (
        f"tls_server_config: {{{PAIR}, client_auth_type: Maybe}}",
        f"tls_server_config.client_auth_type: is not known (use one of {KINDS})",
    ),
    (
        f"tls_server_config: {{{PAIR}, client_auth_type: RequireAnyClientCert}}",
        (
            "tls_server_config.client_auth_type: RequireAnyClientCert lets any certificate in, "
            "unverified (use RequireAndVerifyClientCert with client_ca_file)"
        ),
    ),
    (
        f"tls_server_config: {{{PAIR}, client_auth_type: VerifyClientCertIfGiven}}",
        (
            "tls_server_config.client_auth_type: VerifyClientCertIfGiven has nothing to verify "
            "against (set client_ca_file)"
        ),
    ),
    (
        f"tls_server_config: {{{PAIR}, client_ca_file: ca.pem}}",
        (
            "tls_server_config.client_ca_file: is set, but no client certificate is asked for "
            "(set client_auth_type, such as RequireAndVerifyClientCert)"
        ),
    ),
    (
        (
            f"tls_server_config: {{{PAIR}, client_ca_file: nonsense.pem, "
            "client_auth_type: RequireAndVerifyClientCert}"
        ),
        "tls_server_config.client_ca_file: holds no certificate (give a PEM file)",
    ),
    (
        f"tls_server_config: {{{PAIR}, client_allowed_sans: [a]}}",
        (
            "tls_server_config.client_allowed_sans: needs verified client certificates "
            "(set client_auth_type: RequireAndVerifyClientCert)"
        ),
    ),
    (
        "tls_server_config: {client_allowed_sans: [a, 1]}",
        "tls_server_config.cert_file: is missing (give the path of a PEM file)",
    ),
    (
        f"tls_server_config: {{{PAIR}, client_allowed_sans: [a, 1]}}",
        "tls_server_config.client_allowed_sans: is not a list of names (write - name, one a line)",
    ),
    (
        f"tls_server_config: {{{PAIR}, client_allowed_sans: a}}",
        "tls_server_config.client_allowed_sans: is not a list of names (write - name, one a line)",
    ),
    (
        "basic_auth_users: {ann: oops}",
        "basic_auth_users.ann: is not a bcrypt hash (make one with htpasswd -nBC 10 NAME)",
    ),
    (
        "basic_auth_users: {ann: 5}",
        "basic_auth_users.ann: is not a bcrypt hash (make one with htpasswd -nBC 10 NAME)",
    ),
    ("basic_auth_users: []", "basic_auth_users: is not a mapping (write name: bcrypt-hash)"),
    *(
        (
            f"basic_auth_users: {{ann: '{HASH}', {name}: '{HASH}'}}",
            "basic_auth_users: entry 2 has no usable name (quote the name)",
        )
        for name in ("1", "''", "'a:b'")
    ),
    ("a: 1\na: 2", "is not YAML in line 2: a key stands twice (correct it)"),
    ("{[1]: 2, [1]: 3}", "is not YAML: cannot be parsed (correct it)"),
    ("a: \x01", "is not YAML: cannot be parsed (correct it)"),
    ("#" + "x" * 1024 * 1024, "is over 1 MiB (give a web file)"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cert.pem, key.pem, locked.pem (that key under a passphrase), ca, nonsense."""
    folder = tmp_path_factory.mktemp("web")
    authority = trustme.CA()
    ours = authority.issue_cert("localhost")
    ours.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    ours.private_key_pem.write_to_path(folder / "key.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "nonsense.pem").write_text("nonsense")
    key = serialization.load_pem_private_key(ours.private_key_pem.bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"x"),
    )
    (folder / "locked.pem").write_bytes(locked)
    return folder


def written(folder: Path, text: str) -> Path:
    """A web file of this text."""
    path = folder / "web.yml"
    path.write_text(text)
    return path


def renewed(path: Path, text: str) -> None:
    """Another text in the file, which looks changed."""
    later = path.stat().st_mtime + 5
    path.write_text(text)
    os.utime(path, (later, later))


@pytest.mark.parametrize(("text", "line"), LINES)
def test_a_fault_is_said_to_the_word(folder: Path, text: str, line: str) -> None:
    """File, key, what is wrong and the remedy."""
    path = written(folder, text)
    with pytest.raises(WebFileError) as caught:
        read_web_settings(path)
    assert str(caught.value) == f"{path}: {line}"


def test_a_file_that_is_not_there_is_said_to_the_word(tmp_path: Path) -> None:
    """Its path is what to look at."""
    path = tmp_path / "web.yml"
    with pytest.raises(WebFileError) as caught:
        read_web_settings(path)
    line = f"{path}: cannot be read: No such file or directory (check its path)"
    assert str(caught.value) == line


def test_a_key_under_a_passphrase_is_refused_and_nobody_is_asked(folder: Path) -> None:
    """A server has no terminal to ask at."""
    path = written(folder, "tls_server_config: {cert_file: cert.pem, key_file: locked.pem}")
    with pytest.raises(WebFileError, match=r"cannot be loaded: .*without a passphrase"):
        read_web_settings(path)


def test_a_file_of_one_mebibyte_is_read(folder: Path) -> None:
    """Larger ones are not."""
    assert read_web_settings(written(folder, "#" * 1024 * 1024)).users == {}


def test_an_empty_list_of_names_asks_for_nothing(folder: Path) -> None:
    """Without names nobody has to be verified."""
    settings = read_web_settings(
        written(folder, f"tls_server_config: {{{PAIR}, client_allowed_sans: []}}")
    )
    assert settings.allowed_sans == frozenset()


def test_what_a_file_asks_for_is_read_whole(folder: Path) -> None:
    """TLS, headers, users, and the files to watch."""
    text = (
        f"tls_server_config: {{{PAIR}, client_ca_file: ca.pem, min_version: TLS13, "
        "client_auth_type: RequireAndVerifyClientCert, client_allowed_sans: [a.example]}\n"
        "http_server_config: {headers: {X-Frame-Options: deny}}\n"
        f"basic_auth_users: {{ann: '{HASH}'}}\n"
    )
    settings = read_web_settings(written(folder, text))
    assert settings.tls is not None
    assert settings.tls.minimum_version is ssl.TLSVersion.TLSv1_3
    assert settings.tls.verify_mode is ssl.CERT_REQUIRED
    assert settings.tls.options & ssl.OP_NO_RENEGOTIATION
    assert settings.tls.options & ssl.OP_NO_SSLv3
    assert settings.allowed_sans == {"a.example"}
    assert settings.headers == (("X-Frame-Options", "deny"),)
    assert settings.users == {"ann": HASH}
    names = ("cert.pem", "key.pem", "ca.pem")
    assert settings.files == tuple(folder / name for name in names)


def test_http_1_is_all_that_tls_offers(folder: Path) -> None:
    """A client that offers HTTP/2 as well is told so in the handshake."""
    tls = read_web_settings(written(folder, f"tls_server_config: {{{PAIR}}}")).tls
    assert tls is not None
    assert tls.minimum_version is ssl.TLSVersion.TLSv1_2
    assert _protocol_agreed_on(tls, ["h2", "http/1.1"]) == "http/1.1"


def _protocol_agreed_on(server: ssl.SSLContext, offered: list[str]) -> str | None:
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.set_alpn_protocols(offered)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    for end in ends * 4:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return ends[0].selected_alpn_protocol()


def test_a_refused_login_says_which_is_needed(folder: Path) -> None:
    """One sentence, for people who wonder which of the two credentials it was."""
    web_file = WebFile(written(folder, f"basic_auth_users: {{ann: '{HASH}'}}"))
    refusal = web_file.refusal(Request("GET", "/"))
    assert refusal is not None
    assert b'"detail":"a login of the web file is needed"' in b"".join(refusal.chunks)


def test_a_file_read_again_and_one_refused_are_logged(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With the file, and with the reason."""
    path = written(folder, f"basic_auth_users: {{ann: '{HASH}'}}")
    web_file = WebFile(path)
    caplog.set_level(logging.INFO)
    renewed(path, f"# new\nbasic_auth_users: {{ann: '{HASH}'}}")
    good = Request("GET", "/", headers={"authorization": basic("ann", "open sesame")})
    assert web_file.refusal(good) is None
    renewed(path, "")
    assert web_file.refusal(Request("GET", "/")) is not None
    read, refused = (record.__dict__ for record in caplog.records)
    assert (read["message"], read["file"]) == ("web file read again", str(path))
    assert refused["reason"] == f"{path}: is empty (restart to serve without it)"


def test_a_file_that_is_gone_for_a_moment_closes_and_opens_nothing(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An editor moves it away and another in its place: the old one holds meanwhile."""
    path = written(folder, f"basic_auth_users: {{ann: '{HASH}'}}")
    web_file = WebFile(path)
    path.unlink()
    refused = [web_file.refusal(Request("GET", "/")) for _ in range(3)]
    assert [answer.status for answer in refused if answer] == [401, 401, 401]
    assert len(caplog.records) == 1
    written(folder, "")
    assert web_file.refusal(Request("GET", "/")) is not None


def test_without_names_every_verified_certificate_is_admitted(folder: Path) -> None:
    """And one whose names are of no shape that we know is not, where names are asked for."""
    text = (
        f"tls_server_config: {{{PAIR}, client_ca_file: ca.pem, "
        "client_auth_type: RequireAndVerifyClientCert"
    )
    assert WebFile(written(folder, text + "}")).admits_peer({"subject": ()})
    named = WebFile(written(folder, text + ", client_allowed_sans: [a]}"))
    assert not named.admits_peer({"subjectAltName": [("DNS", "a")]})
