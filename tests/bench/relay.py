"""The relay: Postfix's smtp-sink, out of its package, never installed; behind a delay line where it is to be far."""
import collections
import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

from mailers import RELAY_PORT
from roots import BASE, run


FAR_PORT = RELAY_PORT + 1  # the relay's own, where RELAY_PORT is the delay line's


class Counter:
    """A child whose output carries "key=number" pairs; the latest of each, and when it came."""

    def __init__(self, argv, environment):
        self.values, self.changed, self.at = collections.Counter(), threading.Condition(), 0.0
        self.child = subprocess.Popen([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                      env=environment)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while chunk := os.read(self.child.stdout.fileno(), 1 << 16):
            now = time.perf_counter()
            with self.changed:
                for key, value in re.findall(rb"(\w+)=(\d+)", chunk):
                    self.values[key.decode()] = int(value)
                self.at = now
                self.changed.notify_all()

    def wait(self, key, value, timeout):
        """When the count was reached, or None."""
        with self.changed:
            self.changed.wait_for(lambda: self.values[key] >= value, timeout)
            return self.at if self.values[key] >= value else None

    def stop(self):
        self.child.terminate()
        self.child.wait()


def sink_program():
    tools = BASE / "tools"
    if not (tools / "usr/sbin/smtp-sink").exists():
        tools.mkdir(parents=True, exist_ok=True)
        run("apt-get", "-o", "APT::Sandbox::User=root", "download", "postfix", cwd=tools)
        run("dpkg", "-x", next(tools.glob("postfix_*.deb")), tools)
    return tools


@contextlib.contextmanager
def relay(round_trip_ms=0):
    """The relay, up: its counter; "mesg" counts messages, "sess" connections."""
    tools = sink_program()
    port = FAR_PORT if round_trip_ms else RELAY_PORT
    parts = [Counter([tools / "usr/sbin/smtp-sink", "-u", "nobody", "-c", f"127.0.0.1:{port}", "1024"],
                     dict(os.environ, LD_LIBRARY_PATH=str(tools / "usr/lib/postfix")))]
    if round_trip_ms:
        parts.append(Counter([sys.executable, "-B", Path(__file__).with_name("delay_line.py"), RELAY_PORT, FAR_PORT,
                              round_trip_ms / 2], os.environ))
    time.sleep(0.4)
    try:
        yield parts[0]
    finally:
        for part in parts:
            part.stop()
