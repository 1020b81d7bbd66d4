from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from vr_exporter.cli import common


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


def test_table_in_a_pipe_is_plain_aligned_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """No frames and no colours where nobody looks; one row is one line, however long."""
    common.show_table(["site", "vm"], [["madrid", "db-01"], ["b", "x" * 200]])
    assert capsys.readouterr().out.splitlines() == [
        "site    vm",
        "madrid  db-01",
        "b       " + "x" * 200,
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [("chek", " (did you mean 'check'?)"), ("xyz", "")],
)
def test_nearest_known_name_is_suggested(name: str, said: str) -> None:
    """Only what is spelled alike is suggested."""
    assert common.nearest(name, ["check", "serve"]) == said
