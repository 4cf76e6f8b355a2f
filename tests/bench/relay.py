"""The relay: Postfix's smtp-sink, out of its package, never installed."""
import collections
import contextlib
import os
import re
import subprocess
import threading
import time

from mailers import RELAY_PORT
from roots import BASE, run


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
def relay():
    """The relay, up: its counter; "mesg" counts messages, "sess" connections."""
    tools = sink_program()
    sink = Counter([tools / "usr/sbin/smtp-sink", "-u", "nobody", "-c", f"127.0.0.1:{RELAY_PORT}", "1024"],
                   dict(os.environ, LD_LIBRARY_PATH=str(tools / "usr/lib/postfix")))
    time.sleep(0.4)
    try:
        yield sink
    finally:
        sink.stop()
