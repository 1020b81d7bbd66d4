from __future__ import annotations

import pytest

from vr_exporter.cli.common import CommandError, Exit
from vr_exporter.cli.rules.asked import groups_of, job_of, runbook_url_of

GROUPS = ("rpo", "sync", "bridge")


@pytest.mark.parametrize(
    ("job", "fault"),
    [
        ("", "empty"),
        ("a\nb", "not printable"),
        ("a\x07", "not printable"),
        ("vr-[", "not a regular expression"),
        ("*", "not a regular expression"),
        ("a" * 5 + "{99999999999999}", "not a regular expression"),
        ("(?=vr)", "knows no '(?='"),
        ("(?!vr).+", "knows no '(?!'"),
        ("(?<=a)b", "knows no '(?<='"),
        (r"(a)\1", r"knows no '\1'"),
        ("a++", "knows no '++'"),
        (r"a\Z", r"knows no '\Z'"),
        (r"\u0041", r"knows no '\u'"),
        (r"\N{DIGIT ONE}", r"knows no '\N'"),
        ("(?x)a", "knows no '(?x'"),
        ("(?ia:b)", "knows no '(?ia'"),
        ("(?P<größe>a)", "knows no '(?P<größ'"),
        ("a{1001}", "knows no '{1001}'"),
        ("a{1,2000}", "knows no '{1,2000}'"),
    ],
)
def test_a_job_that_prometheus_could_not_read_is_refused(job: str, fault: str) -> None:
    """One line says what is wrong, before anything is written."""
    with pytest.raises(CommandError) as refused:
        job_of(job)
    assert refused.value.exit_code == Exit.USAGE
    (line,) = refused.value.lines
    assert line.startswith("--job: ")
    assert fault in line


@pytest.mark.parametrize(
    "job",
    [
        *("vr-exporter", "vr-(a|b)", r"vr\.x", r"a\\1", 'q"uote', "(?i)vr", "(?s-i:v)r"),
        *("[[:alpha:]]", "(?P<n>a)", "a{999}", r"\{2024\}", "ü+"),
    ],
)
def test_a_job_that_prometheus_can_read_is_taken_as_it_is(job: str) -> None:
    """Nothing is added or mended."""
    assert job_of(job) == job


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "not an address"),
        ("wiki.example/vr", "not an address"),
        ("ftp://wiki.example/vr", "not an address"),
        ("https://", "not an address"),
        ("https://wiki.example:99999/", "not an address"),
        ("https://wiki.example/a b", "not an address"),
        ("https://wiki.example/'x", "not an address"),
        ("https://wiki.example/{{ $value }}", "not an address"),
        ("https://me:secret@wiki.example/", "no credentials"),
        ("https://wiki.example/vr#top", "its own anchor"),
    ],
)
def test_an_address_that_cannot_take_an_anchor_is_refused(url: str, fault: str) -> None:
    """Nor one that would be taken for a template."""
    with pytest.raises(CommandError, match=fault) as refused:
        runbook_url_of(url)
    assert "secret" not in str(refused.value)


def test_groups_are_taken_once_in_the_order_of_the_files() -> None:
    """However they are written."""
    assert groups_of(" bridge,rpo,,rpo ", GROUPS) == ("rpo", "bridge")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "names none"),
        (" , ", "names none"),
        ("rpo,brige", "did you mean 'bridge'"),
        ("x", "choose from rpo, sync, bridge"),
    ],
)
def test_a_group_that_is_not_there_is_refused(text: str, fault: str) -> None:
    """With the nearest, or with all there are."""
    with pytest.raises(CommandError, match=fault):
        groups_of(text, GROUPS)
