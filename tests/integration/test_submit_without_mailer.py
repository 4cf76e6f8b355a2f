"""sendmail with nothing of ours running -> maildrop; then the mailer is started, or one queue run is made.

Expect: sendmail says 0 and the file is there; the message leaves after `outpost start`, `outpost start --once` or
`sendmail -q`; a run in the foreground ends by itself, with what cannot leave still in the queue.
"""
import os
import re

import pytest

from harness.wait import free_port


@pytest.mark.core
def test_maildrop_is_emptied_by_start(client, postfix):
    outpost = client(postfix)
    queue_id = outpost.submit("bob@example.net", message=b"Subject: before the start\n\n")
    assert os.listdir(outpost.spool / "maildrop") == [queue_id]
    outpost.start()
    stored = postfix.store.wait("before the start")
    assert queue_id in stored.header("Received"), "one id from sendmail -v to the Received: header"
    outpost.wait_until_empty()
    assert os.listdir(outpost.spool / "maildrop") == []


@pytest.mark.parametrize("run", [("outpost", "-C", "{etc}", "start", "--once"), ("outpost", "-C", "{etc}", "queue", "run"),
                                 ("sendmail", "-C", "{etc}", "-q")], ids=["start --once", "queue run", "sendmail -q"])
def test_one_queue_run_in_the_foreground(client, postfix, run):
    outpost = client(postfix)
    text = f"one run of {run[0]} {run[-1]}"
    outpost.sendmail("bob@example.net", message=f"Subject: {text}\n\n".encode())
    outpost.run(*(word.format(etc=outpost.etc) for word in run), timeout=60)
    assert not outpost.is_running() and outpost.processes() == []
    postfix.store.wait(text, timeout=5)
    assert outpost.queue() == []


def test_queue_run_without_a_relay_ends_and_keeps_the_message(client, postfix):
    outpost = client(postfix)
    outpost.configure(relayhost=f"[localhost]:{free_port()}")
    queue_id = outpost.submit("bob@example.net", message=b"Subject: two runs\n\n")
    outpost.command("start", "--once")
    [message] = outpost.queue()
    assert message["id"] == queue_id and "refused" in message["recipients"][0]["reason"].lower()
    outpost.configure(relayhost=postfix.destination)
    outpost.run("sendmail", "-C", outpost.etc, "-q")
    postfix.store.wait("Subject: two runs", timeout=5)


def test_submissions_go_by_the_socket_while_it_runs(client, postfix):
    outpost = client(postfix)
    outpost.configure(relayhost=f"[localhost]:{free_port()}")
    outpost.start()
    outpost.submit("bob@example.net")
    assert os.listdir(outpost.spool / "maildrop") == []
    assert len(outpost.queue()) == 1, "queued when sendmail returns"


def test_socket_takes_mail_of_any_user_without_new_privileges(client, postfix):
    outpost = client(postfix).start()
    done = outpost.run("sendmail", "-C", outpost.etc, "-f", "web@example.org", "bob@example.net", uid=54321,
                       input=b"Subject: of uid 54321\n\n", preexec_fn=_forbid_new_privileges)
    assert done.stderr == b""
    stored = postfix.store.wait("of uid 54321")
    assert "userid 54321" in stored.header("Received") or "54321" in stored.header("Received")


def _forbid_new_privileges():
    import ctypes
    pr_set_no_new_privs = 38
    if ctypes.CDLL(None, use_errno=True).prctl(pr_set_no_new_privs, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")


def test_many_submissions_at_once(client, postfix):
    outpost = client(postfix).start()
    import concurrent.futures
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda n: outpost.submit("bob@example.net", message=b"Subject: at once %d.\n\n" % n), range(64)))
    assert len(set(ids)) == 64
    stored = postfix.store.wait("Subject: at once", count=64)
    assert {message.header("Subject") for message in stored} == {f"at once {n}." for n in range(64)}


def test_file_that_is_no_record_goes_to_corrupt(client, postfix):
    outpost = client(postfix)
    good = outpost.submit("bob@example.net", message=b"Subject: beside the bad\n\n")
    maildrop = outpost.spool / "maildrop"
    record = (maildrop / good).read_bytes()
    bad = {
        "no-record-at-all0": b"hello\n",
        "0BCDFGHJKLMNPQRST": record[:40],  # cut short within the head
        "1BCDFGHJKLMNPQRST": record.replace(good.encode(), b"1BCDFGHJKLMNPQRST")[:-5],  # shorter than it says
        "2BCDFGHJKLMNPQRST": record.replace(good.encode(), b"2BCDFGHJKLMNPQRST").replace(b"\n", b"\0\n", 2),
    }
    for name, content in bad.items():
        path = maildrop / name
        path.write_bytes(content)
        path.chmod(0o740)
        os.chown(path, outpost.uid, outpost.uid)
    outpost.start()
    postfix.store.wait("beside the bad")
    outpost.wait_for_log(r"(?i)corrupt", count=3)
    in_corrupt = {name[:17] for name in os.listdir(outpost.spool / "corrupt")}
    assert {"0BCDFGHJKLMNPQRST", "1BCDFGHJKLMNPQRST", "2BCDFGHJKLMNPQRST"} <= in_corrupt
    assert not {"0BCDFGHJKLMNPQRST", "1BCDFGHJKLMNPQRST", "2BCDFGHJKLMNPQRST"} & set(os.listdir(maildrop))
    assert not re.search("(?i)panic|abort|signal", outpost.log())


def test_half_written_file_is_left_alone(client, postfix):
    """Without u+x the file is not whole: its writer may still be at it."""
    outpost = client(postfix)
    queue_id = outpost.submit("bob@example.net", message=b"Subject: half written\n\n")
    path = outpost.spool / "maildrop" / queue_id
    path.chmod(0o640)
    outpost.start()
    outpost.submit("bob@example.net", message=b"Subject: whole one\n\n")
    postfix.store.wait("whole one")
    assert path.exists() and postfix.store.containing("half written") == []
    path.chmod(0o740)
    outpost.stop()
    outpost.start()
    postfix.store.wait("half written")
