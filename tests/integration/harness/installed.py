"""A host of its own with an installed outpost: packaging/install --root, users alice and carol, a relay."""
import contextlib
import os
import signal
import subprocess
from pathlib import Path

from .root import Root

SOURCE = Path(__file__).resolve().parents[3]
ALICE, CAROL = 61201, 61202


class InstalledHost:
    """`server` is its relay."""

    def __init__(self, build, server):
        self.server = server
        self.root = Root("installed")
        self.root.add_user("alice", ALICE)
        self.root.add_user("carol", CAROL)
        self.said = self.install(build)
        self.root.write("/etc/outpost/main.cf", f"myhostname = host.example.org\nrelayhost = {server.destination}\n"
                        "smtp_tls_security_level = none\ninet_protocols = ipv4\nmaillog_file = /srv/mail.log\n"
                        "minimal_backoff_time = 2s\nmaximal_backoff_time = 4s\n")

    def install(self, build, *words):
        return subprocess.run([SOURCE / "packaging" / "install", "--build", build.build, "--root", self.root.path, *words],
                              check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout

    def spawn_as(self, uid, *argv, **keywords):
        return self.root.spawn("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *argv, **keywords)

    def run_as(self, uid, *argv, options=(), **keywords):
        return self.root.run("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *options, *argv, **keywords)

    def pids(self, name):
        """The root's processes of that name, of which the kernel keeps 15 bytes, without those that have ended."""
        found = []
        for pid in self.root.processes():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # gone meanwhile
                said, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
                if said.partition("(")[2] == name[:15] and rest.split()[0] != "Z":
                    found.append(pid)
        return found

    def kill(self, name):
        """SIGKILL for all of them."""
        for pid in self.pids(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def log(self):
        path = self.root.srv / "mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def close(self):
        self.root.close()
