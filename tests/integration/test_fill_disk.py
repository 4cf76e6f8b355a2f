"""The queue's file system, a small one, is filled to its last byte while a message is with the relay; then it is freed.

Expect: the mailer goes on running; sendmail says "later" and nothing of its message is kept; the relay's 250 is recorded
when there is room again, and the message is not sent twice.
"""
import errno
import os
import threading

import pytest

from harness.installed import ALICE
from harness.wait import wait_for

SPOOL = "/var/spool/outpost"


class SmallDisk:
    def __init__(self, host):
        self.host = host
        self._filler = host.root.file(f"{SPOOL}/filler")

    def fill(self):
        with open(self._filler, "ab", buffering=0) as filler:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        filler.write(b"x" * size)
                except OSError as error:
                    assert error.errno == errno.ENOSPC

    def free(self):
        self._filler.unlink()


@pytest.fixture
def disk(host, build):
    host.root.run("mount", "-t", "tmpfs", "-o", "size=64m,mode=0755", "tmpfs", SPOOL)
    host.install(build)
    host.root.run("outpost", "start")
    return SmallDisk(host)


def submit(host, text, check=True):
    return host.run_as(ALICE, "sendmail", "bob@example.net", input=f"Subject: {text}\n\n".encode(), check=check)


def hold_at_dot(host):
    """The relay's answer to a content waits: two events, that it has come and that it may be answered."""
    at_dot, may_answer = threading.Event(), threading.Event()

    def answer_late(session):
        at_dot.set()
        may_answer.wait(60)

    host.server.at["DOT"] = answer_late
    return at_dot, may_answer


def test_verdict_is_recorded_once_there_is_room(host, disk):
    at_dot, may_answer = hold_at_dot(host)
    submit(host, "before it was full")
    assert at_dot.wait(30)
    disk.fill()
    may_answer.set()
    host.server.wait("before it was full")
    wait_for(lambda: "cannot change the queue" in host.log(), "the runner's complaint", detail=host.log)
    assert "refused for now" in host.root.run("outpost", "status").stdout
    disk.free()
    host.server.wait("the queue could not be changed")  # what the administrator is told, over the same relay
    wait_for(lambda: host.log().count(": removed") == 2, "the verdict's commit, and the notice's", detail=host.log)
    assert "in doubt" not in host.log()
    assert host.log().count("cannot change the queue") == 1 and host.log().count("takes changes again") == 1
    assert "queue is empty" in host.root.run("outpost", "queue", "list").stdout
    submit(host, "when there was room")
    host.server.wait("when there was room")
    assert len(host.server.containing("before it was full")) == 1


def test_queue_drains_on_a_full_disk_in_the_space_that_it_has(host, disk):
    for n in range(20):
        submit(host, f"before, number {n}.")
    host.server.wait("before, number", count=20)
    host.root.run("outpost", "stop")
    host.root.run("outpost", "start")
    at_dot, may_answer = hold_at_dot(host)
    submit(host, "the last one")
    assert at_dot.wait(30)
    disk.fill()
    may_answer.set()
    wait_for(lambda: host.log().count(": removed") == 21, "the verdict's commit", detail=host.log)
    assert "cannot change the queue" in host.log()


@pytest.mark.parametrize("size", [100, 3_000_000], ids=["small", "large"])
@pytest.mark.parametrize("running", [True, False], ids=["socket", "maildrop"])
def test_submission_to_a_full_disk_is_for_later(host, disk, running, size):
    submit(host, "the first of all")
    host.server.wait("the first of all")
    if not running:
        host.root.run("outpost", "stop")
    disk.fill()
    done = submit(host, "does not fit " + "x" * size, check=False)
    assert done.returncode == os.EX_TEMPFAIL, done.stdout
    assert list(host.root.file(f"{SPOOL}/maildrop").iterdir()) == []
    disk.free()
    if not running:
        host.root.run("outpost", "start")
    submit(host, "fits again")
    host.server.wait("fits again")
    assert host.server.containing("does not fit") == []
    assert "does not fit" not in host.root.run("outpost", "queue", "list").stdout


def test_runner_does_not_start_on_a_full_disk_and_harms_nothing(host, disk):
    host.server.at["MAIL"] = lambda session: b"451 4.3.0 later\r\n"
    submit(host, "waits over the restart")
    wait_for(lambda: "451" in host.log(), "a deferral", detail=host.log)
    host.kill("outpost-queue-runner")
    disk.fill()
    host.root.run("outpost", "start", check=False)
    disk.free()
    host.root.run("outpost", "start")
    del host.server.at["MAIL"]
    host.root.run("outpost", "flush")
    host.server.wait("waits over the restart")
