"""Users of the host who mean outpost ill, or know no better -> public/submit, the maildrop, sendmail.

Expect: nobody else's mail waits, is lost or is changed; what is refused has its sysexits code; nothing of a control
character reaches the log or the relay.
"""
import array
import os
import resource
import signal
import socket
import time

import pytest

from harness.installed import ALICE
from harness.wait import wait_for

OTHER, ANOTHER = 54321, 54322
_ALPHABET = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"


def queue_id(number):
    value, text = (int(time.time() * 1e6) << 40) + number, ""
    for _ in range(17):
        value, digit = divmod(value, 52)
        text = _ALPHABET[digit] + text
    return text


def record(number, message=b"Subject: x\n\n", more=b"recipient=bob@example.net\n", token="0" * 32):
    return (f"outpost-record 1 {queue_id(number)}\ntoken={token}\ntime={int(time.time() * 1e6):019}\n"
            f"size={len(message):019}\nsender=ana@example.org\n").encode() + more + b"\n" + message


def connect(outpost):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(str(outpost.spool / "public" / "submit"))
    return connection


def submit(outpost, data):
    with connect(outpost) as connection:
        try:
            connection.sendall(data)
        except BrokenPipeError:
            pass  # it has heard enough
        answer = b""
        while not answer.endswith(b"\n"):
            got = connection.recv(1024)
            if not got:
                break
            answer += got
        return answer


def submit_as(outpost, uid, data):
    """The same from a process of this user."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgid(uid)
        os.setuid(uid)
        os.write(writer, submit(outpost, data))
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        return answer.read()


def hold_as(outpost, uid, count):
    """So many connections of this user, each with a part of a record; the process that holds them."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgid(uid)
        os.setuid(uid)
        held = [connect(outpost) for _ in range(count)]
        for connection in held:
            connection.send(record(uid)[:100])
        os.write(writer, b"held")
        signal.pause()
        os._exit(len(held))
    os.close(writer)
    with os.fdopen(reader, "rb") as ready:
        ready.read(4)
    return child


def descriptors(outpost):
    [pickup] = outpost.processes("outpost-pickup")
    return len(os.listdir(f"/proc/{pickup}/fd"))


@pytest.mark.core
def test_one_users_connections_keep_nobody_else_waiting(plain, relays):
    outpost = plain(relays.scripted()).start()
    held = [connect(outpost) for _ in range(200)]
    for number, connection in enumerate(held):
        try:
            connection.send(record(number)[:number])
        except BrokenPipeError:
            pass  # one too many
    before = time.monotonic()
    outpost.submit("bob@example.net", uid=OTHER)
    assert time.monotonic() - before < 5
    assert outpost.log().count("submit_connection_limit") == 1
    for connection in held:
        connection.close()


def test_user_without_a_name_has_an_address_by_number(plain, relays):
    """Services with a uid of their own for each start, and containers."""
    server = relays.scripted()
    outpost = plain(server).start()
    outpost.submit("bob@example.net", message=b"Subject: nameless\n\n", uid=OTHER)
    transaction = server.wait("Subject: nameless")
    assert transaction.sender == f"uid-{OTHER}@example.org"
    assert f"\r\nFrom: uid-{OTHER}@example.org\r\n".encode() in transaction.content


@pytest.mark.core
def test_users_who_hold_all_places_together_leave_one_to_another(plain, relays):
    """Five users with 50 idle connections each had all 250: everybody else's sendmail took the maildrop after 40 s."""
    outpost = plain(relays.scripted()).start()
    assert submit(outpost, record(0)).startswith(b"queued ")
    holders = [hold_as(outpost, 60001 + number, 50) for number in range(5)]
    try:
        for number in range(1, 6):
            before = time.monotonic()
            answer = submit_as(outpost, 60100 + number, record(number, token=f"{number:032}"))
            assert answer.startswith(b"queued ") and time.monotonic() - before < 5
    finally:
        for holder in holders:
            os.kill(holder, signal.SIGKILL)
            os.waitpid(holder, 0)


@pytest.mark.parametrize("running", [False, True], ids=["maildrop", "socket"])
def test_surplus_of_a_job_that_runs_away_is_held_and_told_of_once(plain, relays, running):
    server = relays.scripted()
    outpost = plain(server)
    outpost.configure(submit_rate_limit=4, submit_rate_time_unit="1h")
    user = OTHER if running else outpost.uid  # whose maildrop it is
    if running:
        outpost.start()
    for number in range(10):
        outpost.sendmail("bob@example.net", message=f"Subject: job {number}\n\n".encode(), uid=user)
    if not running:
        outpost.start()
    server.wait("Subject: job", count=4)
    outpost.sendmail("bob@example.net", message=b"Subject: of another\n\n", uid=ANOTHER)
    server.wait("of another")
    outpost.wait_for_log(f"uid {user}: further messages are held")
    assert outpost.command("queue", "list").count("submit_rate_limit") == 6
    assert f"uid {user}: 6 messages are held" in outpost.command("status")
    server.wait(f"mail of uid {user} is held")
    outpost.stop()
    outpost.configure(submit_rate_limit=0)
    outpost.start()
    outpost.wait_until_empty()
    assert len(server.containing("Subject: job")) == 10
    assert len(server.containing(f"mail of uid {user} is held")) == 1


def test_share_of_the_queue_keeps_a_user_from_filling_it(plain, relays):
    server = relays.scripted()
    outpost = plain(server)
    outpost.configure(queue_share_limit=3)
    for number in range(20):
        outpost.sendmail("bob@example.net", message=f"Subject: job {number}\n\n".encode())
    outpost.start()
    outpost.wait_until_empty()
    assert len(server.containing("Subject: job")) == 20
    assert "(queue_share_limit)" in outpost.log()
    assert f"uid {outpost.uid}: nothing is held any more" in outpost.log()


def test_descriptors_that_are_sent_along_are_not_kept(plain, relays):
    outpost = plain(relays.scripted()).start()
    assert submit(outpost, record(0)).startswith(b"queued ")
    before = descriptors(outpost)
    with connect(outpost) as connection, open("/dev/null", "rb") as null:
        data = record(1, token="1" * 32)
        many = array.array("i", [null.fileno()] * 100)
        connection.sendmsg([data[:10]], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, many)])
        connection.sendall(data[10:])
        assert connection.recv(1024).startswith(b"queued ")
        assert descriptors(outpost) <= before + 1, "this connection, if it is not closed yet"


def test_token_of_another_user_hides_nothing(plain, relays):
    server = relays.scripted()
    outpost = plain(server).start()
    same = record(1, b"Subject: whose token\n\n")
    first, second = submit_as(outpost, OTHER, same), submit_as(outpost, ANOTHER, same)
    assert first.startswith(b"queued ") and second.startswith(b"queued ") and first != second
    assert submit_as(outpost, OTHER, same) == first, "asked again by the same user"
    assert len(server.wait("whose token", count=2)) == 2


@pytest.mark.parametrize("bad, answer", [
    (record(1, more=b"recipient=a\n" * 1_000_001), b"refused 65 "),
    (record(1, more=b"sender=b\nrecipient=a\n"), b"refused 65 "),
    (record(1, more=b"full_name=a%0Ab\nrecipient=a\n"), b"refused 65 "),
    (record(1, b"X: " + b"x" * 100_000_000 + b"\n"), b"refused 69 "),
    (b"\0" * 10_000_000, b"refused 65 "),
], ids=["a million recipients", "an attribute twice", "a line break in a value", "a header of 100 MB", "NULs"])
def test_bad_record_is_refused_and_the_next_one_taken(plain, relays, bad, answer):
    outpost = plain(relays.scripted()).start()
    assert submit(outpost, record(0)).startswith(b"queued ")
    [pickup] = outpost.processes("outpost-pickup")
    assert submit(outpost, bad).startswith(answer)
    assert submit(outpost, record(2, b"Subject: next\n\n", token="1" * 32)).startswith(b"queued ")
    assert outpost.processes("outpost-pickup") == [pickup]


@pytest.mark.core
def test_no_control_character_of_options_or_environment_gets_anywhere(plain, relays):
    """Attack S3: refused with EX_USAGE, or harmless by the time it is sent."""
    server = relays.scripted()
    outpost = plain(server).start()
    for byte in (1, 7, 8, 9, 10, 11, 13, 27, 31, 127, 128, 155, 255):
        text = b"a" + bytes([byte]) + b"Bcc: eve@example.com"
        for option in (b"-f", b"-F", b"-r", b"-V", b"-L", b"-p", b"-h", b"-O"):
            done = outpost.run("sendmail", "-C", outpost.etc, option.decode(), os.fsdecode(text), "bob@example.net",
                               input=b"Subject: option\n\n", check=False)
            assert done.returncode in (0, 64)
            assert byte >= 128 or byte == 9 or done.returncode == 64, (option, byte)
            assert all(c >= 32 or c == 10 for c in done.stderr) and b"\x7f" not in done.stderr
        for name in ("NAME", "LOGNAME", "USER", "HOME", "TZ", "TMPDIR", "LANG", "XDG_CONFIG_HOME"):
            outpost.run("sendmail", "-C", outpost.etc, "bob@example.net", input=b"Subject: environment\n\n",
                        environment={name: os.fsdecode(text)})
    outpost.wait_until_empty()
    for transaction in server.containing("Subject: "):
        assert transaction.recipients == ["bob@example.net"]
        header = transaction.content.partition(b"\r\n\r\n")[0]
        assert all(c >= 32 or c == 9 for c in header.replace(b"\r\n", b"")) and b"\x7f" not in header, header
        assert b"\r\nBcc" not in header
    assert all(c >= " " or c == "\n" for c in outpost.log()) and "\x7f" not in outpost.log()


@pytest.mark.parametrize("running", [False, True], ids=["maildrop", "socket"])
def test_hostile_surroundings_end_in_an_exit_status_that_is_true(plain, relays, running):
    """Attack S4: descriptors closed, next to no resources, no directory, every signal ignored."""
    server = relays.scripted()
    outpost = plain(server)
    if running:
        outpost.start()
    limits = [(resource.RLIMIT_NOFILE, n) for n in (4, 5, 6, 7, 8)] + [(resource.RLIMIT_FSIZE, n) for n in (0, 100, 4096)]
    limits += [(resource.RLIMIT_AS, n << 20) for n in (4, 5, 6, 8)]
    tricks = [lambda which=which, n=n: resource.setrlimit(which, (n, n)) for which, n in limits]
    tricks += [lambda fds=fds: [os.close(fd) for fd in fds] for fds in ((1,), (2,), (1, 2))]
    tricks += [lambda: os.umask(0o777), lambda: os.umask(0), _leave_for_nowhere, _ignore_everything]
    kept = 0
    for trick in tricks:
        done = outpost.run("sendmail", "-C", outpost.etc, "bob@example.net", input=b"Subject: hostile\n\n", check=False,
                           preexec_fn=trick)
        assert done.returncode in (0, 69, 75), done
        kept += done.returncode == 0
    assert kept >= 10
    if not running:
        outpost.start()
    outpost.wait_until_empty()
    assert len(server.containing("Subject: hostile")) == kept


def _leave_for_nowhere():
    os.mkdir(f"/tmp/outpost-nowhere-{os.getpid()}")
    os.chdir(f"/tmp/outpost-nowhere-{os.getpid()}")
    os.rmdir(f"/tmp/outpost-nowhere-{os.getpid()}")


def _ignore_everything():
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_IGN)
        except OSError:
            pass


@pytest.mark.core
def test_junk_in_the_maildrop_is_told_of_once(plain, relays):
    outpost = plain(relays.scripted())
    maildrop = outpost.spool / "maildrop"
    secret = outpost.directory / "secret"
    secret.write_bytes(record(0))
    link, fifo, device, directory, linked, unreadable = (maildrop / queue_id(number) for number in range(6))
    link.symlink_to(secret)
    os.mkfifo(fifo, 0o740)
    os.mknod(device, 0o060740, os.makedev(1, 3))
    directory.mkdir()
    linked.write_bytes(record(0))
    linked.chmod(0o740)
    os.link(linked, outpost.directory / "link")
    unreadable.write_bytes(record(0))
    unreadable.chmod(0o700)
    for path in (directory, linked):
        os.chown(path, outpost.uid, outpost.uid)
    outpost.start()
    outpost.wait_for_log("maildrop file", count=6)
    for _ in range(3):
        outpost.command("flush")
    outpost.submit("bob@example.net")
    assert outpost.log().count("maildrop file") == 6
    assert os.listdir(maildrop) == [] and len(os.listdir(outpost.spool / "corrupt")) == 3
    assert secret.read_bytes()


def test_first_message_makes_the_maildrop_of_ones_own_mailer(plain, relays):
    server = relays.scripted()
    outpost = plain(server, queue_directory=None)
    outpost.configure(queue_directory=outpost.directory / "state" / "spool")
    done = outpost.sendmail("bob@example.net", uid=OTHER, check=False)
    assert done.returncode == 75 and b"never run" in done.stderr, "it is not this user's"
    outpost.sendmail("bob@example.net", message=b"Subject: the first\n\n")
    outpost.start()
    server.wait("Subject: the first")


def test_root_submits_to_a_mailer_of_another_user(plain, relays):
    server = relays.scripted()
    outpost = plain(server)
    outpost.sendmail("bob@example.net", message=b"Subject: of root\n\n", uid=0)
    outpost.start()
    assert "userid 0" in server.wait("Subject: of root").content.decode()


DROP = "/usr/libexec/outpost/outpost-drop"


def maildrop_of(host):
    return host.root.file("/var/spool/outpost/maildrop")


def test_drop_does_what_it_does_whatever_its_caller_sets(host):
    """Attack S4: the environment, descriptors and limits of a set-gid program."""
    for number, before in enumerate((
            "LD_PRELOAD=/srv/x.so LD_AUDIT=/srv/x.so LD_DEBUG=all LD_DEBUG_OUTPUT=/tmp/debug", "MALLOC_TRACE=/tmp/debug",
            "GCONV_PATH=/srv LANG=../../srv TZ=:/etc/shadow", "exec >&-;", "exec 2>&-;", "umask 777;", "umask 0;",
            "ulimit -c unlimited;", "ulimit -v 8000;", "trap '' TERM HUP INT PIPE XFSZ;")):
        (host.root.srv / "record").write_bytes(record(number))
        host.run_as(ALICE, "sh", "-c", f"{before} {DROP} </srv/record")
        assert len(os.listdir(maildrop_of(host))) == number + 1
    for name in os.listdir(maildrop_of(host)):
        status = os.stat(maildrop_of(host) / name)
        assert (status.st_mode & 0o7777, status.st_uid) == (0o740, ALICE)
    assert not [name for name in os.listdir(host.root.file("/tmp")) if name.startswith("debug")]


def test_drop_is_not_its_callers_to_look_into(host):
    """Attack S11. What is left of a killed one is no submission."""
    host.root.srv.joinpath("record").write_bytes(record(1))
    running = host.root.spawn("setpriv", f"--reuid={ALICE}", f"--regid={ALICE}", "--clear-groups", "sh", "-c",
                              f"(cat /srv/record; sleep 60) | {DROP}")
    wait_for(lambda: os.listdir(maildrop_of(host)), "drop's file")
    [pid] = host.run_as(ALICE, "pidof", DROP).stdout.split()
    for look in ("ls /proc/{}/fd", "cat /proc/{}/environ", "head -c1 /proc/{}/mem", "readlink /proc/{}/cwd", "cat /proc/{}/maps"):
        assert host.run_as(ALICE, "sh", "-c", look.format(pid), check=False).returncode != 0, look
    for path in ("/var/spool/outpost/maildrop", "/var/spool/outpost/corrupt", "/var/spool/outpost/private"):
        assert host.run_as(ALICE, "sh", "-c", f"ls {path} || touch {path}/x || ln -s /etc/passwd {path}/y",
                           check=False).returncode != 0
    host.run_as(ALICE, "kill", "-9", pid)
    running.terminate()
    running.wait()
    host.root.run("outpost", "start")
    host.run_as(ALICE, "sendmail", "bob@example.net", input=b"Subject: after the killed one\n\n")
    host.server.wait("after the killed one")
    [left] = os.listdir(maildrop_of(host))
    assert os.stat(maildrop_of(host) / left).st_mode & 0o100 == 0 and len(host.server.kept) == 1
