from __future__ import annotations

from pathlib import Path

import pytest

from vr_exporter.settings import SettingsError, effective_values, load, take_environment
from vr_exporter.settings.loading import default_state
from vr_exporter.settings.reference import EXAMPLE

SITE = """\
sites:
  madrid-1:
    url: https://vr.madrid.example
    username: monitor@vsphere.local
    password: from-file
    poll_interval: 2m
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file with one site."""
    path = tmp_path / "config.yml"
    path.write_text(SITE)
    return path


def test_default_holds_where_nothing_is_set(file: Path) -> None:
    """A setting that nobody sets has its default."""
    assert load(file, environ={}).sites["madrid-1"].page_size == 1000


def test_file_wins_over_default(file: Path) -> None:
    """The file stands above the default."""
    assert load(file, environ={}).sites["madrid-1"].poll_interval == 120


def test_environment_wins_over_file(file: Path) -> None:
    """The environment stands above the file; a site's name is found whatever its signs."""
    settings = load(file, environ={"VR_SITES__MADRID_1__POLL_INTERVAL": "3m"})
    assert settings.sites["madrid-1"].poll_interval == 180


def test_a_variable_of_endless_depth_is_a_setting_that_nobody_knows(file: Path) -> None:
    """It costs one line, and not the stack."""
    with pytest.raises(SettingsError, match="environment: VR_SITES__MADRID_1"):
        load(file, environ={f"VR_SITES__MADRID_1{'__URL' * 3000}": "x"})


def test_flag_wins_over_environment(file: Path) -> None:
    """What a command sets stands above all."""
    settings = load(
        file,
        environ={"VR_SITES__MADRID_1__POLL_INTERVAL": "3m"},
        overrides={"sites": {"madrid-1": {"poll_interval": "4m"}}},
    )
    assert settings.sites["madrid-1"].poll_interval == 240


def test_layers_join_key_by_key(file: Path) -> None:
    """A layer replaces the keys that it has and leaves the others of the section."""
    settings = load(file, environ={"VR_SITES__MADRID_1__PAGE_SIZE": "7"})
    site = settings.sites["madrid-1"]
    assert (site.page_size, site.poll_interval) == (7, 120)


def test_secret_of_the_environment_replaces_the_file_s_twin(file: Path, tmp_path: Path) -> None:
    """A password from above outdoes password_file below, and the other way round."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    site = load(file, environ={"VR_SITES__MADRID_1__PASSWORD_FILE": str(secret)}).sites["madrid-1"]
    assert (site.password, site.password_file) == (None, secret)


def test_list_from_the_environment_is_yaml_flow(file: Path) -> None:
    """A variable holds a list in YAML's flow style."""
    settings = load(
        file,
        environ={
            "VR_EXPECTED_VMS": '["db-01", "db-02"]',
            "VR_REPLICATIONS__EXCLUDE": "[test-*]",
            "VR_ALERTMANAGERS": "[{url: 'http://am-1:9093'}]",
        },
    )
    assert settings.expected_vms == ("db-01", "db-02")
    assert settings.replications.exclude == ("test-*",)
    assert settings.alertmanagers[0].receiver == "am-1:9093"


def test_single_site_needs_no_file(tmp_path: Path) -> None:
    """VR_HOST, VR_USERNAME and VR_PASSWORD_FILE are a whole configuration."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    settings = load(
        None,
        environ={
            "VR_HOST": "vr.madrid.example",
            "VR_USERNAME": "monitor",
            "VR_PASSWORD_FILE": str(secret),
            "VR_SITES__VR_MADRID_EXAMPLE__PAGE_SIZE": "50",
        },
    )
    site = settings.sites["vr.madrid.example"]
    assert (site.url, site.username, site.page_size) == ("https://vr.madrid.example", "monitor", 50)


def test_single_site_takes_its_name_from_vr_site() -> None:
    """VR_SITE names the site of VR_HOST."""
    environ = {"VR_HOST": "http://127.0.0.1:1", "VR_USERNAME": "u", "VR_PASSWORD": "p"}
    settings = load(None, environ=environ | {"VR_SITE": "Madrid"})
    assert settings.sites["Madrid"].url == "http://127.0.0.1:1"


def test_nested_variable_wins_over_the_short_one() -> None:
    """The one that says more precisely what it is about."""
    environ = {"VR_HOST": "vr.x.example", "VR_SITE": "x", "VR_USERNAME": "u", "VR_PASSWORD": "p"}
    settings = load(None, environ=environ | {"VR_SITES__X__USERNAME": "nested"})
    assert settings.sites["x"].username == "nested"


def test_single_site_beside_a_file_with_sites_is_refused(file: Path) -> None:
    """Two ways to name the sites at once are a fault, not a guess."""
    with pytest.raises(SettingsError, match=r"environment: VR_HOST: .* configures sites already"):
        load(file, environ={"VR_HOST": "vr.madrid.example"})


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "VR_SITES__MADRID_1__PAGE_SIZ",
            "VR_SITES__MADRID_1__PAGE_SIZ: unknown setting (did you mean page_size?)",
        ),
        ("VR_SITS__X__URL", "VR_SITS: unknown setting (did you mean sites?)"),
        (
            "VR_SITES__MADRID_1__URL__X",
            "VR_SITES__MADRID_1__URL: must be text (put it in quotes)",
        ),
        (
            "VR_RPO__GRACE",
            "VR_RPO__GRACE: not a percentage (write it as 20%)",
        ),
    ],
)
def test_fault_of_the_environment_names_the_variable(file: Path, name: str, line: str) -> None:
    """What is wrong in the environment is said of the variable, not of the file."""
    with pytest.raises(SettingsError) as caught:
        load(file, environ={name: "1"})
    assert caught.value.lines == (f"environment: {line}",)


def test_variables_of_flags_and_of_others_are_left_alone(file: Path) -> None:
    """VR_ variables without two underscores are flags, or not ours."""
    environ = {"VR_LOG_LEVEL": "debug", "VR_API": "v2", "VR_EXPORTER_SERVICE_HOST": "10.0.0.1"}
    assert load(file, environ=environ) == load(file, environ={})


def test_machine_environment_is_not_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the environment that is handed over counts."""
    monkeypatch.setenv("SITES", "{}")
    monkeypatch.setenv("RPO", '{"grace": "90%"}')
    assert load(file, environ={}).rpo.grace == 0.2


def test_path_in_the_file_is_relative_to_the_file(file: Path, tmp_path: Path) -> None:
    """A secret file beside the settings needs no path."""
    (tmp_path / "madrid.secret").write_text("x")
    file.write_text(SITE.replace("password: from-file", "password_file: madrid.secret"))
    assert load(file, environ={}).sites["madrid-1"].password_file == tmp_path / "madrid.secret"


@pytest.mark.parametrize(("word", "mode"), [("on", "on"), ("off", "off"), ("dry-run", "dry-run")])
def test_mode_may_stand_unquoted(file: Path, word: str, mode: str) -> None:
    """YAML's on and off are words here, not truth."""
    file.write_text(f"{SITE}triggers: {{mode: {word}}}\n")
    assert load(file, environ={}).triggers.mode == mode


def test_anchors_and_merges_save_writing(file: Path) -> None:
    """Sites may share what they have in common by YAML's own means."""
    file.write_text(
        "sites:\n"
        "  madrid: &all {url: 'https://a.example', username: u, password: p, page_size: 5}\n"
        "  berlin: {<<: *all, url: 'https://b.example'}\n"
    )
    sites = load(file, environ={}).sites
    assert (sites["berlin"].url, sites["berlin"].page_size) == ("https://b.example", 5)


def test_documented_example_is_valid(tmp_path: Path) -> None:
    """The whole file that the reference shows can be read."""
    text = EXAMPLE
    for name in ("madrid-sync", "madrid", "berlin", "api", "webhook"):
        (tmp_path / name).write_text("x")
    (tmp_path / "corp.pem").write_text("-----BEGIN CERTIFICATE-----")
    text = text.replace("/run/secrets/", "").replace("/etc/ssl/", "")
    (tmp_path / "config.yml").write_text(text)
    settings = load(tmp_path / "config.yml", environ={})
    assert settings.webhook is not None
    assert settings.triggers.schedules["nightly"].max_age == 4 * 3600


def test_effective_values_are_one_line_each(file: Path) -> None:
    """For the log: every setting with its dotted name, secrets masked, lists whole."""
    values = dict(effective_values(load(file, environ={"VR_EXPECTED_VMS": "[a, b]"})))
    assert values["sites.madrid-1.password"] == "<secret>"
    assert values["sites.madrid-1.poll_interval"] == "2m"
    assert values["expected_vms"] == ["a", "b"]
    assert values["triggers.circuit.failures"] == 3


def test_C24_secrets_leave_the_environment_once_read() -> None:
    """Variables that hold secrets are taken out of the process; names of files stay."""
    environ = {
        "VR_PASSWORD": "a",
        "VR_SITES__MADRID__PASSWORD": "b",
        "VR_API__BEARER_TOKEN": "c",
        "VR_ALERTMANAGERS": "d",
        "VR_PASSWORD_FILE": "e",
        "PATH": "f",
        "HOME": "g",
    }
    taken = take_environment(environ)
    assert environ == {"VR_PASSWORD_FILE": "e", "PATH": "f", "HOME": "g"}
    assert "".join(taken.values()) == "abcdeg"


@pytest.mark.parametrize(
    ("environ", "state"),
    [
        ({"STATE_DIRECTORY": "/s/a:/s/b", "HOME": "/h"}, "sqlite:////s/a/state.db"),
        (
            {"XDG_STATE_HOME": "/x", "HOME": "/h"},
            "sqlite:////x/vr-exporter/state.db",
        ),
        ({"HOME": "/h"}, "sqlite:////h/.local/state/vr-exporter/state.db"),
    ],
)
def test_state_lies_where_the_service_or_the_user_keeps_it(
    environ: dict[str, str], state: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Default: the service's folder, else ours if writable, else the user's."""
    monkeypatch.setattr("vr_exporter.settings.loading._STATE_FOLDER", tmp_path / "absent")
    assert default_state(environ) == state


def test_state_lies_in_our_folder_where_it_is_writable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """/var/lib/vr-exporter serves when it can be written."""
    monkeypatch.setattr("vr_exporter.settings.loading._STATE_FOLDER", tmp_path)
    assert default_state({"HOME": "/h"}) == f"sqlite:///{tmp_path}/state.db"


def test_a_variable_whose_name_is_no_text_is_refused_in_one_line() -> None:
    """What cannot even be named in the settings is a mistake like any other."""
    with pytest.raises(SettingsError) as caught:
        load(None, environ={"HOME": "/nowhere", "VR_RP\udccf__GRACE": "20%"})
    assert len(caught.value.lines) == 1
