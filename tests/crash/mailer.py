"""The mailer as the campaign uses it, from inside its root: messages with a known end each, a queue that is made anew for
each run, what is on disk when nobody runs, and whether every message came to its end."""
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

SPOOL = Path("/var/spool/outpost")
RUNNER = "/usr/libexec/outpost/outpost-queue-runner"
USER = 12345
PATIENCE = 30

# Its subject, its recipients' local parts (sink.py), its sender, bytes; and its ends: copies taken, notices to its sender,
# recipients that stay dead; and whether all this needs a second attempt.
Message = namedtuple("Message", "subject recipients sender size taken returned dead is_late",
                     defaults=("a@example.org", 100, 1, 0, 0, False))

_LINE = "0123456789abcde\n"
_ID = re.compile(r"\b[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{17}\b")
_STATES = """
SELECT message.id, message.state, recipient.number, recipient.state, recipient.attempts
  FROM message LEFT JOIN recipient ON recipient.message = message.key"""


def serve(sink, orders, run):
    """What host.Worker asks for, until it asks for nothing more: a word of `orders`, or a run."""
    Path("/srv/port").write_text(str(sink.port))
    for line in sys.stdin:
        request = json.loads(line)
        answer = orders[request]() if isinstance(request, str) else run(request)
        print(json.dumps(answer), flush=True)


class Mailer:
    def __init__(self, sink):
        self.sink = sink
        self.runner = None

    # -- what runs
    def submit(self, message):
        """(exit status, queue id or None, what it said)"""
        lines = f"Subject: {message.subject}\n\n" + _LINE * (message.size // len(_LINE))
        to = [f"{name}@example.net" for name in message.recipients]
        done = subprocess.run(["/usr/sbin/sendmail", "-v", "-i", "-f", message.sender, *to], input=lines.encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE * 3, user=USER, group=USER,
                              extra_groups=[])
        said = done.stdout.decode(errors="replace")
        found = _ID.search(said)
        return done.returncode, found and found.group(), said.strip()

    def start(self):
        """True once it answers, or has lost its voice and runs; False when it ended before."""
        reading, writing = os.pipe()
        self.runner = subprocess.Popen([RUNNER, "--notify", str(writing)], pass_fds=[writing],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            word = pipe.read().strip()
        if word == b"":
            try:
                self.runner.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                return True
        return word == b"ready"

    def stop(self, patience):
        """True when it ended by itself, or by SIGTERM in time."""
        self.runner.send_signal(signal.SIGTERM)
        try:
            self.runner.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            self.runner.kill()
            self.runner.wait()
            return False
        return True

    def run_once(self):
        """A queue run in the foreground; its exit status."""
        return subprocess.run([RUNNER, "--once"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=PATIENCE * 2).returncode

    def processes(self):
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                name = Path(f"/proc/{entry}/comm").read_text().strip()
                state = Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue  # gone meanwhile
            if (name.startswith("outpost-") or name == "sendmail") and state != "Z":
                found.append((int(entry), name))
        return found

    def await_end(self):
        """Names of those that still run after a while; they are killed."""
        end = time.monotonic() + PATIENCE
        while (left := self.processes()) and time.monotonic() < end:
            time.sleep(0.005)
        for pid, _ in left:
            os.kill(pid, signal.SIGKILL)
        return [name for _, name in left]

    # -- the disk
    def reset(self):
        """An empty queue, and a sink that knows nothing."""
        for folder in ("maildrop", "corrupt", "private"):
            for path in (SPOOL / folder).iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.sink.forget()

    def maildrop(self):
        """{id: (bytes, owner, group, mode)} of the files that are marked whole."""
        found = {}
        for path in (SPOOL / "maildrop").iterdir():
            facts = path.stat()
            if facts.st_mode & 0o100:
                found[path.name] = (path.read_bytes(), facts.st_uid, facts.st_gid, facts.st_mode & 0o7777)
        return found

    def put_into_maildrop(self, files):
        for name, (content, owner, group, mode) in files.items():
            path = SPOOL / "maildrop" / name
            path.write_bytes(content)
            os.chown(path, owner, group)
            path.chmod(mode)

    def read_queue(self, query, *values):
        """Rows of a copy of the database as it lies there; none when there is no table yet."""
        copy = Path("/srv/copy")
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for path in (SPOOL / "private").glob("queue.db*"):
            shutil.copy(path, copy)
        if not (copy / "queue.db").exists():
            return []
        database = sqlite3.connect(copy / "queue.db")
        try:
            return database.execute(query, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        finally:
            database.close()

    def states(self):
        """{queue id: (state of the message, [(recipient's state, attempts)...])}"""
        found = {}
        for name, state, number, recipient, attempts in self.read_queue(_STATES):
            entry = found.setdefault(name, (state, []))
            if number is not None:
                entry[1].append((recipient, attempts))
        return found

    # -- the end
    def is_over(self, message):
        return (self.sink.taken[message.subject] >= message.taken
                and self.sink.returned[message.subject] >= message.returned)

    def drain(self, accepted):
        """Queue runs until each of `accepted` has come to its end; what was wrong with that."""
        problems = []
        for _ in range(6):
            status = self.run_once()
            if status != 0:
                problems.append(f"a queue run ended with {status}")
            if all(map(self.is_over, accepted)) and not self.waiting():
                break
        return problems

    def waiting(self):
        """Queue ids of what is neither finished nor dead."""
        return [name for name, (state, recipients) in self.states().items()
                if state != "gone" and any(one not in ("sent", "returned", "dead") for one, _ in recipients)]

    def judge(self, accepted, refused, ids, unfinished_files=0):
        """What is wrong now that all has come to its end, as sentences; and how many copies were too many, yet allowed."""
        problems, surplus = self.cut_content([*accepted, *refused]), 0
        notices_in_doubt = self.notices_in_doubt()
        for message in accepted:
            for what, counter, expected in (("taken", self.sink.taken, message.taken),
                                            ("returned", self.sink.returned, message.returned)):
                count = counter[message.subject]
                if count < expected:
                    problems.append(f"{message.subject}: lost: {what} {count} times, not {expected}")
                elif count > expected and (notices_in_doubt if what == "returned" else
                                           self.was_in_doubt(ids.get(message.subject))):
                    surplus += count - expected
                elif count > expected:
                    problems.append(f"{message.subject}: {what} {count} times, never in doubt")
        for message in refused:
            if self.sink.taken[message.subject] or self.sink.returned[message.subject]:
                problems.append(f"{message.subject}: arrived although sendmail refused it")
        dead = sum(one == "dead" for _, recipients in self.states().values() for one, _ in recipients)
        if dead != sum(message.dead for message in accepted):
            problems.append(f"{dead} recipients are dead")
        if waiting := self.waiting():
            problems.append(f"still waiting: {waiting}")
        return problems + self.leftovers(unfinished_files), surplus

    def cut_content(self, messages):
        """Messages that came otherwise than they were sent."""
        problems = []
        for message in messages:
            length = message.size // len(_LINE) * (len(_LINE) + 1)  # line ends are two bytes on the wire
            if self.sink.bodies.get(message.subject, {length}) != {length}:
                problems.append(f"{message.subject}: bodies of {self.sink.bodies[message.subject]} bytes, not {length}")
        return problems

    def was_in_doubt(self, queue_id):
        rows = self.read_queue("SELECT count(*) FROM event WHERE kind = 'in doubt' AND (id = ? OR ? IS NULL)", queue_id,
                               queue_id)
        return bool(rows and rows[0][0])

    def notices_in_doubt(self):
        return self.read_queue("SELECT 1 FROM event JOIN history USING (id) WHERE kind = 'in doubt' AND sender = ''")

    def leftovers(self, unfinished_files, tolerated=()):
        problems = [f"private/tmp has {name}" for name in os.listdir(SPOOL / "private/tmp")]
        left = list((SPOOL / "maildrop").iterdir())
        if len(left) > unfinished_files or any(path.stat().st_mode & 0o100 for path in left):
            problems.append(f"maildrop has {[path.name for path in left]}")
        known = {"queue.db", "runner.lock", "agents.lock", "tmp", *tolerated}
        problems += [f"private has {name}" for name in sorted(set(os.listdir(SPOOL / "private")) - known)]
        return problems
