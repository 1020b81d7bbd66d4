"""POSTs without a right credential, as many as can be: `python -m tests.refused_posts SECONDS`.

wrk sends them in turn to what acts and to the webhook, without a credential and with a wrong one,
on connections that are kept. The last line says what came of it; the exit code is 1 below a goal.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.peers import environment, peer
from tests.attacked import attacked
from tests.scraping import Beside, Scraped

CONNECTIONS: Final = 32
FEWEST_A_SECOND: Final = 3000
MOST_MILLISECONDS: Final = 100.0
SCRIPT: Final = """
local paths = {
  "/api/v1/sites/madrid/replications/GID-1/sync",
  "/api/v1/alertmanager",
  "/api/v1/triggers/k1/acknowledge",
}
local credentials = {"", "Bearer a-wrong-token"}
local number = 0
request = function()
  number = number + 1
  local headers = {["Content-Type"] = "application/json"}
  local credential = credentials[number % #credentials + 1]
  if credential ~= "" then headers["Authorization"] = credential end
  return wrk.format("POST", paths[number % #paths + 1], headers, '{"origin": "api"}')
end
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """What came of it: `let_in` are answers that refused nothing."""

    posts: int
    let_in: int
    a_second: float
    broken: int
    triggers: int
    is_written: bool
    scraped: Scraped

    @property
    def text(self) -> str:
        """The figures."""
        writes = "written to" if self.is_written else "0 writes"
        return (
            f"{self.a_second:.0f} POST/s refused ({self.posts} in all, {self.let_in} let in,"
            f" {self.broken} broken off), {self.triggers} triggers, ledger: {writes};"
            f" {self.scraped.text}"
        )

    @property
    def is_good(self) -> bool:
        """Whether every goal is met."""
        is_fast = self.a_second >= FEWEST_A_SECOND
        is_fast = is_fast and self.scraped.p99_milliseconds <= MOST_MILLISECONDS
        faults = self.let_in + self.broken + self.triggers + self.scraped.failed
        return is_fast and not faults and not self.is_written


def refused(folder: Path, *, seconds: int) -> Refused:
    """Send them for so long."""
    with attacked(folder) as exporter:
        before = exporter.ledger
        script = folder / "posts.lua"
        script.write_text(SCRIPT)
        beside = Beside(exporter.url, seconds)
        printed = _wrk(exporter.url, script, seconds)
        scraped = beside.result()
        posts = int(_found(r"(\d+) requests in", printed))
        return Refused(
            posts=posts,
            let_in=posts - int(_found(r"Non-2xx or 3xx responses: (\d+)", printed)),
            a_second=float(_found(r"Requests/sec:\s+([\d.]+)", printed)),
            broken=sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", printed))),
            triggers=exporter.triggers + exporter.posts,
            is_written=exporter.ledger != before,
            scraped=scraped,
        )


def _wrk(url: str, script: Path, seconds: int) -> str:
    command = [str(peer("wrk")), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    done = subprocess.run(
        [*command, "--timeout", "10s", "-s", str(script), url],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _found(pattern: str, printed: str) -> str:
    found = re.search(pattern, printed)
    return found[1] if found else "0"


def main(arguments: list[str]) -> int:
    """SECONDS: print the figures."""
    with tempfile.TemporaryDirectory(prefix="vr-") as folder:
        outcome = refused(Path(folder), seconds=int(arguments[0]) if arguments else 20)
    sys.stdout.write(f"{outcome.text}\n")
    return 0 if outcome.is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
