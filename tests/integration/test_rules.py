"""The bundled rules before promtool: as shipped, as printed, and proven able to fail."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.rules_page import FILES, FOLDER
from tests.command_line import run
from tests.rules import TEST_FILES, promtool
from tests.rules_scaled import scaled_file

EVERY_GROUP = "rpo,sync,state,site,exporter,bridge,deadman"
NASTY_JOB = r'vr "x"\.(a|b): #{{ $x }}\\'


def assert_good(path: Path) -> None:
    """Promtool finds nothing wrong with a rule file, and nothing to remark."""
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def printed(*arguments: str) -> Any:
    """What `vr-exporter rules` prints, as a document."""
    done = run("rules", *arguments)
    assert (done.code, done.err) == (0, "")
    return yaml.safe_load(done.out)


@pytest.mark.parametrize("name", FILES)
def test_shipped_rules_are_good(name: str) -> None:
    """As they lie in the repository, with every lint."""
    assert_good(FOLDER / name)


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_shipped_rules_do_what_their_tests_say(path: Path) -> None:
    """Each alert fires, misses nearly and resolves; both ends and two exporters are one fact."""
    tested = promtool("test", "rules", path)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize(
    ("told", "old", "new"),
    [
        ("fleet", "sum by (job, instance, site, pairing)", "sum by (site, pairing)"),
        (
            "fleet",
            'replications_rpo{direction!="incoming",verdict="br',
            'replications_rpo{verdict="br',
        ),
        ("fleet", "keep_firing_for: 20m", "keep_firing_for: 10m"),
        ("exporter", "for: 3m", "for: 1m"),
        ("exporter", "unless on () up", "and on () up"),
    ],
)
def test_rules_that_are_worse_fail_their_tests(
    tmp_path: Path, told: str, old: str, new: str
) -> None:
    """What counts twice, forgets, or fires too early is caught."""
    text = (FOLDER / FILES[0]).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / FILES[0]).write_text(text.replace(old, new), encoding="utf-8")
    shutil.copytree(FOLDER / "tests", tmp_path / "tests")
    assert promtool("test", "rules", tmp_path / "tests" / f"{told}.yml").returncode == 1


@pytest.mark.parametrize("groups", [EVERY_GROUP, "rpo", "sync", "deadman"])
def test_printed_rules_are_good_in_both_forms(tmp_path: Path, groups: str) -> None:
    """A rule file and a PrometheusRule hold the same groups, whatever the job is called."""
    flags = ("--group", groups, "--job", NASTY_JOB, "--runbook-url", "https://wiki.example/a?p=1")
    plain = printed(*flags)
    rule = printed(*flags, "--format", "crd")
    assert rule["spec"] == plain
    assert (rule["apiVersion"], rule["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert rule["metadata"]["name"] == "vr-exporter-rules"
    assert all(isinstance(value, str) for value in rule["metadata"]["labels"].values())
    for name, content in (("plain", plain), ("crd", rule["spec"])):
        (tmp_path / name).write_text(yaml.safe_dump(content), encoding="utf-8")
        assert_good(tmp_path / name)


def test_files_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    """`--output` makes the folder and says what it wrote."""
    done = run("rules", "--output", str(tmp_path / "new"))
    assert (done.code, done.lines) == (0, [str(tmp_path / "new" / "vr-rules.yml")])
    assert_good(tmp_path / "new" / "vr-rules.yml")
    run("rules", "--format", "crd", "--output", str(tmp_path / "new"))
    assert (tmp_path / "new" / "vr-prometheusrule.yml").read_text().startswith("apiVersion:")


@pytest.mark.parametrize("name", FILES)
def test_shortened_rules_are_good(tmp_path: Path, name: str) -> None:
    """What the drill loads is a rule file too."""
    (tmp_path / name).write_text(scaled_file(name), encoding="utf-8")
    assert_good(tmp_path / name)
