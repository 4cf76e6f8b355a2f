"""The host runs out of what the mailer needs: its file system turns read-only, there are no descriptors and no processes
to be had, its processes are killed as by the kernel that has no memory left.

Expect: what cannot be taken is for later, nothing is lost, no processor is burned; when there is enough again, all goes on
without an administrator, or where a process has ended, with the next start.
"""
import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from harness.installed import ALICE
from harness.wait import wait_for

SPOOL = "/var/spool/outpost"
PROGRAMS = ("outpost-queue-runner", "outpost-spawner", "outpost-pickup", "outpost-smtp")


def submit(host, text, check=True):
    return host.run_as(ALICE, "sendmail", "bob@example.net", input=f"Subject: {text}\n\n".encode(), check=check)


def pid_of(host, program):
    [pid] = host.pids(f"outpost-{program}")
    return pid


def cpu_seconds(pid):
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


# --- a file system that turns read-only


@pytest.fixture
def failing_disk(host, build, tmp_path):
    """Its spool is on a file system of its own: what a disk's error makes of it is done by hand."""
    image = tmp_path / "spool.img"
    with open(image, "wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    mounted = host.root.run("mount", "-o", "loop", image, SPOOL, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no file system in a file to be had: {mounted.stdout}")
    host.install(build)
    host.root.run("outpost", "start")
    yield image
    host.root.run("outpost", "stop", check=False)
    host.root.run("umount", SPOOL, check=False)


def test_disk_that_turns_read_only_loses_nothing(host, failing_disk):
    submit(host, "the first of all")
    host.server.wait("the first of all")
    wait_for(lambda: ": removed" in host.log(), "the first message's end", detail=host.log)
    runner = pid_of(host, "queue-runner")
    host.server.at["MAIL"] = lambda session: b"451 4.3.0 not now\r\n"
    submit(host, "accepted before")
    wait_for(lambda: "status=deferred" in host.log(), "a first try", detail=host.log)
    host.root.run("mount", "-o", "remount,abort", SPOOL)
    assert submit(host, "does not fit", check=False).returncode == os.EX_TEMPFAIL
    wait_for(lambda: "cannot change the queue" in host.log(), "the runner's complaint", detail=host.log)
    assert pid_of(host, "queue-runner") == runner, "it goes on"
    assert "refused for now" in host.root.run("outpost", "status").stdout
    assert host.log().count("cannot change the queue") == 1

    del host.server.at["MAIL"]
    host.root.run("outpost", "stop", check=False)
    wait_for(lambda: not any(map(host.pids, PROGRAMS)), "the mailer's end", detail=host.log)
    host.root.run("umount", SPOOL)
    subprocess.run(["e2fsck", "-fy", failing_disk], stdout=subprocess.DEVNULL, check=False)
    host.root.run("mount", "-o", "loop", failing_disk, SPOOL)
    host.root.run("outpost", "start")
    host.server.wait("accepted before")
    submit(host, "after the repair")
    host.server.wait("after the repair")
    assert len(host.server.containing("accepted before")) == 1
    assert host.server.containing("does not fit") == []


# --- no descriptors, no processes


def start_with(host, *limits):
    host.root.append("/etc/outpost/main.cf", "transport_retry_time = 1s\nsubmit_timeout = 3600s\n")
    host.root.run(*(("prlimit", *limits) if limits else ()), "outpost", "start")
    submit(host, "the first of all")
    host.server.wait("the first of all")


@pytest.mark.parametrize("program, socket_name", [("queue-runner", "control"), ("pickup", "submit")])
def test_mailer_without_descriptors_waits_for_them(host, program, socket_name):
    start_with(host, "--nofile=40:40")
    pid = pid_of(host, program)
    callers = []
    for _ in range(60):
        caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        caller.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            caller.connect(str(host.root.file(f"{SPOOL}/public/{socket_name}")))
        callers.append(caller)
    wait_for(lambda: len(os.listdir(f"/proc/{pid}/fd")) >= 39, "the last descriptor",
             detail=lambda: os.listdir(f"/proc/{pid}/fd"))
    used = cpu_seconds(pid)
    time.sleep(1)  # in which a process that asks again and again would use all of it
    assert cpu_seconds(pid) - used < 0.5
    with host.spawn_as(ALICE, "sendmail", "bob@example.net", stdin=subprocess.PIPE) as submission:
        submission.stdin.write(b"Subject: submitted meanwhile\n\n")
        submission.stdin.close()
        time.sleep(0.5)
        for caller in callers:
            caller.close()
            time.sleep(0.02)  # each place that comes free is taken at once, by the next of them
    taken = submission.returncode
    assert taken in (0, os.EX_TEMPFAIL)
    submit(host, "submitted afterwards")
    host.server.wait("submitted afterwards")
    if taken == 0:
        host.server.wait("submitted meanwhile")
    assert len(host.server.containing("submitted meanwhile")) == (1 if taken == 0 else 0)
    assert pid_of(host, program) == pid
    assert host.log().count("Too many open files") < 5


def test_mail_waits_for_a_process_to_be_had(host):
    start_with(host, "--nproc=6:6")
    sleepers = [host.root.spawn("setpriv", "--reuid=outpost", "--clear-groups", "sleep", "600") for _ in range(6)]
    wait_for(lambda: len(host.pids("sleep")) == 6, "as many processes of the same user")
    host.kill("outpost-smtp")
    submit(host, "submitted meanwhile")
    wait_for(lambda: "Resource temporarily unavailable" in host.log(), "a word on it", detail=host.log)
    assert host.server.containing("submitted meanwhile") == []
    for sleeper in sleepers:
        sleeper.kill()
        sleeper.wait()
    host.kill("sleep")
    host.server.wait("submitted meanwhile")
    assert len(host.server.containing("submitted meanwhile")) == 1


# --- processes that are killed


@pytest.fixture
def mailer(host):
    start_with(host)
    wait_for(lambda: ": removed" in host.log(), "the first message's end", detail=host.log)
    return host


@pytest.mark.parametrize("victim", [name.removeprefix("outpost-") for name in PROGRAMS])
def test_process_that_is_killed_loses_nothing(mailer, victim):
    pid = mailer.pids(f"outpost-{victim}")[0]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: pid not in mailer.pids(f"outpost-{victim}"), f"the end of {victim}")
    submit(mailer, "submitted meanwhile")  # where nobody answers, to the maildrop
    if victim in ("queue-runner", "spawner"):
        wait_for(lambda: not any(map(mailer.pids, PROGRAMS)), "the end of the others", detail=mailer.log)
        mailer.root.run("outpost", "start")
    mailer.server.wait("submitted meanwhile")
    submit(mailer, "submitted afterwards")
    mailer.server.wait("submitted afterwards")
    assert len(mailer.server.containing("submitted meanwhile")) == 1
