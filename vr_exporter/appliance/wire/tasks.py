"""Task → Task: which operation it is, and how it failed, in closed sets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import UNSET

from vr_exporter.appliance.wire.fields import Reading, given
from vr_exporter.appliance.wire.replications import message_of
from vr_exporter.appliance.wire.shapes import ErrorDetails, TaskInfo
from vr_exporter.domain.names import TaskId
from vr_exporter.domain.tasks import Task, TaskState

_STATES = frozenset(state.value for state in TaskState) - {TaskState.OTHER.value}

_OPERATIONS = (
    ("sync", r"sync"),
    ("unconfigure", r"un ?-?configur|(stop|remov|delet|disabl)\w*\W+replication"),
    ("reconfigure", r"re-?configur"),
    ("pause", r"\b(pause|pausing|suspend)"),
    ("resume", r"\bresum"),
    ("cleanup", r"clean\W?up"),
    ("test", r"\btest"),
    ("recover", r"recover|fail-?over"),
    ("move", r"\b(move|moving|migrat)"),
    ("configure", r"configur|(enabl|creat)\w*\W+replication"),
)
"""Words of description_id or description, in order: the first that is found decides."""

_CLASSES = (
    ("auth", r"authenticat|log-?in\b|credential|permission|privilege|access.?denied|unauthori[sz]"),
    ("rpo", r"\brpo\b|recovery.?point.?objective"),
    (
        "conflict",
        r"already|in.?progress|busy|conflict|concurrent|another task|in.?use|invalid state",
    ),
    ("storage", r"datastore|\bdisk|storage|no.?space|out of space|vmdk|quota|snapshot"),
    ("not_found", r"not.?found|no such|does not exist|no longer exists|missing"),
    (
        "connectivity",
        r"connect|unreachable|timed?.?out|network|no route|\bssl|certificate",
    ),
    ("vcenter", r"vcenter|vpxd|virtual ?center|\besxi?\b|host agent|vmodl|\bvim\b"),
    ("internal", r"internal|unexpected|exception|runtime.?fault|assert"),
)
"""Words of a failed task's code and texts, in order: the first that is found decides."""

_CODE = re.compile(
    r"\b(?:[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+|[a-z]\w*(?:\.\w+)*\.[A-Z]\w+|[A-Z]\w+Fault)\b"
)
"""What looks like a code inside a text: NO_SPACE_LEFT, vim.fault.NotFound, HmsFault."""

_CODE_CHARACTERS = 64
_MOST_TEXT = 1024
_MOST_KEY = 256
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def task_of(info: TaskInfo, reading: Reading) -> Task | None:
    """Make the noun; None without an id."""
    identity = reading.identity(info.id, "id")
    if not identity:
        return None
    status = reading.one_of(info.status, _STATES, "status")
    state = TaskState(status) if status in _STATES else TaskState.OTHER
    error = given(info.error)
    _note_contradictions(info, state, reading)
    description = reading.words(info.description, "description")
    description_id = given(info.description_id) or ""
    return Task(
        id=TaskId(identity),
        operation=operation_of(description_id, description),
        state=state,
        entity=reading.name(info.entity, "entity"),
        entity_name=reading.name(info.entity_name, "entity_name"),
        progress_ratio=reading.ratio(info.progress, "progress"),
        queued_timestamp_seconds=reading.moment(info.queued_time, "queued_time"),
        started_timestamp_seconds=reading.moment(info.start_time, "start_time"),
        completed_timestamp_seconds=reading.moment(info.complete_time, "complete_time"),
        error_class=_error_class(state, error),
        error_code=_error_code(error, reading) if state is TaskState.ERROR else None,
        error_message=message_of(error, reading) if error else "",
        description=description,
        description_id=description_id[:_MOST_KEY],
    )


def operation_of(description_id: str, description: str) -> str:
    """Map to one of `OPERATIONS`: by the key of the description, else by its words."""
    return _first_found(_OPERATIONS, (description_id, description))


def error_class_of(*texts: str) -> str:
    """Map an error to one of `ERROR_CLASSES`; the first text that says anything decides."""
    return _first_found(_CLASSES, texts)


def _first_found(table: Iterable[tuple[str, str]], texts: Iterable[str]) -> str:
    for text in texts:
        words = _words(text[:_MOST_TEXT])
        for name, pattern in table:
            if re.search(pattern, words):
                return name
    return "other"


@lru_cache(maxsize=1024)
def _words(text: str) -> str:
    """Return the words of a text or key: camel case, dots and underscores taken apart."""
    return re.sub(r"[._]", " ", _CAMEL.sub(" ", text)).lower()


def _error_class(state: TaskState, error: ErrorDetails | None) -> str | None:
    if state is TaskState.CANCELLED:
        return "other"
    if state is not TaskState.ERROR:
        return None
    if error is None:
        return "other"
    code = given(error.error_code) or given(error.code) or ""
    return error_class_of(code, given(error.message) or "", given(error.details) or "")


def _error_code(error: ErrorDetails | None, reading: Reading) -> str | None:
    if error is None:
        return None
    code = given(error.error_code) or given(error.code)
    for text in () if code else (error.message, error.details):
        if text is not UNSET and (match := _CODE.search(text[:_MOST_TEXT])):
            code = match[0]
            break
    return reading.name(code[:_CODE_CHARACTERS], "error_code") if code else None


def _note_contradictions(info: TaskInfo, state: TaskState, reading: Reading) -> None:
    """Count what cannot be true together (A52); the state is believed all the same."""
    error = given(info.error)
    if (state is TaskState.SUCCESS and error) or (state is TaskState.ERROR and not error):
        reading.surprises.note("range", "error", state)
    start, end = info.start_time, info.complete_time
    if isinstance(start, int) and isinstance(end, int) and end < start:
        reading.surprises.note("range", "complete_time", (start, end))
