"""A real `serve` that is attacked on loopback: its address, and what its ledger holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import psutil
import trustme

from tests.command_line import a_world, served, settings_file
from tests.lives import ask
from tests.prometheus import exporter, running, wait_until
from tests.simulated import syncs_asked
from vr_exporter.simulator.api import Api
from vr_exporter.simulator.world import World

TOKEN: Final = "the-right-token-of-the-api"
WEBHOOK_TOKEN: Final = "the-right-token-of-the-webhook"
REPLICATIONS: Final = 2000


@dataclass(frozen=True, slots=True)
class Attacked:
    """An exporter that has polled its one site, and does not poll again for an hour."""

    url: str
    state: Path
    program: psutil.Process
    appliance: Api
    world: World

    @property
    def ledger(self) -> dict[str, str]:
        """Each file of the ledger with its size and digest: what is written shows here."""
        files = (self.state / name for name in ("state.db", "state.db-wal"))
        found = {file.name: file.read_bytes() for file in files if file.exists()}
        return {name: f"{len(raw)} {sha256(raw).hexdigest()}" for name, raw in found.items()}

    @property
    def posts(self) -> int:
        """How many syncs the appliance was asked for."""
        return syncs_asked(self.appliance)

    @property
    def triggers(self) -> int:
        """How many wishes the ledger has."""
        _, answer = ask(self.state / "socket", "GET", "/api/v1/triggers?limit=1000")
        return len(answer["triggers"])


@contextmanager
def attacked(
    folder: Path, *, is_secured: bool = False, replications: int = REPLICATIONS
) -> Iterator[Attacked]:
    """Run one, with or without TLS, until the block ends."""
    world = a_world(replications=replications)
    with served(world) as appliance:
        config = settings_file(
            folder,
            {"madrid": {"url": appliance.url, "poll_interval": "1h"}},
            api={"bearer_token": TOKEN},
            webhook={"bearer_token": WEBHOOK_TOKEN},
        )
        command = exporter("serve", "--config.file", config)
        command += ["--web.listen-address", "127.0.0.1:0"]
        if is_secured:
            command += ["--web.config.file", str(_a_web_file(folder))]
        with running(command, until=r"listening.*?(https?://127\.0\.0\.1:\d+)") as (program, url):
            state = folder / "state" / "vr-exporter"
            wait_until(
                lambda: ask(state / "socket", "GET", "/api/v1/sites")[1]["sites"][0]["tried"],
                "the site was read",
            )
            yield Attacked(url, state, psutil.Process(program.pid), appliance.api, world)


def _a_web_file(folder: Path) -> Path:
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    for number, part in enumerate(issued.cert_chain_pems):
        part.write_to_path(folder / "certificate.pem", append=number > 0)
    (folder / "key.pem").chmod(0o600)
    file = folder / "web.yml"
    server = {"cert_file": "certificate.pem", "key_file": "key.pem"}
    file.write_text(json.dumps({"tls_server_config": server}))
    return file
