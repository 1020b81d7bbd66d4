from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from vr_exporter import __version__
from vr_exporter.cli import COMMANDS, Listed, common, main, run
from vr_exporter.cli.common import CommandError, Exit

HEAVY = ("pydantic", "httpx", "rich", "prometheus_client", "msgspec", "cryptography")

Install = Callable[[Callable[..., object]], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Make a function the command `probe`."""

    def put(function: Callable[..., object]) -> None:
        module = types.ModuleType("vr_exporter_probe")
        wrap = common.command("probe", "vr-exporter probe", reads_settings=False)
        module.__dict__["command"] = wrap(function)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(COMMANDS, "probe", Listed(module.__name__, "Probe."))

    return put


def python(code: str, *, timeout: float = 60, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env=environ,
    )


def command_of(name: str) -> click.Command:
    """The command of this name."""
    command = main.get_command(click.Context(main), name)
    assert command is not None
    return command


def test_commands_stand_in_the_order_of_the_help() -> None:
    """The table is the order in which a newcomer meets the commands."""
    assert list(COMMANDS) == [
        *("serve", "demo", "simulate", "sync", "status"),
        *("check", "metrics", "settings", "routes", "rules", "dashboards", "bridge", "state"),
    ]


@pytest.mark.parametrize("args", [[], ["--help"]])
def test_help_lists_every_command(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command the program says what it can do, and that is no fault."""
    code = run(args)
    text = capsys.readouterr().out
    places = [text.index(f"  {name} ") for name in COMMANDS]
    assert code == Exit.DONE
    assert places == sorted(places)
    assert text.rstrip().endswith("vr-exporter demo")


def test_version_is_answered_before_any_import_that_costs() -> None:
    """`--version` prints without click."""
    answer = python(
        "import sys; sys.argv = ['vr-exporter', '--version'];"
        "from vr_exporter.__main__ import main; main();"
        "assert not {'click', 'logging', 'importlib.metadata'} & set(sys.modules)"
    )
    assert (answer.stdout, answer.stderr) == (f"vr-exporter {__version__}\n", "")


@pytest.mark.parametrize("name", [*COMMANDS, ""])
def test_help_is_answered_without_heavy_imports(name: str) -> None:
    """No command imports a heavy library before it runs."""
    args = [name, "--help"] if name else ["--help"]
    answer = python(
        f"import sys; from vr_exporter.cli import run; code = run({args!r});"
        f"print(*({set(HEAVY)!r} & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    assert (answer.returncode, answer.stderr) == (0, "\n")


def test_http_comes_without_a_command_line_of_its_own() -> None:
    """What httpx has for people at a terminal is not loaded with it, nor searched for garbage."""
    answer = python(
        "import gc, sys; sys.argv = ['vr-exporter', 'settings'];"
        "import vr_exporter.__main__ as program, vr_exporter.cli as cli;"
        "cli.run = lambda _: 0;\n"
        "try: program.main()\n"
        "except SystemExit: pass\n"
        "import httpx; print(*({'rich', 'pygments'} & set(sys.modules)), gc.get_threshold()[0])"
    )
    assert (answer.stdout, answer.stderr) == ("50000\n", "")


def test_no_large_search_for_garbage_falls_into_the_imports() -> None:
    """Whatever the interpreter counted before, a search of all that is imported is far away."""
    answer = python(
        "import gc; from vr_exporter.app.garbage import look_seldom;"
        "gc.set_threshold(100, 1000); kept = [[] for _ in range(999)]; before = gc.get_count()[1];"
        "look_seldom(); print(before > 1, gc.get_count()[1])"
    )
    assert (answer.stdout, answer.stderr) == ("True 0\n", "")


def test_sync_imports_nothing_that_it_has_no_use_for() -> None:
    """Before its request leaves, one that does the work itself is imports, five sixths of it."""
    unused = {
        *("rich", "pygments", "cryptography", "vr_exporter.simulator"),
        *("vr_exporter.settings.reference", "vr_exporter.metrics.reference"),
    }
    answer = python(
        "import sys; import vr_exporter.__main__ as program; program._lighten_imports();"
        "import vr_exporter.cli.sync, vr_exporter.cli.reached, vr_exporter.cli.sync.run;"
        "import vr_exporter.app.alone, vr_exporter.settings;"
        f"print(sorted({unused!r} & set(sys.modules)))"
    )
    assert (answer.stdout, answer.stderr) == ("[]\n", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_flag_has_its_environment_variable(name: str) -> None:
    """`--web.listen-address` is VR_WEB_LISTEN_ADDRESS, on every command alike."""
    command = command_of(name)
    options = [param for param in command.params if isinstance(param, click.Option)]
    wanted = {option.opts[0]: common.environment_variable(option.opts[0]) for option in options}
    assert {option.opts[0]: option.envvar for option in options} == wanted
    assert wanted["--config.file"] == "VR_CONFIG_FILE"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_ends_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The last lines of a help can be typed as they are."""
    assert run([name, "--help"]) == Exit.DONE
    last = capsys.readouterr().out.rstrip().splitlines()[-1]
    assert last.startswith("    ")
    assert f"vr-exporter {name}" in last


@pytest.mark.parametrize(
    ("args", "lines"),
    [
        (
            ["setings"],
            [
                "vr-exporter: no such command 'setings' (did you mean 'settings'?)",
                "Try 'vr-exporter --help' for help.",
            ],
        ),
        (
            ["settings", "--confgfile", "x"],
            [
                "vr-exporter settings: No such option '--confgfile'. Did you mean '--config.file'?",
                "Try 'vr-exporter settings --help' for help.",
            ],
        ),
    ],
)
def test_wrong_usage_is_one_line_and_a_hint(
    args: list[str], lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Bad usage ends with 2, says what is wrong and where to read on."""
    assert run(args) == Exit.USAGE
    assert capsys.readouterr().err.splitlines() == lines


@pytest.mark.parametrize("code", [Exit.STATE, Exit.REFUSED, Exit.UNKNOWN])
def test_command_error_gives_its_code_and_lines(
    code: Exit, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    """A command ends by raising what people are to read."""

    def fail() -> None:
        raise CommandError(code, "first", "second")

    install(fail)
    assert run(["probe"]) == code
    assert capsys.readouterr().err == "first\nsecond\n"


def test_command_may_return_its_code(install: Install) -> None:
    """What a command returns is the exit code; nothing is 0."""
    install(lambda: Exit.REFUSED)
    assert run(["probe"]) == Exit.REFUSED


def test_interrupt_stops_with_4(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends a command with the code for stopped."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    install(interrupt)
    assert run(["probe"]) == Exit.STOPPED
    assert capsys.readouterr().err.split() == ["stopped"]


BUG = """
import sys, types
from vr_exporter.cli import COMMANDS, Listed, common, run
from vr_exporter.logs import learn_secret
def fail():
    learn_secret("tr0ub4dor-and-3")
    raise KeyError("nobody\\nthought of tr0ub4dor-and-3")
module = types.ModuleType("probe")
module.command = common.command("probe", "x", reads_settings=False)(fail)
sys.modules["probe"] = module
COMMANDS["probe"] = Listed("probe", "x")
sys.exit(run(["probe"]))
"""


def test_bug_of_ours_is_one_line_and_exit_1() -> None:
    """An exception that nobody foresaw is said in one line, without traceback or secret."""
    answer = python(BUG)
    assert answer.returncode == Exit.BUG
    assert len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith("a bug of ours: KeyError: ")
    assert "tr0ub4dor" not in answer.stderr


def test_bug_of_ours_has_its_traceback_at_debug_level() -> None:
    """With VR_LOG_LEVEL=debug the places follow in a second line, secrets masked."""
    answer = python(BUG, VR_LOG_LEVEL="debug")
    assert len(answer.stderr.splitlines()) == 2
    assert " fail > KeyError" in answer.stderr
    assert "tr0ub4dor" not in answer.stderr


def test_reader_that_goes_away_is_no_fault() -> None:
    """`vr-exporter settings | head` ends quietly."""
    answer = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m vr_exporter settings | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (answer.stdout, answer.stderr) == ("0\n", "")


def test_commands_and_flags_complete_in_the_shell() -> None:
    """The shell's question is answered with commands, then with flags."""
    code = "import sys; from vr_exporter.cli import run; run([])"
    names = python(
        code, _VR_EXPORTER_COMPLETE="bash_complete", COMP_WORDS="vr-exporter se", COMP_CWORD="1"
    )
    flags = python(
        code,
        _VR_EXPORTER_COMPLETE="bash_complete",
        COMP_WORDS="vr-exporter settings --c",
        COMP_CWORD="2",
    )
    assert names.stdout.split() == ["plain,serve", "plain,settings"]
    assert flags.stdout.split() == ["plain,--config.file"]


def test_a_full_disk_is_no_bug_of_ours() -> None:
    """What cannot be written is said in one line; nothing more is said at the exit."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "vr_exporter", "metrics"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == Exit.USAGE
    assert ended.stderr == "the output cannot be written: no space left (make room)\n"


@pytest.mark.parametrize("arguments", [["--version"], ["metrics"], ["no-such"]])
def test_B28_closed_streams_end_no_command(arguments: list[str]) -> None:
    """The exit code is what it would be."""
    command = [sys.executable, "-m", "vr_exporter", *arguments]
    closed = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]
    expected = Exit.USAGE if arguments == ["no-such"] else Exit.DONE
    assert subprocess.run(closed, check=False).returncode == expected


def test_completion_for_an_unknown_shell_is_bad_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code 1 is kept for bugs of ours."""
    monkeypatch.setenv("_VR_EXPORTER_COMPLETE", "tcsh_source")
    assert run([]) == Exit.USAGE
