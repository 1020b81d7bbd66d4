from __future__ import annotations

import base64
import contextlib
import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.canaries import KEYS, VARIABLES, a_canary, a_file, in_files, inline, leaks
from vr_exporter import logs
from vr_exporter.settings import Secrets, SettingsError, effective_values, inline_secrets, load
from vr_exporter.settings.document import DocumentError, read_document

WRONG_FORMS = (
    "{key}: [{value}]",
    "{key}: {{{value}: x}}",
    "{key}: {{x: {value}}}",
    '{key}: "{value}\\a"\n  bad: x',
    "{key}: !{value}",
    "{key}: *{value}",
    "{key}: &{value}",
    "{key}: '{value}",
    "{key}: {value}: {value}",
    "{key}_file: {value}",
    "{key}_file: [{value}]",
    '{key}: "{value}", {key}_file: {value}',
    "{key}: {long}",
    "{key}: 7{digits}",
)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that this process logs, at debug level."""
    stream = io.StringIO()
    root, ours = logging.getLogger(), logging.getLogger("vr_exporter")
    before = (root.handlers[:], root.level, ours.level, logging.raiseExceptions)
    monkeypatch.setenv("PYDANTIC_SETTINGS_DEBUG", "1")
    logs.configure(level="debug", handler=logging.StreamHandler(stream))
    yield stream
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    logging.raiseExceptions = before[3]


def test_C26_good_settings_show_no_secret(tmp_path: Path, written: io.StringIO) -> None:
    """Neither repr nor the effective settings nor the log hold a secret of a good file."""
    for parts in (inline, lambda canaries: in_files(tmp_path, canaries)):
        canaries = [a_canary() for _ in KEYS]
        settings = load(a_file(tmp_path, parts(canaries)), environ={})
        reader = Secrets(learned=logs.learn_secret, failed=lambda: None)
        for secret in inline_secrets(settings):
            logs.learn_secret(secret)
        site = settings.sites["madrid"]
        credentials = reader.credentials(site)
        logging.getLogger("vr_exporter").info("%s %s", credentials, canaries[0], extra={"x": site})
        effective = dict(effective_values(settings))
        shown = f"{settings!r}{settings}{effective}{credentials!r}{written.getvalue()}"
        assert credentials.password == canaries[0]
        assert leaks(shown, canaries) == []


@pytest.mark.parametrize("form", WRONG_FORMS)
def test_C25_faulty_settings_show_no_secret(
    form: str, tmp_path: Path, written: io.StringIO
) -> None:
    """Whatever is wrong with a secret, the lines about it do not hold it."""
    for place, key in enumerate(KEYS):
        canaries = [a_canary() for _ in KEYS]
        parts = inline(canaries)
        digits = "".join(str(ord(sign)) for sign in canaries[place])[:16]
        long = canaries[place] * 4000
        parts[place] = form.format(key=key, value=canaries[place], digits=digits, long=long)
        shown = ""
        try:
            load(a_file(tmp_path, parts), environ={})
        except SettingsError as error:
            shown = f"{error!r}{error}"
        assert shown or form == "{key}: &{value}"
        assert leaks(f"{shown}{written.getvalue()}", [*canaries, digits]) == []


def test_C25_faulty_environment_shows_no_secret(tmp_path: Path, written: io.StringIO) -> None:
    """The same for secrets in variables that are spelled, typed or placed wrongly."""
    file = a_file(tmp_path, inline([a_canary() for _ in KEYS]))
    for name in VARIABLES:
        canary = a_canary()
        for wrong in (f"{name}__X", f"{name}X", f"{name}_FILE", name.replace("SITES", "SITS")):
            with pytest.raises(SettingsError) as caught:
                load(file, environ={wrong: canary, name: canary * 4000})
            assert leaks(f"{caught.value!r}{written.getvalue()}", [canary]) == []
    canary = a_canary()
    with contextlib.suppress(SettingsError):
        load(file, environ={"VR_ALERTMANAGERS": f"[{{bearer_token: {canary}, {canary}: *x}}]"})
    with pytest.raises(SettingsError) as caught:
        load(None, environ={"VR_HOST": f"u:{canary}@h", "VR_PASSWORD": canary})
    assert leaks(f"{caught.value!r}{written.getvalue()}", [canary]) == []


def test_control_a_planted_leak_is_found(
    record_property: Callable[[str, object], None],
) -> None:
    """The search is worth something: each disguise of a canary is found in a text."""
    canary = a_canary()
    content = canary.encode()
    planted = [
        canary,
        canary[: len(canary) // 2],
        canary[len(canary) // 2 :],
        base64.b64encode(b"user:" + content).decode(),
        base64.b64encode(b"admin:" + content).decode(),
        base64.b64encode(b"monitor:" + content).decode(),
        content.hex(),
    ]
    assert all(leaks(f"msg={text} x", [canary]) for text in planted)
    assert leaks("nothing here", [canary]) == []
    record_property("figure", f"a leak planted in {len(planted)} ways: found in each")


def test_control_yaml_itself_would_have_leaked() -> None:
    """The parser quotes what it stumbles over; ours is what keeps it in."""
    canary = a_canary()
    text = f"password: *{canary}"
    with pytest.raises(yaml.YAMLError) as theirs:
        yaml.safe_load(text)
    with pytest.raises(DocumentError) as ours:
        read_document(text.encode())
    assert leaks(str(theirs.value), [canary])
    assert leaks(str(ours.value), [canary]) == []
