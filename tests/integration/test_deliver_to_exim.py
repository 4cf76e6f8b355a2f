"""sendmail -> pickup -> queue-runner -> smtp-client ==STARTTLS (GnuTLS), AUTH==> Exim; then Exim is stopped.

Expect: message one arrives once; message two waits, and leaves after Exim is back.
"""
from harness.store import unfolded


def test_message_arrives_and_the_next_waits_for_exim(client, relays):
    relay = relays.exim().start()
    outpost = client(relay).start()
    outpost.submit("-f", "alice@example.org", "bob@example.net", message=b"Subject: one to Exim\n\n.dot\n\xff\n")
    one = relay.store.wait("one to Exim")
    assert one.body == b".dot\n\xff\n"
    assert one.envelope("Return-path") == "<alice@example.org>"

    relay.stop()
    waiting = outpost.submit("bob@example.net", message=b"Subject: two to Exim\n\n")
    outpost.wait_for_deferred(waiting)
    relay.start()
    outpost.command("flush")
    relay.store.wait("two to Exim")
    outpost.wait_until_empty()
    assert len(relay.store.containing("one to Exim")) == 1


def test_one_refused_recipient_does_not_harm_the_other(client, relays):
    relay = relays.exim().start()
    outpost = client(relay).start()
    outpost.submit("-f", "alice@example.org", "refused@example.net", "bob@example.net", message=b"Subject: half\n\nhello\n")
    notice, message = sorted(relay.store.wait("Subject: half", count=2), key=lambda found: found.envelope("Return-path"))
    assert message.envelope("Envelope-to") == "bob@example.net"
    assert notice.envelope("Envelope-to") == "alice@example.org"
    assert b"no such user here" in unfolded(notice.body) and b"refused@example.net" in notice.body
