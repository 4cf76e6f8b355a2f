"""An outpost of a test's own: configuration, queue and log in a temporary directory, run by an unprivileged user."""
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
from pathlib import Path

from .wait import PATIENCE, wait_for

NOBODY = 65534
PROGRAMS = ("sendmail", "outpost", "outpost-drop", "outpost-pickup", "outpost-queue-runner", "outpost-smtp")
QUEUE_ID = re.compile(r"\b[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{17}\b")

# Short back-off, so that what a test expects to be retried is retried while it waits.
_DEFAULTS = {
    "myhostname": "client.example.org",
    "myorigin": "example.org",
    "inet_protocols": "ipv4",
    "minimal_backoff_time": "2s",
    "maximal_backoff_time": "4s",
    "smtp_tls_security_level": "encrypt",
}


class Build:
    """A build's programs, copied to where every user may execute them: the tree may be in somebody's home."""

    def __init__(self, build):
        self.build = Path(build).resolve()
        cache = self.build / "CMakeCache.txt"
        self.sanitized = cache.exists() and "OUTPOST_SANITIZE:BOOL=ON" in cache.read_text()
        self.programs = Path(tempfile.mkdtemp(prefix="outpost-programs-"))
        self.programs.chmod(0o755)
        for name in PROGRAMS:
            shutil.copy(self.build / "bin" / name, self.programs / name)
            (self.programs / name).chmod(0o755)

    def close(self):
        shutil.rmtree(self.programs, ignore_errors=True)


class Outpost:
    """main.cf parameters are keyword arguments; a value None leaves a default out. In the host's network, or in
    `network`, one of the test's own.

    `directory` holds etc/ (main.cf, auth_passwd), spool/ (the queue directory) and mail.log, all the user's own.
    """

    def __init__(self, build, uid=NOBODY, network=None, **parameters):
        self.build, self.uid, self.network = build, uid, network
        self.directory = Path(tempfile.mkdtemp(prefix="outpost-test-"))
        self.directory.chmod(0o755)
        self.etc, self.spool, self.log_path = self.directory / "etc", self.directory / "spool", self.directory / "mail.log"
        # The maildrop is there as after a first start: sendmail makes one in a user's own default place alone.
        for folder, mode in ((self.etc, 0o755), (self.spool, 0o755), (self.spool / "maildrop", 0o700)):
            folder.mkdir(mode=mode)
            os.chown(folder, uid, uid)
        os.chown(self.directory, uid, uid)
        self.stderr_path = self.directory / "stderr"
        self._foreground = None
        self.parameters = {}
        self.configure(**parameters)

    # -- configuration
    def configure(self, **parameters):
        """Sets parameters of main.cf beside those it has; None removes one."""
        if not self.parameters:
            self.parameters = dict(_DEFAULTS, queue_directory=self.spool, maillog_file=self.log_path)
        self.parameters.update(parameters)
        self.main_cf("".join(f"{name} = {value}\n" for name, value in self.parameters.items() if value is not None))

    def main_cf(self, text):
        self._write("main.cf", text, 0o644)

    def log_in(self, destination, user="alice", password="secret", mode=0o600):
        """auth_passwd with one line, and the parameters that use it."""
        self._write("auth_passwd", f"{destination} {user}:{password}\n", mode)
        self.configure(smtp_sasl_auth_enable="yes", smtp_sasl_password_maps=f"hash:{self.etc}/auth_passwd")

    def _write(self, name, text, mode):
        path = self.etc / name
        path.write_text(text)
        path.chmod(mode)
        os.chown(path, self.uid, self.uid)

    # -- commands
    def run(self, program, *words, input=b"", check=True, uid=None, timeout=60, environment=(), **options):
        """One of our programs as the user; streams as bytes. `check` demands exit status 0."""
        uid = self.uid if uid is None else uid
        done = subprocess.run(self._as(uid, program, *words), input=input, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout, cwd="/", env=self.environment(environment),
                              **options)
        if check:
            assert done.returncode == 0, \
                f"{program} {' '.join(map(str, words))}: exit {done.returncode}\n{done.stderr.decode(errors='replace')}" \
                f"{done.stdout.decode(errors='replace')}"
        return done

    def _as(self, uid, program, *words):
        argv = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", self.build.programs / program,
                *map(str, words)]
        return self.network.command(*argv) if self.network else argv

    def environment(self, more=()):
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.directory), "LANG": "C.UTF-8", "TZ": "UTC",
                "ASAN_OPTIONS": "detect_leaks=0", **dict(more)}

    def command(self, *words, **options):
        """`outpost -C etc words...`: its standard output as text."""
        return self.run("outpost", "-C", self.etc, *words, **options).stdout.decode()

    def sendmail(self, *words, message=b"Subject: test\n\ntest\n", **options):
        return self.run("sendmail", "-C", self.etc, *words, input=message, **options)

    def submit(self, *words, message=b"Subject: test\n\ntest\n", **options):
        """The same; returns the queue id."""
        done = self.sendmail("-v", *words, message=message, **options)
        said = (done.stdout + done.stderr).decode()
        found = QUEUE_ID.search(said)
        assert found, f"sendmail -v names no queue id: {said!r}"
        return found.group()

    def start(self):
        if self.build.sanitized:  # whose reports must not be lost
            with open(self.stderr_path, "ab") as stderr:
                self._foreground = subprocess.Popen(
                    self._as(self.uid, "outpost", "-C", self.etc, "start-fg"), stdin=subprocess.DEVNULL, stdout=stderr,
                    stderr=stderr, cwd="/", env=self.environment())
            wait_for(self.is_running, "start-fg", detail=self.stderr)
        else:
            self.command("start")
        return self

    def stop(self):
        self.command("stop")
        if self._foreground:
            self._foreground.wait(timeout=PATIENCE)
            self._foreground = None

    def is_running(self):
        return self.run("outpost", "-C", self.etc, "status", check=False).returncode == 0

    # -- what it says
    def queue(self):
        """The messages of `outpost queue list --json`: an object a line."""
        return [json.loads(line) for line in self.command("queue", "list", "--json").splitlines()]

    def trace(self, queue_id):
        return self.command("trace", queue_id)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def stderr(self):
        return self.stderr_path.read_text(errors="replace") if self.stderr_path.exists() else ""

    def wait_for_log(self, pattern, timeout=PATIENCE, count=1):
        """Log lines in which the regular expression is found, once there are `count`."""
        def lines():
            found = [line for line in self.log().splitlines() if re.search(pattern, line)]
            return found if len(found) >= count else None
        return wait_for(lines, f"log lines like {pattern!r}", timeout, detail=self.log)

    def _maildrop_has_mail(self):
        """Whole records, which are executable; what is half written is nobody's message."""
        for path in self.spool.glob("maildrop/*"):
            try:
                facts = path.lstat()
            except FileNotFoundError:  # pickup has just taken it
                continue
            if stat.S_ISREG(facts.st_mode) and facts.st_mode & stat.S_IXUSR:
                return True
        return False

    def wait_until_empty(self, timeout=60):
        # In this order: what leaves the maildrop is in the queue by then.
        wait_for(lambda: not self._maildrop_has_mail() and not self.queue(), "an empty queue", timeout, interval=0.1,
                 detail=lambda: f"{self.queue()}\n{self.log()[-4000:]}")

    def wait_for_deferred(self, queue_id, timeout=PATIENCE):
        """The first recipient of a message, once it has been tried and a reason is known."""
        def deferred():
            for message in self.queue():
                if message["id"] == queue_id:
                    for recipient in message["recipients"]:
                        if recipient.get("reason"):
                            return recipient
            return None
        return wait_for(deferred, f"{queue_id} to be deferred", timeout, interval=0.1, detail=self.log)

    # -- processes
    def processes(self, program=None):
        """Pids of this outpost's processes, of one program if named ("outpost-smtp")."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                argv = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
                name = os.path.basename(argv[0]).decode(errors="replace")
            except OSError:
                continue
            if str(self.etc).encode() in argv and name in PROGRAMS and (program is None or name == program):
                found.append(int(entry))
        return found

    def kill(self, program, number=signal.SIGKILL):
        """Signals all processes of a program; how many there were."""
        pids = self.processes(program)
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        return len(pids)

    def close(self):
        if self.is_running():
            self.run("outpost", "-C", self.etc, "stop", check=False)
        for program in PROGRAMS:
            self.kill(program)
        if self._foreground:
            self._foreground.wait(timeout=PATIENCE)
        report = self.stderr()
        shutil.rmtree(self.directory, ignore_errors=True)
        assert "Sanitizer" not in report and "runtime error" not in report, report

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
