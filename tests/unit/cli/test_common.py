from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from vr_exporter.cli import common
from vr_exporter.cli.common import CommandError, Exit


@pytest.mark.parametrize(
    ("flag", "variable"),
    [
        ("--web.listen-address", "VR_WEB_LISTEN_ADDRESS"),
        ("--config.file", "VR_CONFIG_FILE"),
        ("--tls.cert-file", "VR_TLS_CERT_FILE"),
        ("--faults/--no-faults", "VR_FAULTS"),
    ],
)
def test_variable_follows_from_the_flag(flag: str, variable: str) -> None:
    """Dots and hyphens become one underscore each."""
    assert common.environment_variable(flag) == variable


@common.command("probe", "vr-exporter probe", "vr-exporter probe --web.listen-address :1")
@common.option("--web.listen-address", multiple=True, default=(":10843",), help="Where.")
@common.log_options
def probe(
    config_file: object, web_listen_address: tuple[str, ...], log_level: str, log_format: str
) -> None:
    """Print what was given."""
    click.echo(" ".join([str(config_file), *web_listen_address, log_level, log_format]))


@pytest.mark.parametrize(
    ("args", "environ", "printed"),
    [
        ([], {}, "None :10843 info logfmt"),
        ([], {"VR_WEB_LISTEN_ADDRESS": ":1 :2", "VR_LOG_LEVEL": "warn"}, "None :1 :2 warn logfmt"),
        (
            ["--web.listen-address", ":3", "--log.format=json"],
            {"VR_WEB_LISTEN_ADDRESS": ":1"},
            "None :3 info json",
        ),
        (["--config.file", "a.yml"], {"VR_CONFIG_FILE": "b.yml"}, "a.yml :10843 info logfmt"),
    ],
)
def test_flag_wins_over_variable_over_default(
    args: list[str], environ: dict[str, str], printed: str
) -> None:
    """The order is the same for flags as for settings."""
    result = CliRunner().invoke(probe, args, env=environ)
    assert result.output.strip() == printed


def test_examples_stand_at_the_end_of_the_help() -> None:
    """Each example has a line of its own, not wrapped."""
    lines = CliRunner().invoke(probe, ["--help"]).output.rstrip().splitlines()
    assert [line.strip() for line in lines[-3:]] == [
        "Examples:",
        "vr-exporter probe",
        "vr-exporter probe --web.listen-address :1",
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [("chek", " (did you mean 'check'?)"), ("xyz", "")],
)
def test_nearest_known_name_is_suggested(name: str, said: str) -> None:
    """Only what is spelled alike is suggested."""
    assert common.nearest(name, ["check", "serve"]) == said


@pytest.mark.parametrize("speed", ["nan", "inf", "-1", "0", "fast"])
def test_a_range_holds_numbers_that_can_be_counted_with(speed: str) -> None:
    """`nan` is below no bound and above none: it would pass every comparison."""
    command = click.Command(
        "go", params=[click.Option(["--speed"], type=common.FiniteRange(0, min_open=True))]
    )
    assert CliRunner().invoke(command, ["--speed", speed]).exit_code == Exit.USAGE
    assert CliRunner().invoke(command, ["--speed", "0.5"]).exit_code == Exit.DONE


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("exporter:10843", "not an address"),
        ("ftp://exporter", "not an address"),
        ("http://", "not an address"),
        ("http://[::1", "not an address"),
        ("http://exporter:99999", "not an address"),
        ("http://exporter:x", "not an address"),
        ("https://ann:pw-1234@exporter", "holds no credentials"),
    ],
)
def test_an_address_in_a_flag_has_to_be_one(text: str, why: str) -> None:
    """Exit code 2 before anybody is asked, and nothing of the text is repeated."""
    with pytest.raises(CommandError, match=f"--server: .*{why}") as refused:
        common.web_address("--server", text)
    assert refused.value.exit_code == Exit.USAGE
    assert "pw-1234" not in str(refused.value)


def test_an_address_loses_its_last_slash() -> None:
    """Paths are put behind it."""
    assert common.web_address("--server", "http://exporter:1/vr/") == "http://exporter:1/vr"
