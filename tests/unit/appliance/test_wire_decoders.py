"""How decoders of shapes come about."""

from __future__ import annotations

import subprocess
import sys

from vr_exporter.appliance.session import SessionIdData
from vr_exporter.appliance.wire.decoders import decoder_of

MANY_THREADS_MEET_NEW_TYPES = """
import sys
from threading import Barrier, Thread
from typing import Annotated
import msgspec
from vr_exporter.appliance.wire.decoders import decoder_of

sys.setswitchinterval(1e-6)
fields = [(f"f{n}", Annotated[str, msgspec.Meta(max_length=n)] | None, None) for n in range(20)]
met = []

def meet(shape, together):
    together.wait()
    met.append(decoder_of(shape).decode(b'{"f18": "x", "f19": "y"}').f19)

for number in range(100):
    shape, together = msgspec.defstruct(f"Shape{number}", fields), Barrier(4)
    threads = [Thread(target=meet, args=(shape, together)) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
print(len(met), set(met))
"""


def test_threads_that_meet_a_shape_at_once_do_not_end_the_process() -> None:
    """Two sites log in at the same moment: the first time, nobody knows what a session is."""
    ended = subprocess.run(
        [sys.executable, "-c", MANY_THREADS_MEET_NEW_TYPES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "400 {'y'}\n", "")


def test_a_decoder_is_made_once() -> None:
    """They are asked for with each answer."""
    assert decoder_of(SessionIdData) is decoder_of(SessionIdData)
