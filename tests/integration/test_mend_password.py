"""outpost ==STARTTLS, AUTH with a wrong password==> Postfix: 535; then auth_passwd is mended and `outpost flush` said.

Expect: nothing is returned, every message waits and the reason names the login; a few attempts only, so that no
account is locked; after the mending both messages leave, with no reload.
"""
import re


def test_wrong_password_returns_nothing_and_is_mended_by_flush(client, relays):
    relay = relays.postfix().start()
    outpost = client(relay, password="wrong").start()
    ids = [outpost.submit("-f", "alice@example.org", "bob@example.net", message=b"Subject: waits %d\n\n" % n) for n in range(2)]
    reason = outpost.wait_for_deferred(ids[0])["reason"]
    assert re.search(r"(?i)auth|login|535", reason), reason
    assert "localhost" in outpost.command("status")
    assert relay.store.messages() == [], "nothing may be sent, a notice neither"

    outpost.log_in(relay.destination, password="secret")
    outpost.command("flush")
    relay.store.wait("Subject: waits", count=2)
    outpost.wait_until_empty()


def test_many_messages_make_few_attempts_to_log_in(client, relays):
    relay = relays.postfix().start()
    outpost = client(relay, password="wrong", minimal_backoff_time="60s", maximal_backoff_time="1h").start()
    ids = [outpost.submit("bob@example.net", message=b"Subject: many\n\n") for _ in range(20)]
    outpost.wait_for_deferred(ids[-1])
    attempts = len(re.findall("SASL (?:PLAIN|LOGIN) authentication failed", relay.log()))
    assert 1 <= attempts <= 10, relay.log()


def test_password_is_neither_logged_nor_traced(client, relays):
    relay = relays.postfix().start()
    outpost = client(relay, password="hunter2hunter2", smtp_tls_loglevel="2").start()
    queue_id = outpost.submit("bob@example.net")
    outpost.wait_for_deferred(queue_id)
    said = outpost.log() + outpost.trace(queue_id) + outpost.command("queue", "list") + outpost.command("status")
    assert "hunter2" not in said
    assert "aHVudGVyMmh1bnRlcjI" not in said  # base64 of it


def test_administrator_is_told_once_when_mail_goes_again(client, relays):
    """The relay is the only way for the notice too: one mail tells from when to when, why, and what to do."""
    relay = relays.postfix().start()
    outpost = client(relay, password="wrong", minimal_backoff_time="2s", maximal_backoff_time="2s").start()
    ids = [outpost.submit("-f", "alice@example.org", "bob@example.net", message=b"Subject: waits %d\n\n" % n) for n in range(3)]
    outpost.wait_for_deferred(ids[0])
    outpost.log_in(relay.destination, password="secret")
    relay.store.wait("Subject: waits", count=3)
    outpost.wait_until_empty()
    relay.store.wait("mail is sent through")
    told = [message for message in relay.store.messages() if "mail is sent through" in (message.header("Subject") or "")]
    assert len(told) == 1
    assert b"no mail could be sent" in told[0].body.replace(b"\n", b" ")
    assert re.search(rb"Transcript of the session:\n\n.*  In:  220 .*  Out: AUTH \S+ \(not shown\)\n.*  In:  535 ", told[0].body, re.DOTALL)
    assert b"d3Jvbm" not in told[0].body and b"dyb25n" not in told[0].body and b"3cm9uZ" not in told[0].body, "base64 of it"
    assert len(relay.store.messages()) == 4, "nothing else"
