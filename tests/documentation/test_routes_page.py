"""The page of the routes is the one that the program prints."""

from __future__ import annotations

from click.testing import CliRunner

from tests.documentation.repository import ROOT
from vr_exporter.cli.routes import command
from vr_exporter.web.api import SHAPES
from vr_exporter.web.routes import ROUTES

PAGE = ROOT / "docs" / "routes.md"


def test_page_of_routes_is_fresh() -> None:
    """`vr-exporter routes` prints docs/routes.md as it lies there."""
    assert CliRunner().invoke(command).output == PAGE.read_text(encoding="utf-8")


def test_every_route_and_object_has_its_heading() -> None:
    """A reader finds each route and each JSON object by its heading."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for route in ROUTES:
        assert lines.count(f"## {route.method} {route.path}") == 1
    for shape in SHAPES:
        assert lines.count(f"### {shape.name}") == 1
