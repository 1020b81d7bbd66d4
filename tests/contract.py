"""The appliance's OpenAPI document as a judge: does an answer keep it?"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.protocols import Validator

DOCUMENT_FILE = Path(__file__).parent / "conformance" / "vr-openapi.yaml"
METHODS = ("get", "post", "delete")
_INTEGERS = {"int32": 2**31, "int64": 2**63}

formats = FormatChecker(formats=())


@formats.checks("uuid", raises=ValueError)
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or str(uuid.UUID(value)) == value.lower()


def _is_within(name: str, value: object) -> bool:
    return not isinstance(value, int) or -_INTEGERS[name] <= value < _INTEGERS[name]


for _name in _INTEGERS:
    formats.checks(_name)(lambda value, name=_name: _is_within(name, value))


class BrokenAnswerError(AssertionError):
    """An answer that the document does not allow."""


@dataclass(frozen=True, slots=True)
class Documented:
    """One operation of the document."""

    id: str
    method: str
    path: str
    responses: Mapping[str, Any]

    @property
    def statuses(self) -> frozenset[int]:
        """The statuses that it lists."""
        return frozenset(map(int, self.responses))


class Contract:
    """The document, its references resolved and its `nullable` made JSON Schema."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        schemas = {name: _plain(s) for name, s in document["components"]["schemas"].items()}
        self._definitions = {"components": {"schemas": schemas}}
        self.operations = {operation.id: operation for operation in self._read()}

    def check(
        self, operation_id: str, status: int, *, content_type: str | None, body: bytes
    ) -> None:
        """Judge one answer; raises `BrokenAnswerError` with the first thing wrong."""
        operation = self.operations[operation_id]
        where = f"{operation.method} {operation.path}: {status}"
        response = operation.responses.get(str(status))
        if response is None:
            raise BrokenAnswerError(f"{where} is not documented")
        if "content" not in response:
            if body:
                raise BrokenAnswerError(f"{where} has a body, none is documented: {body[:80]!r}")
            return
        if content_type not in response["content"]:
            raise BrokenAnswerError(f"{where} comes as {content_type}")
        self._check_body(where, response["content"][content_type]["schema"], body)

    def _check_body(self, where: str, schema: Mapping[str, Any], body: bytes) -> None:
        try:
            value = json.loads(body, parse_constant=_refuse_constant)
        except ValueError as error:
            raise BrokenAnswerError(f"{where} is no JSON: {error}") from error
        for fault in self._validator(schema["$ref"]).iter_errors(value):
            raise BrokenAnswerError(f"{where}: {fault.json_path}: {fault.message}")

    @cache  # noqa: B019 one contract lives as long as the tests
    def _validator(self, reference: str) -> Validator:
        schema = {"$ref": reference, **self._definitions}
        return Draft202012Validator(schema, format_checker=formats)

    def _read(self) -> Iterator[Documented]:
        shared = self.document["components"]["responses"]
        for path, methods in self.document["paths"].items():
            for method in METHODS:
                if method in methods:
                    operation = methods[method]
                    yield Documented(
                        operation["operationId"],
                        method.upper(),
                        path,
                        {
                            status: shared[_last(response)] if "$ref" in response else response
                            for status, response in operation["responses"].items()
                        },
                    )


@cache
def the_contract() -> Contract:
    """The document as it lies beside the conformance tests."""
    return Contract(the_document())


def the_document() -> dict[str, Any]:
    """The document itself, a copy to change at will."""
    return copy.deepcopy(_loaded())


@cache
def _loaded() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(DOCUMENT_FILE.read_text(encoding="utf-8"))
    return document


def _last(response: Mapping[str, str]) -> str:
    return response["$ref"].rpartition("/")[2]


def _plain(schema: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into a choice that JSON Schema knows."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _plain(value) for key, value in schema.items() if key != "nullable"}
    if schema.get("nullable") is True and plain.keys() - {"description"}:
        return {"anyOf": [{"type": "null"}, plain]}
    return plain


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
