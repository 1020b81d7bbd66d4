from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vr_exporter.settings import Settings
from vr_exporter.settings.reference import reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def leaves(schema: dict[str, object], node: object, path: str) -> Iterator[str]:
    """The dotted paths of all settings, from the JSON schema that pydantic makes."""
    if not isinstance(node, dict):
        return
    if "$ref" in node:
        definitions = schema["$defs"]
        assert isinstance(definitions, dict)
        yield from leaves(schema, definitions[node["$ref"].rpartition("/")[2]], path)
    for choice in node.get("anyOf", ()):
        yield from leaves(schema, choice, path)
    for key, inner in node.get("properties", {}).items():
        here = f"{path}.{key}".removeprefix(".")
        yield here
        yield from leaves(schema, inner, here)
    yield from leaves(schema, node.get("additionalProperties"), f"{path}.NAME")
    yield from leaves(schema, node.get("items"), f"{path}[]")


def all_settings() -> list[str]:
    """Every setting, without those that stand for any name."""
    schema = Settings.model_json_schema()
    return sorted(set(leaves(schema, schema, "")))


def test_page_is_fresh() -> None:
    """docs/settings.md is what `vr-exporter settings` prints."""
    assert PAGE.read_text(encoding="utf-8") == reference()


@pytest.mark.parametrize("name", all_settings())
def test_every_setting_has_its_heading(name: str) -> None:
    """Whoever searches the page for a setting finds it as a heading."""
    headings = {line.lstrip("#").strip() for line in reference().splitlines() if line[:1] == "#"}
    assert f"`{name}`" in headings
