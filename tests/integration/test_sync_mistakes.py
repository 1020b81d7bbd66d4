"""What people get wrong with `sync`: each mistake is one helpful line and the right exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.command_line import (
    PASSWORD,
    USERNAME,
    Ended,
    a_world,
    run,
    served,
    settings_file,
)
from tests.prometheus import exporter, fetch, running, wait_until
from vr_exporter.simulator.options import Account
from vr_exporter.simulator.server import SimServer
from vr_exporter.simulator.world import Replica

LISTENING = r"addresses=(\S+)"
SYNC = "POST /pairings/{pairing_id}/replications/{replication_id}/actions/sync"


class Bench:
    """An appliance, a settings file for it and, if wanted, an exporter that runs beside."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self.world = a_world(speed=100)
        self.appliance: SimServer = stack.enter_context(served(self.world))
        self.config = settings_file(folder, {"madrid": {"url": self.appliance.url}})

    def vm(self, number: int = 0) -> Replica:
        """One of the replications whose source is madrid."""
        return [row for row in self.world.population if row.source.name == "madrid"][number]

    def serve(self) -> str:
        """Run the exporter beside the commands to come; its address."""
        command = exporter(
            *("serve", "--config.file", self.config, "--web.listen-address", "127.0.0.1:0"),
        )
        _, url = self._stack.enter_context(running(command, until=LISTENING))
        wait_until(lambda: fetch(f"{url}/-/ready").startswith("ready"), "it is ready")
        return url

    def sync(self, *words: str) -> Ended:
        """Run `sync`."""
        return run("sync", *words, "--config.file", self.config)

    @property
    def posts(self) -> int:
        """How many syncs the appliance was asked for."""
        return self.appliance.api.counters.requests[SYNC]


@pytest.fixture
def bench(short_path: Path) -> Iterator[Bench]:
    """No exporter runs."""
    with ExitStack() as stack:
        yield Bench(short_path, stack)


@pytest.fixture(params=["alone", "beside"])
def either(short_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Without an exporter that runs, and with one: nobody can tell the difference."""
    with ExitStack() as stack:
        made = Bench(short_path, stack)
        first, second = made.vm(1), made.vm(2)
        second.name = first.name
        made.world.pause(made.vm(3))
        if request.param == "beside":
            made.serve()
        yield made


def one_line(ended: Ended) -> str:
    """The one line on stderr of a command that printed nothing else."""
    assert ended.out == ""
    (line,) = ended.err.splitlines()
    return line


def test_names_that_mean_nothing_or_too_much_and_a_paused_vm(either: Bench) -> None:
    """The nearest names, the choices, the remedy; exit code 5, and one good wish alone is sent."""
    either.vm(0).name = "db-01"
    unknown = either.sync("db-001")
    assert unknown.code == 5
    assert one_line(unknown).startswith('no VM or replication "db-001" (nearest: db-01')

    twins = [either.vm(1), either.vm(2)]
    ambiguous = either.sync(twins[0].name)
    assert ambiguous.code == 5
    said = one_line(ambiguous)
    assert f'"{twins[0].name}" names 2 VMs' in said
    assert all(twin.id in said for twin in twins)
    assert said.endswith("(say which by id, site or pairing)")

    paused = either.sync(either.vm(3).name)
    assert (paused.code, paused.err) == (5, "")
    assert paused.lines[-1].endswith(f"{either.vm(3).name} is paused (resume it first)")

    one_of_them = either.sync(twins[1].id, "--no-wait")
    assert one_of_them.code == 0
    wait_until(lambda: either.posts == 1, "it is asked for")


def test_rights_that_are_lacking_are_named(bench: Bench) -> None:
    """Exit code 5 after one request; to run it again would help nobody."""
    account = Account(USERNAME, PASSWORD, frozenset({"Host.Hbr.HbrManagement"}))
    with served(bench.world, accounts=(account,)) as appliance:
        bench.config = settings_file(bench.folder, {"madrid": {"url": appliance.url}})
        ended = bench.sync(bench.vm().name)
        posts = appliance.api.counters.requests[SYNC]
    assert (ended.code, ended.err, posts) == (5, "", 1)
    assert "refused" in ended.lines[-1]
    assert "the account lacks System.View and Host.Hbr.HbrManagement" in ended.lines[-1]
    assert "run again" not in ended.out


def test_a_wrong_password_is_tried_once_however_often_the_command_is(bench: Bench) -> None:
    """A second command, and an exporter started later, spare the account; both say so."""
    away = {"madrid": {"url": bench.appliance.url, "password": "wrong"}}
    bench.config = settings_file(bench.folder, away)
    first = bench.sync(bench.vm().name)
    assert first.code == 5
    assert one_line(first).endswith("the login was refused (check username and password)")
    second = bench.sync(bench.vm().name)
    bench.serve()
    third = bench.sync(bench.vm().name)
    for later in (second, third):
        assert later.code == 5
        assert "to spare the account it is tried again in" in one_line(later)
    counters = bench.appliance.api.counters
    assert (counters.failed_logins, counters.logins) == (1, 0)


def test_a_wrong_password_of_the_trigger_account_is_tried_once(bench: Bench) -> None:
    """The site is read all the same; the wish is skipped, and no sync was asked for."""
    account = {"username": "sync@vsphere.local", "password": "wrong"}
    site = {"url": bench.appliance.url, "trigger_account": account}
    bench.config = settings_file(bench.folder, {"madrid": site})
    first, second = (bench.sync(bench.vm().name) for _ in range(2))
    assert (first.code, second.code) == (5, 5)
    assert "the login was refused (check username and password)" in first.lines[-1]
    assert "to spare the account it is tried again in" in second.lines[-1]
    assert (bench.appliance.api.counters.failed_logins, bench.posts) == (1, 0)


def test_B2_a_state_folder_that_cannot_be_written_is_said_before_any_login(bench: Bench) -> None:
    """Exit code 3, the path and the remedy."""
    site = {"madrid": {"url": bench.appliance.url}}
    bench.config = settings_file(bench.folder, site, state="sqlite:////proc/none/state.db")
    ended = bench.sync(bench.vm().name)
    assert ended.code == 3
    assert one_line(ended) == (
        "/proc/none/vr-exporter: no such file or directory"
        " (make it writable, or set state in the settings)"
    )
    assert bench.appliance.api.counters.total == 0


def test_no_state_folder_named_at_all_is_no_mistake(bench: Bench) -> None:
    """The state then lies in the place for it; where that is none either, exit code 3."""
    environment = {
        "VR_HOST": bench.appliance.url,
        "VR_SITE": "madrid",
        "VR_USERNAME": USERNAME,
        "VR_PASSWORD": PASSWORD,
    }
    words = ("sync", bench.vm().id, "--no-wait")
    named = run(*words, **environment, STATE_DIRECTORY=str(bench.folder / "run"))
    assert (named.code, bench.posts) == (0, 1)
    assert (bench.folder / "run" / "vr-exporter" / "state.db").exists()
    nowhere = run(*words, **environment, STATE_DIRECTORY="/proc/none")
    assert nowhere.code == 3
    assert "set state in the settings" in one_line(nowhere)


def test_a_command_that_ran_alone_leaves_the_folder_free_and_its_ledger_whole(
    bench: Bench,
) -> None:
    """The exporter that comes next follows what it asked for to its end: there it cools down."""
    assert bench.sync(bench.vm().name, "--no-wait").code == 0
    url = bench.serve()
    wait_until(lambda: '"succeeded"' in fetch(f"{url}/api/v1/triggers"), "the sync has ended")
    again = bench.sync(bench.vm().name)
    assert again.code == 5
    assert "was asked for" in again.lines[-1]
    assert "again in" in again.lines[-1]
    assert bench.posts == 1
    assert bench.appliance.api.counters.failed_logins == 0
