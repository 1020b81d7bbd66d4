"""The form of the repository: what holds for every file, whoever adds the next one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.documentation.repository import ROOT, files, modules, project
from vr_exporter import __version__

MODULE_LINES = 400
PAGE_LINES = 40
INDEX_HOSTS = re.compile(r"\bpypi\.(org|python)|pythonhosted\.|--(find-links|(extra-)?index)")
SECTIONS = ("Security", "Removed", "Deprecated", "Added", "Changed", "Fixed")


def text_of(path: Path) -> str:
    """A file as text; what is no text reads as empty."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def lines_of(path: Path) -> int:
    """How many lines a file has."""
    return len(text_of(path).splitlines())


def name_of(path: Path) -> str:
    """A file's name from the root of the repository."""
    return str(path.relative_to(ROOT))


def test_no_file_names_a_place_on_the_machine_it_was_written_on() -> None:
    """A clone works anywhere: no file holds the path of this checkout or of a home."""
    places = [f"{place}/" for place in (ROOT, Path.home()) if place != Path("/")]
    guilty = {name_of(p) for p in files() for place in places if place in text_of(p)}
    assert guilty == set()


def test_no_file_names_a_package_index() -> None:
    """Where packages come from is each machine's own setting."""
    guilty = {p for p in files() if INDEX_HOSTS.search(text_of(p))} - {Path(__file__)}
    assert guilty == set()


def test_no_module_outgrows_its_reader() -> None:
    """A module has at most 400 lines; before that it becomes a package."""
    sizes = {name_of(p): lines_of(p) for p in modules("vr_exporter")}
    assert {name: size for name, size in sizes.items() if size > MODULE_LINES} == {}


def test_every_module_says_what_it_is_for() -> None:
    """A module opens with a docstring, its first line a whole sentence."""
    openings = {
        name_of(p): (ast.get_docstring(ast.parse(text_of(p))) or "").split("\n", 1)[0]
        for p in modules("vr_exporter")
    }
    assert [name for name, first in openings.items() if not first.endswith(".")] == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    """What cannot be tested fails and says why."""
    guilty = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules("tests")
        for node in ast.walk(ast.parse(text_of(path)))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) in {"pytest", "pytest.mark", "unittest"}
        and node.attr in {"skip", "skipif", "xfail", "importorskip", "skipIf", "skipUnless"}
    ]
    assert guilty == []


def test_ci_runs_make_test_and_nothing_else() -> None:
    """What CI proves is what a contributor can prove: one command."""
    code = [line for line in text_of(ROOT / ".ci/run").splitlines() if not line.startswith("#")]
    assert code == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec make test </dev/null"]


def test_changelog_keeps_its_form() -> None:
    """Keep a Changelog: unreleased first, then versions with dates, known sections in one order."""
    headings = re.findall(r"^##+ .*$", text_of(ROOT / "CHANGELOG.md"), flags=re.MULTILINE)
    versions = [heading for heading in headings if heading.startswith("## ")]
    assert versions[0] == "## [Unreleased]"
    assert all(re.fullmatch(r"## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", v) for v in versions[1:])
    for part in "\n".join(headings).split("\n## ")[1:]:
        sections = [line.removeprefix("### ") for line in part.splitlines()[1:]]
        assert sections == [s for s in SECTIONS if s in sections]


def test_a_released_version_stands_in_the_changelog() -> None:
    """The newest version with a date is the one that the program reports."""
    released = re.findall(r"^## \[(\d.*?)\]", text_of(ROOT / "CHANGELOG.md"), flags=re.MULTILINE)
    assert not released or released[0] == __version__


def test_decisions_are_short_and_whole() -> None:
    """A decision fits on a screen, and says what was chosen and what would change our mind."""
    for page in sorted((ROOT / "docs/decisions").glob("[0-9]*.md")):
        text = text_of(page)
        assert lines_of(page) <= PAGE_LINES, page.name
        assert text.startswith(f"# {int(page.name[:4])}. "), page.name
        for part in ("## Question", "## Choice", "## Measured", "## What would change our mind"):
            assert part in text, f"{page.name}: {part}"


def test_every_dependency_of_the_program_is_argued_for() -> None:
    """Each package that the program needs has a page among the decisions, named after it."""
    table = project()["project"]
    wanted = [*table["dependencies"], *table["optional-dependencies"]["fast"]]
    names = {re.split(r"[^A-Za-z0-9-]", requirement, maxsplit=1)[0] for requirement in wanted}
    pages = {page.name[5:-3] for page in (ROOT / "docs/decisions").glob("[0-9]*.md")}
    assert names - pages == set()


@pytest.mark.xdist_group("kept-together")
def test_tests_of_one_group_run_in_one_place(request: pytest.FixtureRequest) -> None:
    """What must not run at the same time says so by its group, and is heard."""
    is_grouped = request.config.getoption("loadgroup", default=False)
    assert request.node.nodeid.endswith("@kept-together") is bool(is_grouped)
