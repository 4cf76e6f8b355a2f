"""sendmail -> pickup -> queue-runner -> smtp-client ==STARTTLS, AUTH==> Postfix -> Maildir

Expect: what was submitted arrives once, as it was, with one Received: of ours before it; the queue is empty
afterwards; the log has Postfix's line and the trace the whole way.
"""
import re

import pytest

MESSAGE = b"""From: Alice <alice@example.org>
To: bob@example.net
Subject: =?utf-8?q?to_Postfix?=
Date: Sat, 21 Nov 2026 10:00:00 +0000
Message-Id: <%s@example.org>
X-Folded: one
\ttwo

A line.
.
..two dots, and \xff\xfe eight bits
From here
   \t
the end
"""


@pytest.mark.core
def test_message_arrives_as_it_was_sent(client, postfix):
    outpost = client(postfix).start()
    queue_id = outpost.submit("-i", "-f", "alice@example.org", "bob@example.net", message=MESSAGE % b"starttls")
    stored = postfix.store.wait("<starttls@example.org>")

    ours, _, rest = stored.sent.partition(b"From: Alice")
    assert b"From: Alice" + rest == MESSAGE % b"starttls"
    assert re.fullmatch(rb"Received: (.*\n[ \t])*.*\n", ours), "one Received: of ours and nothing else"
    assert queue_id.encode() in ours
    assert stored.envelope("Return-Path") == "<alice@example.org>"
    assert stored.envelope("Delivered-To") == "bob@example.net"

    outpost.wait_until_empty()
    line = outpost.wait_for_log(rf"{queue_id}: to=<bob@example\.net>, .*status=sent")[0]
    assert re.search(rf"outpost/smtp\[\d+\]: {queue_id}: to=<bob@example\.net>, (orig_to=<[^>]*>, )?"
                     rf"relay=localhost\[127\.0\.0\.1\]:{postfix.port}, (conn_use=\d+, )?delay=[\d.]+, "
                     r"delays=[\d.]+/[\d.]+/[\d.]+/[\d.]+, dsn=2\.0\.0, status=sent \(250 ", line), line
    trace = outpost.trace(queue_id)
    assert re.search("submitted.*sent", trace, re.DOTALL), trace


def test_relay_sees_tls_and_login(client, postfix):
    client(postfix).start().submit("bob@example.net", message=b"Subject: facts of the session\n\n")
    postfix.store.wait("facts of the session")
    received = postfix.store.containing("facts of the session")[0].received
    assert b"using TLSv1.3" in received and b"Authenticated sender: alice" in received and b"ESMTPSA" in received


def test_tls_from_the_first_byte(client, postfix):
    outpost = client(postfix, f"[localhost]:{postfix.tls_port}", smtp_tls_wrappermode="yes").start()
    outpost.submit("bob@example.net", message=b"Subject: wrapped\n\n")
    postfix.store.wait("Subject: wrapped")


def test_login_where_the_relay_offers_nothing_else(client, relays):
    relay = relays.postfix(mechanisms="LOGIN").start()
    client(relay).start().submit("bob@example.net", message=b"Subject: by LOGIN\n\n")
    relay.store.wait("by LOGIN")
    assert "sasl_method=LOGIN" in relay.log()


def test_message_for_a_thousand_recipients(client, postfix):
    recipients = [f"user{n}@example.net" for n in range(1000)]
    outpost = client(postfix).start()
    outpost.submit(*recipients, message=b"Subject: to a thousand\n\n")
    stored = postfix.store.wait("to a thousand", count=1000, timeout=90)
    assert sorted(message.envelope("Delivered-To") for message in stored) == sorted(recipients)
    outpost.wait_until_empty()
