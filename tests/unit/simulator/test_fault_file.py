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
        ("- {kind: error, value: bad}", "fault 1: value: 'bad' is no number from 200 to 599"),
        ("- {kind: error", "no YAML"),
        ("- {kind: error, rate: 50}", "fault 1: rate: 50 is no number from 0 to 1"),
        ("- {kind: error, rate: .nan}", "fault 1: rate: nan is no number from 0 to 1"),
        ("- {kind: error, times: .inf}", "fault 1: times: inf is no whole number from 0 up"),
        ("- {kind: error, skip: 1.5}", "fault 1: skip: 1.5 is no whole number from 0 up"),
        ("- {kind: error, value: 7000}", "fault 1: value: 7000 is no number from 200 to 599"),
        ("- {kind: many_rows, value: .nan}", "fault 1: value: nan is no number from 0 to"),
        ("- {kind: throttled, value: [1]}", "fault 1: value: [1] is neither text nor a number"),
        ("- {kind: error, match: [a]}", "fault 1: match: ['a'] is neither text nor a number"),
        ("- {kind: error, operation: getTasks}", "fault 1: operation: 'getTasks' is none of"),
        ("- {kind: error, site: mardid}", "fault 1: site: 'mardid' is none of madrid, berlin"),
    ],
)
def test_bad_file_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    """The line names the file, the entry and what is wrong."""
    path = _written(tmp_path, text)
    with pytest.raises(FaultFileError) as caught:
        read_faults(path, sites=("madrid", "berlin"))
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


def test_file_is_read_again_while_the_appliance_is_away(tmp_path: Path) -> None:
    """No request comes in then, so that nothing but the appliance itself can notice the change."""
    asker = an_asker()
    path = _written(tmp_path, "- {kind: site_down}")
    asker.api.faults = Faults(now=asker.clock.now, file=FaultFile(path, tell=print))
    assert asker.api.is_away()
    _written(tmp_path, "", moment=2)
    assert not asker.api.is_away()


@pytest.mark.parametrize(
    "text",
    [
        "- {kind: 2026-02-30, for: 2m}\n",
        "- {kind: error, at: !!int }\n",
        "- {kind: error, for: [1m]}\n",
        f"- {{kind: error, for: {'9' * 5000}d}}\n",
    ],
)
def test_a_file_that_yaml_itself_fails_on_is_one_line(tmp_path: Path, text: str) -> None:
    """A date that is none, a number without digits or with thousands: told, and the old stay."""
    with pytest.raises(FaultFileError):
        read_faults(_written(tmp_path, text))
