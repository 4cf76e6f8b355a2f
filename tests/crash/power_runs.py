"""Runs in a root for tests/crash/powercuts: records what drop, pickup and the runner write while mail passes; then, cut by
cut, lays the disk out as it may be afterwards, starts the mailer on it, and judges."""
import os
import random
import time

from disk import Disk
from interposed import Plan
from mailer import SPOOL, Mailer, Message, serve
from sink import Sink

_LARGE = 1_100_000
_BY_MAILDROP = (Message("drop-small", ["b"]), Message("drop-large", ["b"], size=_LARGE),
                Message("drop-more", ["b", "c"], taken=2),
                Message("drop-refused", ["refused-1"], taken=0, returned=1))
_BY_SOCKET = (Message("socket-small", ["b"]), Message("socket-refused", ["refused-2"], taken=0, returned=1),
              Message("socket-more", ["b"]))
_LOG_BYTES = 64 << 20


class Cuts:
    def __init__(self):
        self.sink = Sink()
        self.mailer = Mailer(self.sink)
        self.plan = Plan("/srv/interpose.plan", _LOG_BYTES)
        self.said = {}    # subject -> (place in the log when sendmail had said 0, queue id)
        self.arrivals = []  # (place in the log, "taken" or "returned", subject)
        self.sink.on_change = self.note_arrival

    def note_arrival(self, what, subject, copies):
        self.arrivals += [(self.plan.position(), what, subject)] * copies

    def prepare(self):
        """The recording; how many places there are to cut at."""
        self.mailer.run_once()  # makes the folders
        self.mailer.reset()
        self.group = (SPOOL / "maildrop").stat().st_gid
        self.arrivals.clear()
        self.plan.clear(is_logging=True)
        for message in _BY_MAILDROP:
            self.submit(message)
        assert self.mailer.start()
        for message in _BY_SOCKET:
            self.submit(message)
        expected = [*_BY_MAILDROP, *_BY_SOCKET]
        end = time.monotonic() + 30
        while not all(map(self.mailer.is_over, expected)) and time.monotonic() < end:
            time.sleep(0.01)
        assert self.mailer.stop(20) and not self.mailer.await_end()
        log = list(self.plan.log())
        self.plan.clear()
        self.arrived, self.arrivals = self.arrivals, []
        self.places, self.acts = [place for place, _ in log], [act for _, act in log]
        self.syncs = [number for number, act in enumerate(self.acts) if act.name == "sync"]
        return {"syncs": len(self.syncs), "acts": len(self.acts)}

    def submit(self, message):
        status, name, said = self.mailer.submit(message)
        assert status == 0, said
        self.said[message.subject] = (self.plan.position(), name)

    def run(self, request):
        """One cut after act number `at` (or before and after sync number `sync`)."""
        random.seed(request["seed"])
        if "sync" in request:
            at = self.syncs[request["sync"] % len(self.syncs)] + (1 if request["after"] else 0)
        else:
            at = request["act"] % len(self.acts)
        disk = Disk(SPOOL)
        for act in self.acts[:at]:
            disk.apply(act)
        self.mailer.reset()
        disk.write_after_cut(request["loss"], self.group)
        place = self.places[at - 1] if at else 0
        return self.judge(place)

    def judge(self, place):
        for _ in range(4):
            status = self.mailer.run_once()
            if status != 0 or not (self.mailer.waiting() or self.mailer.maildrop()):
                break
        before = [(what, subject) for when, what, subject in self.arrived if when <= place]
        promised = {subject for subject, (when, _) in self.said.items() if when <= place}
        problems, surplus = [] if status == 0 else [f"a queue run ended with {status}"], 0
        for message in (*_BY_MAILDROP, *_BY_SOCKET):
            for what, counter, expected in (("taken", self.sink.taken, message.taken),
                                            ("returned", self.sink.returned, message.returned)):
                count = counter[message.subject] + before.count((what, message.subject))
                if count < expected and message.subject in promised:
                    problems.append(f"{message.subject}: lost: {what} {count} times, not {expected}")
                if count > expected:
                    surplus += count - expected
                    doubt = (self.mailer.notices_in_doubt() if what == "returned"
                             else self.mailer.was_in_doubt(self.said[message.subject][1]))
                    if not doubt:
                        problems.append(f"{message.subject}: {what} {count} times, never in doubt")
        problems += self.mailer.cut_content([*_BY_MAILDROP, *_BY_SOCKET])
        set_aside = set(os.listdir(SPOOL / "corrupt")) & {self.said[subject][1] for subject in promised}
        problems += [f"corrupt/ has {name}" for name in set_aside]
        # The journal of the database's making may come back empty: SQLite looks at it and leaves it.
        problems += self.mailer.leftovers(unfinished_files=len(_BY_MAILDROP), tolerated=["queue.db-journal"])
        return {"problems": problems, "surplus": surplus, "promised": len(promised)}


if __name__ == "__main__":
    cuts = Cuts()
    serve(cuts.sink, {"prepare": cuts.prepare}, cuts.run)
