"""An installed outpost in a root of its own, for what kills it."""
import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "integration"))

from harness.root import Root
from harness.wait import wait_for
from interposed import Plan

CAMPAIGN = "/srv/campaign"  # this folder, seen from the root


def install(name, build, port):
    """A root with the build installed, whose relay is at `port`; what it writes there is in memory."""
    root = Root(name)
    subprocess.run([HERE.parents[1] / "packaging/install", "--build", build, "--root", root.path], check=True,
                   stdout=subprocess.DEVNULL)
    root.srv.chmod(0o777)
    configure(root, port)
    return root


def configure(root, port, **parameters):
    settings = {"myhostname": "storm.example.org", "relayhost": f"[127.0.0.1]:{port}", "smtp_tls_security_level": "none",
                "minimal_backoff_time": "1s", "maximal_backoff_time": "4s", "maillog_file": "/srv/log", **parameters}
    root.write("/etc/outpost/main.cf", "".join(f"{name} = {value}\n" for name, value in settings.items()))


def interpose(root, build):
    """From now on each program in the root is watched by interpose.so; the plan must have been made."""
    shutil.copytree(HERE, root.file(CAMPAIGN), ignore=shutil.ignore_patterns("*.cc", "*.h", "__pycache__"))
    shutil.copy(Path(build) / "tests/interpose.so", root.srv / "interpose.so")
    root.write("/etc/ld.so.preload", "/srv/interpose.so\n")


class Worker:
    """A root with a mailer that interpose.so watches, and a script of this folder in it, which is the relay as well. The
    script takes a JSON value a line, and answers with one a line."""

    def __init__(self, name, build, script, log_bytes=0):
        self.root = install(name, build, 1)
        Plan(self.root.srv / "interpose.plan", log_bytes)
        interpose(self.root, build)
        self._process = self.root.spawn("python3", "-B", f"{CAMPAIGN}/{script}", stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        port = self.root.srv / "port"
        wait_for(lambda: port.exists() and port.read_text(), "the sink's port", timeout=20)
        configure(self.root, port.read_text())
        self.prepared = self.ask("prepare")

    def ask(self, request):
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"a script ended while it worked on {request}")
        return json.loads(answer)

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self.root.close()
