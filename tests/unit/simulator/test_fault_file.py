from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.asking import an_asker
from vr_exporter.simulator.faults import Fault, FaultFile, FaultFileError, Faults, read_faults


def _written(folder: Path, text: str, *, moment: int = 1) -> Path:
    path = folder / "faults.yml"
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(moment, moment))
    return path


def test_file_says_when_where_and_what(tmp_path: Path) -> None:
    """Durations are Prometheus'; everything but the kind may be left out."""
    path = _written(
        tmp_path,
        "- {at: 30s, for: 1h30m, site: madrid, kind: error, match: 'GET *', rate: 0.5,"
        " value: 503}\n"
        "- {kind: drip, skip: 1, times: 2, operation: getVrInfo, for: 500ms}\n",
    )
    assert read_faults(path) == (
        Fault(
            "error",
            site="madrid",
            match="GET *",
            at_seconds=30,
            for_seconds=5400,
            rate=0.5,
            value=503,
        ),
        Fault("drip", operation="getVrInfo", for_seconds=0.5, skip=1, times=2),
    )


def test_empty_file_has_no_faults(tmp_path: Path) -> None:
    """Emptying the file ends all faults."""
    assert read_faults(_written(tmp_path, "# nothing now\n")) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind: error", "a list of faults is wanted"),
        ("- error", "fault 1: a mapping is wanted"),
        ("- {kind: eror}", "fault 1: unknown kind 'eror'"),
        ("- {kind: error}\n- {for: 1m}", "fault 2: unknown kind None"),
        ("- {kind: error, fro: 1m}", "fault 1: unknown key 'fro'"),
        ("- {kind: error, for: 1 minute}", "fault 1: for: '1 minute' is no duration"),
        ("- {kind: error, at: 30}", "fault 1: at: 30 is no duration"),
        ("- {kind: error, rate: often}", "fault 1: rate: 'often' is no number"),
        ("- {kind: [error]}", "fault 1: unknown kind ['error']"),
        ("- {kind: error, value: bad}", "fault 1: value: 'bad' is no number, as error needs"),
        ("- {kind: error", "no YAML"),
    ],
)
def test_bad_file_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    """The line names the file, the entry and what is wrong."""
    path = _written(tmp_path, text)
    with pytest.raises(FaultFileError) as caught:
        read_faults(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_changed_file_is_taken_anew_and_a_bad_one_is_not(tmp_path: Path) -> None:
    """The old faults stay when the file turns bad or goes away, and that is told once."""
    told: list[str] = []
    asker = an_asker()
    path = _written(tmp_path, "- {kind: error}")
    asker.api.faults = Faults(now=asker.clock.now, file=FaultFile(path, tell=told.append))
    assert asker.get("/info").status == 500
    _written(tmp_path, "- {kind: eror}", moment=2)
    assert [asker.get("/info").status for _ in range(2)] == [500, 500]
    assert len(told) == 1
    path.unlink()
    assert [asker.get("/info").status for _ in range(2)] == [500, 500]
    assert len(told) == 2
    _written(tmp_path, "- {kind: unavailable}", moment=3)
    assert asker.get("/info").status == 503
    _written(tmp_path, "", moment=4)
    assert asker.get("/info").status == 200
