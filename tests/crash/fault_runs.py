"""Runs in a root for tests/crash/faults: one fault a run. A line of JSON names it, a line of JSON says what came of it."""
import subprocess
import time

from interposed import Plan
from mailer import SPOOL, Mailer, Message, serve
from sink import Sink

_LARGE = 1_100_000  # more than a chunk, and than sendmail, pickup and the runner keep in memory
_BY_MAILDROP = (
    Message("drop-small", ["b"]),
    Message("drop-large", ["b"], size=_LARGE),
    Message("drop-refused", ["refused-1"], taken=0, returned=1),
    Message("drop-two", ["b", "refused-2"], returned=1),
    Message("drop-later", ["later-1", "refused-5"], returned=1, is_late=True),
    Message("drop-cut", ["cut-1"], is_late=True),
    Message("drop-dead", ["refused-3"], sender="<>", taken=0, dead=1),
)
_BY_SOCKET = (
    Message("socket-small", ["b"]),
    Message("socket-large", ["b"], size=_LARGE),
    Message("socket-refused", ["refused-4"], taken=0, returned=1),
    Message("socket-later", ["later-2", "b"], taken=2, is_late=True),
)
_DROPPED = (Message("dropped", ["b"], size=_LARGE), Message("dropped-small", ["b"]))
_JUNK = {"junk": (b"no record\n", 12345, 0, 0o740)}
_QUIET = 0.25  # nothing has arrived for so long: nothing will
_LINGER = 1.4  # after the last change the runner tidies


class Runs:
    def __init__(self):
        self.sink = Sink()
        self.mailer = Mailer(self.sink)
        self.plan = Plan("/srv/interpose.plan")
        self.last_change = 0.0
        self.sink.on_change = self.note_change

    def note_change(self, *_):
        self.last_change = time.monotonic()

    def prepare(self):
        """Files as `drop` leaves them, to begin each run with."""
        self.mailer.run_once()  # makes what is missing
        self.mailer.reset()
        self.ids = {}
        for message in _BY_MAILDROP:
            status, self.ids[message.subject], said = self.mailer.submit(message)
            assert status == 0, said
        self.files = {**self.mailer.maildrop(), **_JUNK}
        return {}

    def run(self, request):
        self.mailer.reset()
        self.plan.clear()
        if "fault" in request:
            self.plan.arm(request["program"], request["kind"], request["at"], request["fault"])
        try:
            return (self.run_drop if request["scenario"] == "drop" else self.run_queue)(request)
        except subprocess.TimeoutExpired as hung:
            self.mailer.await_end()
            return {"problems": [str(hung)], "hits": self.plan.hits, "surplus": 0, "accepted": 0, "refused": []}

    def run_drop(self, request):
        """Nobody listens: each submission is a file of drop's."""
        results = [(message, self.mailer.submit(message)) for message in _DROPPED]
        return self.finish(request, results, {}, [])

    def run_queue(self, request):
        """A runner that finds a full maildrop; then submissions by the socket, until the runner is stopped."""
        self.mailer.put_into_maildrop(self.files)
        has_started = self.mailer.start()
        results = [(message, self.mailer.submit(message)) for message in _BY_SOCKET]
        accepted = [*_BY_MAILDROP, *(message for message, result in results if result[0] == 0)]
        problems = []
        if has_started:
            self.wait_until_quiet([one for one in accepted if not one.is_late], request.get("patience", _QUIET))
            if request.get("linger"):
                time.sleep(_LINGER)
            lives = self.mailer.runner.poll() is None
            if lives and request.get("patience"):
                # What it could not take from the maildrop stays there for a minute.
                left = self.mailer.maildrop()
                problems += [f"{one.subject}: not there, though the runner lives" for one in accepted
                             if not one.is_late and not self.mailer.is_over(one) and self.ids.get(one.subject) not in left]
            if not self.mailer.stop(10 if request.get("patience") else 1) and request.get("patience"):
                problems.append("the runner did not stop")
        else:
            self.mailer.runner.wait(timeout=30)
        return self.finish(request, results, self.ids, problems, _BY_MAILDROP)

    def wait_until_quiet(self, expected, patience):
        self.note_change()
        while self.mailer.runner.poll() is None and time.monotonic() < self.last_change + patience:
            if all(map(self.mailer.is_over, expected)):
                return
            time.sleep(0.003)

    def finish(self, request, results, ids, problems, accepted=()):
        hung = self.mailer.await_end()
        answer = {"hits": self.plan.hits,
                  "counts": {name: self.plan.counts(name) for name in ("drop", "pickup", "queue-runner", "sendmail")}}
        ids = {**ids, **{message.subject: name for message, (_, name, _) in results if name}}
        if request.get("fault") == "kill":
            subjects = {name: subject for subject, name in ids.items()}
            answer["states"] = {subjects.get(name, "notice"): state for name, state in self.mailer.states().items()}
        self.plan.disarm()
        accepted = [*accepted, *(message for message, (status, _, _) in results if status == 0)]
        # A process that was killed has refused nothing.
        may_arrive = request.get("fault") == "kill" and request["program"] in ("drop", "sendmail")
        refused = [] if may_arrive else [message for message, (status, _, _) in results if status != 0]
        problems += [f"{name} hung" for name in hung] + self.mailer.drain(accepted)
        if request["scenario"] == "queue":
            problems += self.check_junk()
        judged, surplus = self.mailer.judge(accepted, refused, ids, unfinished_files=int(may_arrive))
        answer.update(problems=problems + judged, surplus=surplus, accepted=len(accepted),
                      refused=[said for _, (status, _, said) in results if status != 0])
        return answer

    def check_junk(self):
        names = sorted(path.name for path in (SPOOL / "corrupt").iterdir())
        return [] if names == ["junk"] else [f"corrupt/ has {names}"]


if __name__ == "__main__":
    runs = Runs()
    serve(runs.sink, {"prepare": runs.prepare}, runs.run)
