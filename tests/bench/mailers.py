"""The mailers that are measured: how each is installed in its root, configured for the relay, started and flushed."""
import contextlib
import json
import os
import subprocess
import threading
import time
from pathlib import Path

from roots import Root, run

RELAY_PORT = 2525
SOURCE = Path(__file__).resolve().parents[2]


def max_idle(purpose):
    """Seconds after which a process without work ends: the default, but where the run would only wait for it."""
    return "5s" if purpose == "memory" else "100s"


class Mailer:
    packages = ()
    arguments = ("-i", "-f", "a@example.com", "b@example.net")
    has_connections_at_once = True

    def __init__(self, name):
        self.name = name
        self.root = Root(name)

    def install(self):
        self.root.install(self.packages)

    def configure(self, purpose): ...
    def start(self): ...
    def flush(self): ...

    def setup(self):
        self.root.mount()
        self.install()
        if not self.root.pristine.exists():
            run("cp", "-a", self.root.spool, self.root.pristine)

    def fresh(self, purpose=""):
        """Stopped, with an empty queue, configured, started, idle. `purpose`: "backlog" where one is gathered first
        (a mailer that can be set to do better then, is), "memory" where idle processes shall not linger."""
        self.root.mount()
        self.root.kill()
        self.root.empty_spool()
        self.configure(purpose)
        self.start()
        self.root.wait_until_quiet(15)

    def submit(self, message, count, jobs=1):
        """Runs sendmail COUNT times, JOBS at once, from a child in the root: (seconds, [milliseconds], failures,
        when the first was spawned)."""
        (self.root.path / "tmp/bench.msg").write_bytes(message)
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            with contextlib.suppress(BaseException):
                os.chroot(self.root.path)
                os.chdir("/")
                os.write(writing, json.dumps(spawn_many(self.arguments, count, jobs)).encode() + b"\n")
            os._exit(0)
        self.root.ours.add(child)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            line = pipe.readline()
        os.waitpid(child, 0)
        return json.loads(line)


def spawn_many(arguments, count, jobs):
    argv = ["/usr/sbin/sendmail", *arguments]
    left, lock, times, failed = [count], threading.Lock(), [], [0]
    files = [(os.POSIX_SPAWN_OPEN, 0, "/tmp/bench.msg", os.O_RDONLY, 0),
             (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
             (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "USER": "root", "LOGNAME": "root"}

    def work():
        while True:
            with lock:
                if left[0] <= 0:
                    return
                left[0] -= 1
            start = time.perf_counter()
            pid = os.posix_spawn(argv[0], argv, environment, file_actions=files)
            status = os.waitpid(pid, 0)[1]
            times.append((time.perf_counter() - start) * 1e3)
            failed[0] += status != 0

    start = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start, times, failed[0], start


class Postfix(Mailer):
    packages = ("postfix",)

    def configure(self, purpose):
        self.root.run("postconf", "-e", "myhostname=bench.example.com", "mydestination=", "inet_interfaces=loopback-only",
                      "inet_protocols=ipv4", f"relayhost=[127.0.0.1]:{RELAY_PORT}", "master_service_disable=inet",
                      "smtp_dns_support_level=disabled", "smtp_host_lookup=native", "message_size_limit=67108864",
                      "compatibility_level=3.7", "alias_maps=", "biff=no", "smtp_tls_security_level=none",
                      f"max_idle={max_idle(purpose)}")

    def start(self):
        self.root.run("postfix", "start")

    def flush(self):
        self.root.run("postqueue", "-f")


class Dma(Mailer):
    """Nothing is resident. With a backlog DEFER: without it each waiting message keeps a sleeping process, and
    `dma -q` waits for those."""
    packages = ("dma",)
    has_connections_at_once = False  # with DEFER

    def configure(self, purpose):
        self.root.write("/etc/dma/dma.conf", f"SMARTHOST 127.0.0.1\nPORT {RELAY_PORT}\nMAILNAME bench.example.com\n"
                        + ("DEFER\n" if purpose == "backlog" else ""))

    def flush(self):
        subprocess.Popen(["chroot", self.root.path, "/usr/sbin/dma", "-q"], stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)


class Outpost(Mailer):
    """This checkout's release build; the root's lower layer is /, so it is there under the same path."""

    def install(self):
        self.root.install(())
        self.root.run(SOURCE / "packaging/install", "--build", SOURCE / "build/release")

    def configure(self, purpose):
        self.root.write("/etc/outpost/main.cf", "myhostname = bench.example.com\n"
                        f"relayhost = [127.0.0.1]:{RELAY_PORT}\ninet_protocols = ipv4\n"
                        "message_size_limit = 67108864\nsmtp_tls_security_level = none\n"
                        f"max_idle = {max_idle(purpose)}\n")

    def start(self):
        self.root.run("outpost", "start")

    def flush(self):
        self.root.run("outpost", "flush")


MAILERS = {"outpost": Outpost, "postfix": Postfix, "dma": Dma}
