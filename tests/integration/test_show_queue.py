"""Two messages wait for a relay that is down; people ask what waits and why.

Expect: `mailq` in Postfix's form, `outpost queue list`, `trace`, `status`, each also for scripts; the same while the
mailer is stopped.
"""
import re

import pytest

from harness.wait import free_port


@pytest.fixture
def waiting(outposts):
    outpost = outposts(relayhost=f"[localhost]:{free_port()}", minimal_backoff_time="1h", maximal_backoff_time="2h").start()
    ids = [outpost.submit("-f", "alice@example.org", f"bob{n}@example.net", message=b"Subject: waits\n\n" + b"x" * 500 * n)
           for n in (1, 2)]
    for queue_id in ids:
        outpost.wait_for_deferred(queue_id)
    return outpost, ids


@pytest.mark.core
@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_queue_is_shown(waiting, running):
    outpost, ids = waiting
    if not running:
        outpost.stop()
    listed = outpost.queue()
    assert [message["id"] for message in listed] == ids
    for n, message in enumerate(listed, 1):
        assert message["sender"] == "alice@example.org" and message["size"] > 500 * n
        # While nothing runs, what waited for the relay is simply due.
        assert message["state"] in (("deferred",) if running else ("deferred", "active"))
        [recipient] = message["recipients"]
        assert recipient["address"] == f"bob{n}@example.net"
        # The first met the relay; why the others wait behind it is the running mailer's to say.
        assert "refused" in recipient["reason"].lower() or (n > 1 and not running)
    shown = outpost.command("queue", "list")
    assert all(queue_id in shown for queue_id in ids) and "bob2@example.net" in shown and "alice@example.org" in shown
    trace = outpost.trace(ids[0])
    assert "submitted" in trace and "deferred" in trace and "refused" in trace.lower()


@pytest.mark.parametrize("ask", [("sendmail", "-bp"), ("outpost", "mailq")], ids=["sendmail -bp", "outpost mailq"])
def test_mailq_has_the_form_of_postfix(waiting, ask):
    outpost, ids = waiting
    text = outpost.run(ask[0], "-C", outpost.etc, ask[1]).stdout.decode()
    lines = text.splitlines()
    assert re.match(r"-+ ?Queue ID", lines[0]) and "Sender/Recipient" in lines[0]
    for queue_id in ids:
        assert re.search(rf"^{queue_id}[*! ]? +\d+ \w{{3}} \w{{3}} [ \d]\d \d\d:\d\d:\d\d  alice@example.org$", text, re.M), text
    assert re.search(r"^\s*\(.*refused.*\)$", text, re.M | re.I) and re.search(r"^\s+bob1@example.net$", text, re.M)
    assert re.fullmatch(r"-- \d+ Kbytes in 2 Requests\.", lines[-1])


def test_empty_queue_is_said_to_be_empty(plain, relays):
    outpost = plain(relays.scripted()).start()
    assert "Mail queue is empty" in outpost.run("sendmail", "-C", outpost.etc, "-bp").stdout.decode()
    assert "empty" in outpost.command("queue", "list")
    assert outpost.queue() == []


def test_status_tells_what_runs_and_what_waits(waiting):
    outpost, _ = waiting
    status = outpost.command("status")
    assert "2" in status and "localhost" in status
    outpost.stop()
    done = outpost.run("outpost", "-C", outpost.etc, "status", check=False)
    assert done.returncode == 3 and b"not running" in done.stdout


def test_trace_of_nothing(waiting):
    outpost, _ = waiting
    assert outpost.run("outpost", "-C", outpost.etc, "trace", "not-an-id", check=False).returncode == 65
    assert outpost.run("outpost", "-C", outpost.etc, "trace", "0BCDFGHJKLMNPQRST", check=False).returncode in (65, 67)


def test_start_and_stop_twice(outposts):
    outpost = outposts(relayhost="[localhost]:9").start()
    outpost.command("start")
    outpost.stop()
    outpost.command("stop")
    for command in ("flush", "reload"):
        assert outpost.run("outpost", "-C", outpost.etc, command, check=False).returncode == 69


def test_other_users_see_and_flush_nothing_of_ours(waiting):
    outpost, ids = waiting
    stranger = dict(uid=54321, check=False)
    assert ids[0] not in outpost.run("outpost", "-C", outpost.etc, "queue", "list", **stranger).stdout.decode()
    assert b"alice" not in outpost.run("outpost", "-C", outpost.etc, "trace", ids[0], **stranger).stdout
    assert outpost.run("outpost", "-C", outpost.etc, "flush", **stranger).returncode not in (0,)
    assert outpost.run("outpost", "-C", outpost.etc, "stop", **stranger).returncode not in (0,)
    assert outpost.is_running()
