from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.unit.cli import probe
from vr_exporter.cli import COMMANDS, Listed, run
from vr_exporter.settings import SettingsError, load

FOLDER = Path(__file__).resolve().parents[2] / "settings" / "invalid"
FILES = sorted(Path(file.name) for file in FOLDER.glob("*.yml"))
_EXPECTS = b"# expects: "


def expected_lines(file: Path) -> list[str]:
    """The comments at the head of a file: what is to be said of it."""
    lines = file.read_bytes().splitlines()
    return [
        f"{file}: {line.removeprefix(_EXPECTS).decode()}"
        for line in lines
        if line.startswith(_EXPECTS)
    ]


@pytest.fixture(autouse=True)
def _probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "probe", Listed(probe.__name__, "Read the settings."))
    monkeypatch.chdir(FOLDER)
    monkeypatch.setitem(sys.modules, probe.__name__, probe)
    for name in ("VR_HOST", "VR_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_there_are_many_kinds_of_faults() -> None:
    """Every kind of fault has a file of its own, named for it."""
    assert len(FILES) >= 30


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_invalid_file_ends_with_exit_2_and_its_line(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bad file gives exit 2 and, on stderr, exactly the lines that its head expects."""
    code = run(["probe", "--config.file", str(file)])
    said = capsys.readouterr()
    assert (code, said.out, said.err.splitlines()) == (2, "", expected_lines(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_line_names_file_key_and_remedy(file: Path) -> None:
    """Every fault is one line: the file, the key, what is wrong, and what to do in parentheses."""
    with pytest.raises(SettingsError) as caught:
        load(file, environ={})
    for line in caught.value.lines:
        assert re.fullmatch(rf"{re.escape(str(file))}: [^:]+: .+ ?\(.+\)", line), line


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_line_repeats_a_secret(file: Path) -> None:
    """The password that stands in many of these files is in no line about them."""
    with pytest.raises(SettingsError) as caught:
        load(file, environ={})
    assert "horse" not in str(caught.value)


def test_C23_a_file_above_one_mebibyte_is_refused(tmp_path: Path) -> None:
    """A settings file is at most 1 MiB."""
    file = tmp_path / "large.yml"
    file.write_bytes(b"#" * (1024 * 1024 + 1))
    with pytest.raises(SettingsError, match="larger than 1 MiB"):
        load(file, environ={})


def test_a_missing_file_is_named_with_its_remedy(tmp_path: Path) -> None:
    """A file that is not there is a fault of the settings, not a crash."""
    file = tmp_path / "nowhere.yml"
    with pytest.raises(SettingsError) as caught:
        load(file, environ={})
    line = f"{file}: settings: no such file or directory (name another by --config.file)"
    assert caught.value.lines == (line,)
