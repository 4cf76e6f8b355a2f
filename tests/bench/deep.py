"""A deep queue beside an empty one: outpost alone, in the same root as for the comparison with its peers. Queues are
made by fill_queue; each workload takes a Host and a depth and returns {figure: number}."""
import collections
import contextlib
import dataclasses
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import workloads
from mailers import SOURCE, Outpost
from relay import relay
from roots import BASE

@dataclasses.dataclass(frozen=True)
class Depth:
    """A figure of a deep queue; one title may come again, with blanks."""
    title: str
    aim: str = ""


DRAINED = 10000       # messages, after the first ones: the rate is theirs
WARM = 1000
SUBMITTED = 200       # one after another
SETTLES_WITHIN = 1800  # seconds
QUIET_SECONDS = 2
LITTLE = 0.1  # of a processor, for so long: nothing is under way
DAY = 86400

FIRST = Depth("start to first delivery, s", "1 s")
DRAIN = Depth("drain, messages/s", "within 20 %")
SUBMIT = Depth("submit, relay down, ms", "within 20 %")
PARALLEL = Depth("submit, 8 at once, messages/s", "within 20 %")
PAGE = Depth("first page of mailq, s", "0.1 s")
LIST = Depth("the whole of mailq, s")
IDLE = Depth("behind a relay that is down, CPU ms a minute", "0")
WAITING = Depth("until a later attempt, CPU ms a minute", "0")
PART = Depth("flush --to one domain of a thousand, s")
FLUSH = Depth("flush, until all is due, s")
FLUSH_SUBMIT = Depth("slowest submission meanwhile, ms")
RELOAD = Depth("reload with another relayhost, until all is routed, s")
RELOAD_SUBMIT = Depth("slowest submission meanwhile, ms ")
STOP = Depth("stop, s")
EXPIRE = Depth("all expire at once, until all is returned, s")
EXPIRE_SUBMIT = Depth("slowest submission meanwhile, ms  ")
EXPIRE_LEFT = Depth("queue.db then, MiB")
SPREAD = Depth("a domain for 20 messages, no DNS, until quiet, s")
SPREAD_SUBMIT = Depth("slowest submission meanwhile, ms   ")
SPREAD_IDLE = Depth("then, CPU ms a minute")
MEMORY = Depth("runner's largest size in all this, MiB", "32 MiB")


class Host(Outpost):
    """outpost in its root, with a queue of the depth asked for."""

    def __init__(self, name, idle_seconds):
        super().__init__(name)
        self.idle_seconds = idle_seconds
        self.parameters = {}
        self.peak = 0

    def configure(self, purpose):
        super().configure(purpose)
        path = self.root.path / "etc/outpost/main.cf"
        lines = [line for line in path.read_text().splitlines() if line.split(" ")[0] not in self.parameters]
        path.write_text("\n".join([*lines, *(f"{key} = {value}" for key, value in self.parameters.items()), ""]))

    @property
    def private(self):
        return self.root.spool / "outpost/private"

    def prepare(self, depth, *arguments, **parameters):
        """Stopped, with `depth` messages made by fill_queue with `arguments`, configured by `parameters`."""
        self.root.mount()
        self.root.kill()
        self.root.empty_spool()
        self.parameters = parameters
        self.configure("backlog")
        if depth == 0:
            return
        owner = self.private.stat()
        made = BASE / "fills" / re.sub(r"\W+", "_", f"{depth} {arguments} {parameters}")
        if not made.exists():
            (made.parent / "new/private").mkdir(parents=True)
            for directory in (made.parent / "new", made.parent / "new/private"):
                os.chown(directory, owner.st_uid, owner.st_gid)
            subprocess.run([SOURCE / "build/release/tests/fill_queue", "--config", self.root.path / "etc/outpost",
                            "--queue", made.parent / "new", "--messages", str(depth), *map(str, arguments)],
                           check=True, user=owner.st_uid, group=owner.st_gid, extra_groups=())
            (made.parent / "new").rename(made)
        subprocess.run(["cp", "-a", "--reflink=auto", made / "private/queue.db", self.private], check=True)
        os.sync()  # what the copy left to be written would be in the way of the mailer's own syncs

    def runner(self):
        """The pid of the queue runner, not of its spawner: the larger one of that name."""
        pids = [pid for pid in self.root.pids() if comm(pid) == "outpost-queue-r"]
        return max(pids, key=pss_kib, default=None)

    def cpu_ms(self):
        return self.root.cpu_seconds() * 1000

    def settle(self):
        """Until it uses little of a processor; how long that took."""
        start = time.perf_counter()
        busy, used = start, self.cpu_ms()
        while time.perf_counter() < min(busy + QUIET_SECONDS, start + SETTLES_WITHIN):
            time.sleep(0.2)
            now = self.cpu_ms()
            if now - used > LITTLE * 200:
                busy = time.perf_counter()
            used = now
        return busy - start

    @contextlib.contextmanager
    def watched(self):
        """Samples the runner's size meanwhile."""
        done = threading.Event()

        def sample():
            while not done.is_set():
                if (pid := self.runner()) is not None:
                    self.peak = max(self.peak, pss_kib(pid))
                done.wait(0.05)

        sampler = threading.Thread(target=sample)
        sampler.start()
        try:
            yield
        finally:
            done.set()
            sampler.join()


def comm(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()


def pss_kib(pid):
    with contextlib.suppress(OSError, TypeError):
        return int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])
    return 0


def timed(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def idle_ms(host):
    """What it uses of the processor in a minute."""
    before = host.cpu_ms()
    time.sleep(host.idle_seconds)
    return (host.cpu_ms() - before) * 60 / host.idle_seconds


def submit_while(host, going):
    """The slowest of submissions made one after another while `going` runs, which returns how long it took."""
    slowest, done = [0.0], threading.Event()

    def submit():
        while not done.is_set():
            slowest[0] = max(slowest[0], *workloads.submit(host, workloads.message(2), 2)[1])
            time.sleep(0.3)

    other = threading.Thread(target=submit)
    other.start()
    try:
        took = going()
    finally:
        done.set()
        other.join()
    return took, slowest[0]


def first_delivery_and_drain(host, depth):
    """The relay is there when the mailer starts."""
    host.prepare(max(depth, WARM + DRAINED))
    with relay() as sink:
        start = time.perf_counter()
        host.start()
        first = sink.wait("mesg", 1, 60)
        warm, end = sink.wait("mesg", WARM, 60), sink.wait("mesg", WARM + DRAINED, 300)
        if end is None:
            raise workloads.Failure("the queue does not drain")
    return {FIRST: first - start, DRAIN: DRAINED / (end - warm)}


def relay_down(host, depth):
    """Everything is due and waits for one relay."""
    host.prepare(depth, "--domains", 1000)
    host.start()
    host.settle()
    _, times, _ = workloads.submit(host, workloads.message(2), SUBMITTED)
    figures = {SUBMIT: statistics.median(times)}
    took, _, _ = workloads.submit(host, workloads.message(2), 10 * SUBMITTED, jobs=8)
    figures[PARALLEL] = 10 * SUBMITTED / took
    host.settle()
    figures[IDLE] = idle_ms(host)
    return figures


def list_queue(host, depth):
    host.prepare(depth)
    host.start()
    host.settle()
    listing = subprocess.Popen(["chroot", host.root.path, "/usr/bin/mailq"], stdout=subprocess.PIPE)
    start = time.perf_counter()
    for _ in range(50):
        listing.stdout.readline()
    page = time.perf_counter() - start
    while os.read(listing.stdout.fileno(), 1 << 16):
        pass
    listing.wait()
    return {PAGE: page, LIST: time.perf_counter() - start}


def orders(host, depth):
    """What an administrator asks of a mailer whose relay is down."""
    host.prepare(depth, "--domains", 1000, "--state", "deferred", "--due-in", 3600)
    host.start()
    host.settle()
    figures = {PART: timed(lambda: host.root.run("outpost", "flush", "--to", "d7.example.net"))}
    host.settle()

    def flush():
        host.flush()
        return host.settle()

    figures[FLUSH], figures[FLUSH_SUBMIT] = submit_while(host, flush)

    def reload():
        host.parameters = {"relayhost": "[127.0.0.2]:25"}
        host.configure("backlog")
        host.root.run("outpost", "reload")
        return host.settle()

    figures[RELOAD], figures[RELOAD_SUBMIT] = submit_while(host, reload)
    figures[STOP] = timed(lambda: host.root.run("outpost", "stop"))
    return figures


def waiting(host, depth):
    """Everything has been tried, and has its time."""
    host.prepare(depth, "--state", "deferred", "--due-in", 3600, "--due-within", 3600)
    host.start()
    host.settle()
    return {WAITING: idle_ms(host)}


def expiry(host, depth):
    """All have reached the end of their lifetime when the mailer starts, and the relay is down."""
    host.prepare(depth, "--age", 6 * DAY)
    host.start()
    took, slowest = submit_while(host, host.settle)
    return {EXPIRE: took, EXPIRE_SUBMIT: slowest,
            EXPIRE_LEFT: (host.private / "queue.db").stat().st_size / 2**20}


def many_destinations(host, depth):
    """No relay, and no DNS: each domain is a destination of its own, and none can be reached."""
    host.prepare(depth, "--domains", max(1, depth // 20), relayhost="")
    host.start()
    took, slowest = submit_while(host, host.settle)
    return {SPREAD: took, SPREAD_SUBMIT: slowest, SPREAD_IDLE: idle_ms(host)}


COMPARED = (first_delivery_and_drain, relay_down, list_queue)
ALONE = (orders, waiting, expiry, many_destinations)


def measure(depth, idle_seconds=30):
    """({figure: {depth: number}}, [what went wrong]) of a queue of `depth` messages, and, where that is a measure, of
    an empty one."""
    values, failures = collections.defaultdict(dict), []
    for workload in COMPARED + ALONE:
        for size in (0, depth) if workload in COMPARED else (depth,):
            host = Host("outpost", idle_seconds)
            try:
                with host.watched():
                    numbers = workload(host, size)
                for figure, number in numbers.items():
                    values[figure][size] = number
                values[MEMORY][size] = max(values[MEMORY].get(size, 0), host.peak / 1024)
            except workloads.Failure as failure:
                failures.append(f"{workload.__name__}, {size} messages: {failure}")
            finally:
                host.root.kill()
            print(f"{workload.__name__}, {size} messages", file=sys.stderr, flush=True)
        shutil.rmtree(BASE / "fills", ignore_errors=True)
    return values, failures


def shown(number):
    if number is None:
        return "-"
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def table(values, depth):
    lines = [f"| | empty | {depth:,} messages | ratio | aim |", "|---|---|---|---|---|"]
    for figure, numbers in values.items():
        empty, deep = numbers.get(0), numbers.get(depth)
        ratio = f"{deep / empty:.2f}" if empty and deep is not None else "-"
        cells = [shown(number) for number in (empty, deep)]
        lines.append(f"| {figure.title.strip()} | {' | '.join(cells)} | {ratio} | {figure.aim} |")
    return "\n".join(lines)
