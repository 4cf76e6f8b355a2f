"""sendmail -> outpost -> a relay that is not there yet, or that main.cf names wrongly.

Expect: the message waits, with the reason; it leaves by itself when the relay is there, at once after `outpost flush`,
and by today's relayhost, not by that of the day it was submitted.
"""
import pytest

from harness.wait import free_port


@pytest.mark.core
def test_message_leaves_by_itself_when_the_relay_comes_up(client, relays):
    relay = relays.postfix()
    outpost = client(relay).start()
    queue_id = outpost.submit("bob@example.net", message=b"Subject: early\n\n")
    reason = outpost.wait_for_deferred(queue_id)["reason"]
    assert "refused" in reason.lower(), reason
    assert outpost.wait_for_log(rf"{queue_id}: to=<bob@example.net>, .*dsn=4\.\d\.\d, status=deferred")
    relay.start()
    relay.store.wait("Subject: early")
    outpost.wait_until_empty()


def test_flush_sends_at_once(client, relays):
    relay = relays.postfix()
    outpost = client(relay, minimal_backoff_time="1h", maximal_backoff_time="2h").start()
    ids = [outpost.submit("bob@example.net", message=b"Subject: flushed\n\n") for _ in range(3)]
    for queue_id in ids:
        outpost.wait_for_deferred(queue_id)
    relay.start()
    outpost.command("flush")
    relay.store.wait("Subject: flushed", count=3, timeout=15)
    outpost.wait_until_empty()


def defer_two(plain, relays):
    """A relay that defers each recipient once, an outpost with a message for each of two domains deferred by it."""
    refused = set()

    def defer_once(session):
        command = session.commands[-1].upper()
        if command in refused:
            return None
        refused.add(command)
        return b"450 4.2.0 later\r\n"

    relay = relays.scripted(at={"RCPT": defer_once})
    outpost = plain(relay, minimal_backoff_time="1h", maximal_backoff_time="2h").start()
    other = outpost.submit("ana@example.org", message=b"Subject: for another\n\n")
    meant = outpost.submit("bob@example.net", message=b"Subject: meant\n\n")
    for queue_id in (other, meant):
        outpost.wait_for_deferred(queue_id)
    return relay, outpost, other, meant


@pytest.mark.parametrize("program, words", [
    ("outpost", ["flush", "--to", "Example.NET"]),
    ("outpost", ["flush", "--id", "MEANT"]),
    ("sendmail", ["-qRexample.net"]),
    ("sendmail", ["-qIMEANT"]),
])
def test_partial_flush_sends_what_is_meant_alone(plain, relays, program, words):
    relay, outpost, other, meant = defer_two(plain, relays)
    words = [word.replace("MEANT", meant) for word in words]
    flushed = outpost.run(program, "-C", outpost.etc, *words)
    assert flushed.returncode == 0 and flushed.stderr == b"", flushed
    assert relay.wait("Subject: meant", timeout=15).recipients == ["bob@example.net"]
    assert outpost.wait_for_log(rf"{meant}: removed")
    assert [message["id"] for message in outpost.queue()] == [other]
    again = outpost.run(program, "-C", outpost.etc, *words)
    assert again.returncode == 0 and b"nothing waits for " in again.stderr, again


@pytest.mark.parametrize("words, status, said", [
    (["flush", "--id", "0000007bW5DgPPXrR"], 65, b"no such message"),
    (["flush", "--id", "17"], 65, b"is no queue id"),
    (["flush", "--to", "bob@example.net"], 64, b"is no domain"),
    (["flush", "--to", "example.net", "--id", "17"], 64, b"--help"),
])
def test_partial_flush_refuses_what_it_cannot_do(plain, relays, words, status, said):
    outpost = plain(relays.scripted()).start()
    refused = outpost.run("outpost", "-C", outpost.etc, *words, check=False)
    assert refused.returncode == status and said in refused.stderr, refused


@pytest.mark.parametrize("program, word", [("outpost", "flush"), ("sendmail", "-qRexample.net")])
def test_partial_flush_needs_a_running_mailer(plain, relays, program, word):
    outpost = plain(relays.scripted())
    words = [word, "--to", "example.net"] if program == "outpost" else [word]
    refused = outpost.run(program, "-C", outpost.etc, *words, check=False)
    assert refused.returncode == 69 and b"not running" in refused.stderr, refused


def test_corrected_relayhost_holds_for_mail_that_waits(client, postfix):
    outpost = client(postfix, minimal_backoff_time="1h", maximal_backoff_time="2h")
    outpost.configure(relayhost=f"[localhost]:{free_port()}")
    outpost.start()
    queue_id = outpost.submit("bob@example.net", message=b"Subject: rerouted\n\n")
    outpost.wait_for_deferred(queue_id)

    outpost.configure(relayhost=postfix.destination)
    outpost.command("reload")
    outpost.command("flush")
    postfix.store.wait("Subject: rerouted", timeout=15)
    outpost.wait_until_empty()


def test_mail_that_waits_survives_a_restart(client, relays):
    relay = relays.postfix()
    outpost = client(relay).start()
    queue_id = outpost.submit("bob@example.net", message=b"Subject: restarted\n\n")
    outpost.wait_for_deferred(queue_id)
    outpost.stop()
    assert not outpost.is_running()
    assert [message["id"] for message in outpost.queue()] == [queue_id], "the queue can be read while nothing runs"
    relay.start()
    outpost.start()
    outpost.command("flush")
    relay.store.wait("Subject: restarted")


def test_expired_message_is_returned(plain, relays):
    relay = relays.scripted(at={"MAIL": lambda session: None if "FROM:<>" in session.commands[-1].upper()
                                else b"451 4.3.0 not now\r\n"})
    outpost = plain(relay, maximal_queue_lifetime="3s").start()
    outpost.submit("-f", "alice@example.org", "bob@example.net", message=b"Subject: too late\n\n")
    notice = relay.wait("too late", timeout=60)
    assert notice.sender == "" and notice.recipients == ["alice@example.org"]
    assert b"451 4.3.0 not now" in notice.content or b"4.3.0" in notice.content
    outpost.wait_until_empty()
