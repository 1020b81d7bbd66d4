from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.command_line import PASSWORD, USERNAME, a_world, run, served, settings_file
from tests.loopback import Quiet, listening
from vr_exporter.simulator.certificates import Tls, self_signed
from vr_exporter.simulator.options import Account

HMS_VIEW = "HmsRemote.com.vmware.vcHms.Hms.View"
REPLICATION_VIEW = "HmsReplication.com.vmware.vcHms.Replication.View"
OWNER = "(the account of the configured site"
REMOTE = {"username": USERNAME, "password": PASSWORD}


def a_certificate(folder: Path, **changes: Any) -> Tls:
    """A self-signed one for loopback, valid from a week ago."""
    chosen: dict[str, Any] = {"begins_in": timedelta(days=-7)} | changes
    return self_signed(folder, now=a_world(replications=1)._now(), **chosen)


def test_a_healthy_site_is_all_ok_and_asked_for_one_login_and_one_logout(tmp_path: Path) -> None:
    """Every check passes, no warning, exit code 0, and the session is given back."""
    tls = a_certificate(tmp_path)
    with served(tls=tls) as server:
        site = {"url": server.url, "tls": {"ca_file": str(tls.cert_file)}, "remote": REMOTE}
        ended = run("check", "--config.file", settings_file(tmp_path, {"madrid": site}))
        counters = server.api.counters
    assert ended.code == 0, ended
    marks = {tuple(line.split()[1:3]) for line in ended.lines}
    assert marks == {("ok", subject.split()[0]) for subject in ALL_SUBJECTS} | {("note", "right")}
    assert ended.line("remote session").endswith(f"as {USERNAME} (sites.madrid.remote)")
    assert tls.fingerprint_sha256.lower() in ended.line("tls")
    assert ended.line("pace").endswith(
        "page size 1000 asked for, 1000 granted; a cycle costs 8 requests, "
        "40 a minute are sent at most; polled every 1m"
    )
    assert (counters.logins, counters.failed_logins, counters.logouts) == (1, 0, 1)
    assert len(server.api.sessions) == 0


ALL_SUBJECTS = (
    "settings",
    "name resolution",
    "connection",
    "tls",
    "appliance",
    "login",
    "version",
    "clock",
    "pairings",
    "remote session",
    "replications",
    "issues",
    "servers",
    "tasks",
    "pace",
)


def test_the_two_sites_of_a_pairing_use_each_others_account(tmp_path: Path) -> None:
    """A pairing to another configured site needs no credentials of its own."""
    world = a_world()
    with served(world) as madrid, served(world, site="berlin") as berlin:
        sites = {"madrid": {"url": madrid.url}, "berlin": {"url": berlin.url}}
        ended = run("check", "--config.file", settings_file(tmp_path, sites))
        counters = [each.api.counters for each in (madrid, berlin)]
    assert ended.code == 0, ended
    remote = [" ".join(line.split()) for line in ended.lines if "remote session" in line]
    assert remote == [
        f"{here} ok remote session vc.{there}.example: as {USERNAME} {OWNER} {there})"
        for here, there in (("madrid", "berlin"), ("berlin", "madrid"))
    ]
    assert [(each.logins, each.logouts) for each in counters] == [(1, 1), (1, 1)]
    assert [line.split()[0] for line in ended.lines] == sorted(
        (line.split()[0] for line in ended.lines), reverse=True
    )


def test_A22_a_wrong_password_is_tried_once_and_then_left_alone(tmp_path: Path) -> None:
    """A second check within five minutes does not spend another of the account's attempts."""
    with served() as server:
        site = {"url": server.url, "password": f"{PASSWORD}-not"}
        file = settings_file(tmp_path, {"madrid": site})
        first, second = (run("check", "--config.file", file) for _ in range(2))
        assert server.api.counters.failed_logins == 1
    assert (first.code, second.code) == (5, 5)
    assert first.line("login").startswith(
        f"madrid FAIL login {USERNAME} is refused -> correct the password (the settings)"
    )
    assert "5 min" in first.line("login")
    assert "a new one is tried at once" in second.line("login")
    assert "pairings" not in first.out


def test_a_corrected_password_is_tried_at_once(tmp_path: Path) -> None:
    """The wait is for the very password that was refused."""
    with served() as server:
        wrong = {"url": server.url, "password": f"{PASSWORD}-not"}
        run("check", "--config.file", settings_file(tmp_path, {"madrid": wrong}))
        right = settings_file(tmp_path, {"madrid": {"url": server.url, "remote": REMOTE}})
        assert run("check", "--config.file", right).code == 0


def test_a_user_without_a_domain_is_told_how_to_write_it(tmp_path: Path) -> None:
    """Both the settings line and the refused login name the slip."""
    with served() as server:
        site = {"url": server.url, "username": "monitor"}
        ended = run("check", "--config.file", settings_file(tmp_path, {"madrid": site}))
    assert ended.code == 5
    assert "monitor@vsphere.local" in ended.line("settings")
    assert "write it as monitor@vsphere.local" in ended.line("login")


def test_A6_a_self_signed_site_prints_the_line_that_makes_it_trusted(tmp_path: Path) -> None:
    """No password is sent before; with the pasted line the same site is well."""
    with served(tls=a_certificate(tmp_path)) as server:
        site = {"url": server.url, "remote": REMOTE}
        ended = run("check", "--config.file", settings_file(tmp_path, {"madrid": site}))
        assert server.api.counters.requests["POST /session"] == 0
        pasted = ended.line("tls").partition('fingerprint_sha256: "')[2].partition('"')[0]
        pinned = {**site, "tls": {"fingerprint_sha256": pasted}}
        again = run("check", "--config.file", settings_file(tmp_path, {"madrid": pinned}))
    assert ended.code == 5
    assert ended.line("tls").startswith("madrid FAIL tls the certificate is self-signed -> if that")
    assert again.code == 0, again
    assert "the pinned certificate" in again.line("tls")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"life": timedelta(days=6)}, "FAIL tls the certificate expired on 20"),
        ({"begins_in": timedelta(days=1)}, "FAIL tls the certificate is valid only from 20"),
        (
            {"hosts": ("vr.other.example",)},
            "FAIL tls the certificate is for vr.other.example, not for 127.0.0.1",
        ),
        ({"life": timedelta(days=17)}, "warn tls trusted by"),
    ],
)
def test_A4_A5_a_certificate_that_is_trusted_but_wrong_is_named(
    tmp_path: Path, changes: dict[str, Any], text: str
) -> None:
    """Expired, not yet valid, for another name, or about to expire."""
    tls = a_certificate(tmp_path, **changes)
    with served(tls=tls) as server:
        site = {"url": server.url, "tls": {"ca_file": str(tls.cert_file)}, "remote": REMOTE}
        ended = run("check", "--config.file", settings_file(tmp_path, {"madrid": site}))
    assert ended.line("tls").startswith(f"madrid {text}")
    assert ended.code == (0 if "warn" in text else 5)


def test_A6_an_unknown_issuer_is_named(tmp_path: Path) -> None:
    """The remedy is the authority's certificate, by the setting that takes it."""
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1")
    tls = Tls(cert_file=tmp_path / "leaf.pem", key_file=tmp_path / "leaf.key")
    leaf.cert_chain_pems[0].write_to_path(str(tls.cert_file))
    leaf.private_key_pem.write_to_path(str(tls.key_file))
    with served(tls=tls) as server:
        ended = run("check", "--config.file", settings_file(tmp_path, {"m": {"url": server.url}}))
    assert ended.line("tls").startswith("m FAIL tls the certificate is of an unknown issuer, ")
    assert "sites.m.tls.ca_file" in ended.line("tls")


def test_A2_an_unreachable_site_does_not_keep_the_others_from_being_checked(
    tmp_path: Path,
) -> None:
    """Each site is checked for itself; a refused connection is named."""
    with served() as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{closed.getsockname()[1]}"
        madrid = {"url": server.url, "remote": REMOTE}
        sites: dict[str, dict[str, Any]] = {"away": {"url": url}, "madrid": madrid}
        ended = run("check", "--config.file", settings_file(tmp_path, sites))
    away = [line for line in ended.lines if line.startswith("away")]
    assert ended.code == 5
    assert "FAIL  connection" in away[-1]
    assert "Connection refused -> is the appliance up, and the port right?" in away[-1]
    assert not [line for line in ended.lines if line.startswith("madrid") and "FAIL" in line]


def test_A1_a_name_that_does_not_resolve_is_named(tmp_path: Path) -> None:
    """The address is too long for a name, so that nobody is asked for it."""
    name = f"{'a' * 64}.example"
    ended = run(
        "check", "--config.file", settings_file(tmp_path, {"madrid": {"url": f"https://{name}"}})
    )
    assert ended.code == 5
    assert ended.line("name resolution").startswith(
        f"madrid FAIL name resolution {name} does not resolve -> correct sites.madrid.url"
    )


def test_a_vcenter_is_named_and_never_gets_the_password(tmp_path: Path) -> None:
    """The commonest wrong address: the vCenter Server that the appliance is registered with."""
    with a_vcenter() as (url, requests):
        ended = run("check", "--config.file", settings_file(tmp_path, {"madrid": {"url": url}}))
    assert ended.code == 5
    assert ended.lines[-1].split()[1:3] == ["FAIL", "appliance"]
    assert ended.line("appliance") == (
        "madrid FAIL appliance a vCenter Server answers, not a vSphere Replication appliance -> "
        "set the url to the address of the vSphere Replication appliance; "
        "the vSphere Replication appliance is another machine, registered with it"
    )
    assert requests
    assert {method for method, _ in requests} == {"GET"}
    assert not any("authorization" in headers for _, headers in requests)


def test_A26_a_partly_privileged_site_names_privilege_and_cost(tmp_path: Path) -> None:
    """What is forbidden is lost, what is not still works, and the role is to be had."""
    account = Account(USERNAME, PASSWORD, lacks=frozenset({HMS_VIEW}))
    with served(accounts=(account,)) as server:
        site = {"url": server.url, "remote": REMOTE}
        ended = run("check", "--config.file", settings_file(tmp_path, {"madrid": site}))
        counters = server.api.counters
    assert ended.code == 5
    assert ended.line("issues") == (
        f"madrid FAIL issues vc.berlin.example: GET /pairings/{{id}}/issues is forbidden: "
        f'{USERNAME} lacks {HMS_VIEW}; without it there is no vr_issues{{scope="pairing"}} -> '
        "give its role that privilege; `vr-exporter check --print-role` makes one"
    )
    assert ended.line("replications").startswith("madrid ok replications")
    assert (counters.logins, counters.logouts) == (1, 1)


def test_A26_without_the_right_to_see_replications_nearly_all_is_lost(tmp_path: Path) -> None:
    """Each endpoint that wants the privilege is named, with what hangs on it."""
    account = Account(USERNAME, PASSWORD, lacks=frozenset({REPLICATION_VIEW}))
    with served(accounts=(account,)) as server:
        site = {"url": server.url, "remote": REMOTE}
        ended = run("check", "--config.file", settings_file(tmp_path, {"madrid": site}))
    assert ended.code == 5
    assert "no vr_replication_*, vr_replications*" in ended.line("replications")
    assert "no vr_replication_server_*" in ended.line("servers")
    assert ended.line("tasks").startswith("madrid ok")


def test_A58_refused_remote_credentials_are_named_with_their_place(tmp_path: Path) -> None:
    """Whose account it is, and that data stays partial."""
    with served(remote_accounts=(Account("other@remote.local", "x"),)) as server:
        site = {"url": server.url, "remote": REMOTE}
        ended = run("check", "--config.file", settings_file(tmp_path, {"madrid": site}))
    assert ended.code == 5
    assert f"{USERNAME} (sites.madrid.remote) is refused at the remote site" in ended.line(
        "remote session"
    )


def test_missing_remote_credentials_are_a_warning(tmp_path: Path) -> None:
    """Reading goes on with partial data, which is not a failure."""
    with served() as server:
        ended = run("check", "--config.file", settings_file(tmp_path, {"m": {"url": server.url}}))
    assert ended.code == 0, ended
    assert "m warn remote session" in ended.line("remote session")
    assert "set sites.m.remote" in ended.line("remote session")


def test_small_pages_and_a_short_interval_are_said_to_stretch_it(tmp_path: Path) -> None:
    """The page size that is granted decides what a cycle costs."""
    with served(a_world(replications=900), page_size_cap=100) as server:
        site = {"url": server.url, "remote": REMOTE, "poll_interval": "5s"}
        ended = run("check", "--config.file", settings_file(tmp_path, {"madrid": site}))
        listed = server.api.counters.requests["GET /pairings/{pairing_id}/replications"]
    assert ended.code == 0, ended
    assert ended.line("pace") == (
        "madrid warn pace page size 1000 asked for, 100 granted; a cycle costs 16 requests, "
        "40 a minute are sent at most; polled every 32s, not every 5s -> "
        "raise poll_interval to that; the appliance grants no larger pages"
    )
    assert listed == 1


def test_the_account_for_syncs_is_logged_in_too(tmp_path: Path) -> None:
    """A wrong one is found before the first sync is wanted."""
    with served() as server:
        site = {
            "url": server.url,
            "remote": REMOTE,
            "trigger_account": {"username": "sync@vsphere.local", "password": f"{PASSWORD}-not"},
        }
        ended = run("check", "--config.file", settings_file(tmp_path, {"madrid": site}))
    assert ended.code == 5
    assert "FAIL  login            trigger_account: sync@vsphere.local is refused" in ended.out
    assert "sync@vsphere.local needs Host.Hbr.HbrManagement" in ended.line("right to sync")


def test_offline_reads_the_file_alone(tmp_path: Path) -> None:
    """No name is resolved and no connection opened; a good file is exit code 0."""
    file = settings_file(tmp_path, {"madrid": {"url": "https://vr.madrid.example"}})
    ended = run("check", "--offline", "--config.file", file)
    assert ended.code == 0
    told = f"https://vr.madrid.example as {USERNAME}, password from the settings"
    assert ended.lines == [f"madrid  ok    settings         {told}"]


@pytest.mark.parametrize("flags", [(), ("--offline",)])
def test_bad_settings_are_exit_code_2(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """Before any site is asked."""
    file = settings_file(tmp_path, {"madrid": {"url": "ftp://vr.madrid.example"}})
    ended = run("check", *flags, "--config.file", file)
    assert (ended.code, ended.out) == (2, "")
    assert "sites.madrid.url" in ended.err


def test_an_unknown_site_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    """A slip in --site is a usage error."""
    file = settings_file(tmp_path, {"madrid": {"url": "https://vr.madrid.example"}})
    ended = run("check", "--site", "berlin", "--config.file", file)
    assert (ended.code, ended.err) == (2, "--site: no such site berlin (known: madrid)\n")


def test_print_role_needs_no_settings() -> None:
    """The role is made before there is anything to set."""
    ended = run("check", "--print-role")
    assert ended.code == 0
    assert "New-VIRole" in ended.out


class _VCenter(Quiet):
    """Answers as a vCenter Server's own API does without a session."""

    requests: list[tuple[str, dict[str, str]]]

    def _answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.requests.append((self.command, headers))
        is_known = self.path.startswith("/api/session")
        shape: dict[str, Any] = {
            "error_type": "UNAUTHENTICATED" if is_known else "NOT_FOUND",
            "messages": [],
        }
        body = json.dumps(shape).encode()
        self.send_response(401 if is_known else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815 names of http.server


@contextmanager
def a_vcenter() -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """A little of a vCenter Server on loopback, and the requests that it got."""
    requests: list[tuple[str, dict[str, str]]] = []
    answering = type("Answering", (_VCenter,), {"requests": requests})
    with listening(answering) as url:
        yield url, requests
