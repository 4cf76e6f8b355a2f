"""Bounded waiting: for a condition, never for a time."""
import socket
import time

# Generous, as a busy machine of two cores needs; a test that passes never waits for it.
PATIENCE = 30.0


class TimedOut(AssertionError):
    """What was waited for did not come; the text says what was seen instead."""


def wait_for(condition, what, timeout=PATIENCE, interval=0.03, detail=None):
    """The first true value of condition(). `detail()` tells, after the last try, what was there instead."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimedOut(f"waited {timeout:.0f} s for {what}" + (f"; there is:\n{detail()}" if detail else ""))
        time.sleep(interval)


def free_port():
    """A port of 127.0.0.1 at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
