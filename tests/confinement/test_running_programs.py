"""What the running programs can do: each is made to try what it must not, while it waits for work.

Everything belongs to the user that they run as, so that nothing but the confinement is in the way."""

import socket
import subprocess
from pathlib import Path

import pytest

FORBIDDEN = "EACCES", "EPERM", "EAFNOSUPPORT"


@pytest.fixture(scope="session")
def attempt(request, build):
    """attempt(pid, "open", path): what the kernel answers to that process: "ok", "EACCES", ..."""

    def make(pid, *what):
        tool = Path(request.config.getoption("--build")) / "tests" / "attempt"
        done = subprocess.run([tool, str(pid), *map(str, what)], capture_output=True, text=True, timeout=30)
        if done.returncode == 77:
            pytest.skip(done.stderr.strip())
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return make


def _status(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def _pids(mailer, part):
    if part == "pickup":
        return mailer.processes("outpost-pickup")
    if part == "runner":
        runners = mailer.processes("outpost-queue-runner")
        return [pid for pid in runners if _status(pid)["Name"] != "outpost-spawner"]
    clients = mailer.processes("outpost-smtp")
    children = [pid for pid in clients if int(_status(pid)["PPid"]) in clients]
    return children if part == "connection" else [pid for pid in clients if pid not in children]


def _one(mailer, part):
    if part == "connection":  # an idle one ends after five seconds
        queue_id = mailer.submit("a@example.org", message=b"Subject: again\n\nagain\n")
        mailer.wait_for_log(f"{queue_id}: removed")
    pids = _pids(mailer, part)
    assert len(pids) == 1, f"{part}: {pids}; the log:\n{mailer.log()}"
    return pids[0]


PARTS = "pickup", "runner", "parent", "connection"


@pytest.mark.parametrize("part", PARTS)
def test_process_has_no_privileges(mailer, part):
    status = _status(_one(mailer, part))
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert set(status["Uid"].split()) == {str(mailer.uid)}
    assert status["Groups"].split() in ([], [str(mailer.uid)])
    if status["Seccomp"] == "0":
        pytest.skip("this kernel has no seccomp")
    assert status["Seccomp"] == "2"


@pytest.mark.parametrize(
    "part, file",
    [
        ("pickup", "etc/auth_passwd"),
        ("pickup", "spool/private/queue.db"),
        ("connection", "etc/auth_passwd"),
        ("connection", "spool/private/queue.db"),
        ("connection", "spool/maildrop"),
        ("connection", "etc/main.cf"),
        ("parent", "spool/private/queue.db"),
    ],
)
def test_process_cannot_open(mailer, attempt, part, file):
    path = mailer.directory / file
    assert path.exists() and path.stat().st_uid == mailer.uid
    assert attempt(_one(mailer, part), "open", path) == "EACCES"


@pytest.mark.parametrize("part, file", [("pickup", "spool/maildrop"), ("runner", "spool/private/queue.db")])
def test_process_can_open_what_is_its_own(mailer, attempt, part, file):
    """So that the other tests fail for the confinement and not for want of a stopped process."""
    assert attempt(_one(mailer, part), "open", mailer.directory / file) == "ok"


@pytest.mark.parametrize("part", ["pickup", "runner", "connection"])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["inet", "inet6"])
def test_process_makes_no_network_socket(mailer, attempt, part, family):
    assert attempt(_one(mailer, part), "socket", int(family)) in FORBIDDEN


@pytest.mark.parametrize("part", ["pickup", "connection"])
def test_process_reaches_no_socket_of_a_local_service(mailer, attempt, part):
    """public/control would take it for the mail owner, who may list everybody's mail and stop the mailer."""
    assert attempt(_one(mailer, part), "socket", int(socket.AF_UNIX)) in FORBIDDEN


@pytest.mark.parametrize("part", ["pickup", "runner", "connection"])
def test_process_signals_no_other(mailer, attempt, part):
    for other in PARTS:
        if other != part:
            assert attempt(_one(mailer, part), "signal", _one(mailer, other)) == "EPERM"


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("file", ["etc/auth_passwd", "spool/private", "spool/private/queue.db"])
def test_process_opens_no_file_to_others(mailer, attempt, part, file):
    path = mailer.directory / file
    assert path.stat().st_uid == mailer.uid
    assert attempt(_one(mailer, part), "chmod", path) == "EPERM"


def test_a_connection_makes_no_second_one(mailer, attempt):
    assert attempt(_one(mailer, "connection"), "connect") == "EPERM"
    assert attempt(_one(mailer, "connection"), "socket", int(socket.AF_UNIX)) == "EPERM"


@pytest.mark.parametrize("part", PARTS)
def test_process_executes_nothing(mailer, attempt, part):
    assert attempt(_one(mailer, part), "exec", "/nothing/there") == "EPERM", "ENOENT would be the kernel's own answer"


@pytest.mark.parametrize("part", ["pickup", "runner", "connection"])
def test_process_does_not_fork(mailer, attempt, part):
    assert attempt(_one(mailer, part), "fork") == "EPERM", "EINVAL would be the kernel's own answer"


def test_all_still_work_afterwards(mailer):
    queue_id = mailer.submit("a@example.org", message=b"Subject: two\n\ntwo\n")
    mailer.wait_for_log(rf"{queue_id}: .*status=sent")
