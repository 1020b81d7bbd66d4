from __future__ import annotations

from types import NoneType
from typing import Any, get_args, get_origin

import msgspec
import pytest
from msgspec import UnsetType

from tests.conformance.documents import resolved, schema_of
from vr_exporter.appliance.answers import ResponseError
from vr_exporter.appliance.session import SessionIdData
from vr_exporter.appliance.wire import shapes

SHAPES: dict[type[msgspec.Struct], str] = {
    shapes.ReplicationInfo: "ReplicationInfo",
    shapes.CompoundReplicationStatus: "CompoundReplicationStatus",
    shapes.SyncProgressData: "SyncProgressData",
    shapes.ErrorDetails: "ErrorDetails",
    shapes.TaskInfo: "Task",
    shapes.PairingInfo: "Pairing",
    shapes.ServerInfo: "ServerInfo",
    shapes.VrmsInfo: "VrmsInfo",
    shapes.ReplicationServerInfo: "ReplicationServerInfo",
    shapes.IssueInfo: "IssueInfo",
    shapes.MetadataList: "MetadataList",
    shapes.MetaLinks: "MetaLinks",
    shapes.MetaError: "MetaError",
    shapes.HrefDrData: "HrefDrData",
    ResponseError: "ResponseError",
    SessionIdData: "SessionIdData",
}
TYPES: dict[str, frozenset[Any]] = {
    "string": frozenset({str}),
    "integer": frozenset({int}),
    "boolean": frozenset({bool}),
}
UNDOCUMENTED = {("ErrorDetails", "code"), ("ErrorDetails", "error_code")}
MEMBERS = [
    pytest.param(shape, field, name, id=f"{name}.{field.encode_name}")
    for shape, name in SHAPES.items()
    for field in msgspec.structs.fields(shape)
    if (name, field.encode_name) not in UNDOCUMENTED
]


def kinds_of(field: msgspec.structs.FieldInfo) -> frozenset[Any]:
    """What a member of a shape may hold, null and absence aside."""
    return frozenset(get_args(field.type) or {field.type}) - {UnsetType, NoneType}


@pytest.mark.parametrize(("shape", "field", "name"), MEMBERS)
def test_members_are_documented_as_we_read_them(
    shape: type[msgspec.Struct], field: msgspec.structs.FieldInfo, name: str
) -> None:
    """Each member of ours is in the document with its type, and null where null may come."""
    del shape
    schema = resolved(schema_of(name)["properties"][field.encode_name])
    kinds = kinds_of(field)
    if schema["type"] in TYPES:
        assert TYPES[schema["type"]] == kinds - ({str} if kinds == {int, str} else set())
    else:
        (kind,) = kinds
        is_list = get_origin(kind) is list
        assert schema["type"] == ("array" if is_list else "object")
        inner = resolved(schema["items"]) if is_list else schema
        assert SHAPES[get_args(kind)[0] if is_list else kind]
        assert inner["type"] == "object"
    is_nullable = NoneType in get_args(field.type)
    assert is_nullable or not schema.get("nullable", False)


def test_times_alone_may_be_strings_too() -> None:
    """The union of number and string is for times, which v1 sends as strings."""
    both = {
        field.encode_name
        for shape in SHAPES
        for field in msgspec.structs.fields(shape)
        if kinds_of(field) == {int, str}
    }
    assert both == {"last_sync_time", "queued_time", "start_time", "complete_time", "timestamp"}
