from __future__ import annotations

import io
import logging
import threading

from vr_exporter.logs import LogQueue


class BlockedStream(io.StringIO):
    """A terminal that nobody reads: writing waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def write(self, text: str) -> int:
        """Wait, then write."""
        self.let_go.wait(60)
        return super().write(text)


class BrokenStream(io.StringIO):
    """A closed pipe."""

    def write(self, text: str) -> int:
        """Refuse."""
        raise BrokenPipeError(text[:0])


def a_queue(stream: io.StringIO, *, longest: int = 10_000) -> tuple[LogQueue, list[int]]:
    """A queue and the list of what it dropped."""
    dropped: list[int] = []
    queue = LogQueue(stream, longest=longest, dropped=dropped.append)
    return queue, dropped


def log_to(queue: LogQueue, count: int) -> None:
    """Log numbered lines."""
    for number in range(count):
        queue.handle(logging.makeLogRecord({"msg": f"line {number}"}))


def drained(queue: LogQueue) -> threading.Thread:
    """Start the one thread that writes."""
    thread = threading.Thread(target=queue.drain, daemon=True)
    thread.start()
    return thread


def test_lines_are_written_in_order_and_all_before_the_end() -> None:
    """`finish` lets the drain write what is queued."""
    stream = io.StringIO()
    queue, dropped = a_queue(stream)
    thread = drained(queue)
    log_to(queue, 1000)
    assert queue.finish(60)
    thread.join(60)
    assert stream.getvalue().splitlines() == [f"line {number}" for number in range(1000)]
    assert dropped == []


def test_B28_blocked_stream_costs_the_oldest_lines_and_no_time() -> None:
    """Logging never waits; when the queue is full the oldest lines go and are counted."""
    stream = BlockedStream()
    queue, dropped = a_queue(stream, longest=10)
    log_to(queue, 25)
    thread = drained(queue)
    assert not queue.finish(0.01)
    stream.let_go.set()
    thread.join(60)
    assert stream.getvalue().splitlines() == [f"line {number}" for number in range(15, 25)]
    assert sum(dropped) == 15


def test_B28_broken_stream_is_counted_and_the_drain_goes_on() -> None:
    """Lines that cannot be written are dropped lines."""
    queue, dropped = a_queue(BrokenStream())
    log_to(queue, 3)
    thread = drained(queue)
    assert queue.finish(60)
    thread.join(60)
    assert sum(dropped) == 3
