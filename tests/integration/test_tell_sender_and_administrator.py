"""What senders and the administrator are told, by notices that other programs can read.

A real Postfix that offers DSN is left to report success; one that does not is reported for ("relayed"). Late mail is
warned of once; a flood of failures becomes a handful of notices, and none is untold; nothing makes a loop.
"""
import email
import email.policy
import re
import sqlite3

import pytest

from harness.scripted import reply
from harness.wait import wait_for

REFUSE_BOB = {"RCPT": lambda session: b"550 5.1.1 <bob@example.net>: no such user\r\n"
              if "bob" in session.commands[-1] else None}


def parse(content):
    """The notice's three parts (the third may be missing): text, (message fields, recipients' fields), original."""
    notice = email.message_from_bytes(content, policy=email.policy.default)
    assert notice.defects == [] and notice.get_content_type() == "multipart/report"
    parts = list(notice.iter_parts())
    assert all(part.defects == [] for part in notice.walk())
    fields = parts[1].get_payload()
    return notice, parts[0].get_content(), fields[0], fields[1:], parts[2] if len(parts) > 2 else None


@pytest.mark.parametrize("dsn", [True, False], ids=["with-dsn", "without-dsn"])
def test_success_is_reported_by_the_relay_or_else_for_it(client, relays, dsn):
    relay = relays.postfix(**({} if dsn else {"smtpd_discard_ehlo_keywords": "dsn, silent-discard"})).start()
    outpost = client(relay).start()
    queue_id = outpost.submit("-f", "alice@example.org", "-N", "success,failure", "-V", "order-66", "-R", "hdrs",
                              "bob@example.net", message=b"From: alice@example.org\nSubject: report me\n\nthe body\n")
    report = relay.store.wait("Successful Mail Delivery Report")
    outpost.wait_until_empty()
    _, words, message, [recipient], original = parse(report.received)
    ours = b"MAILER-DAEMON@example.org" in report.received
    assert ours != dsn, "one of the two reports, not both"
    assert message["Original-Envelope-Id"] == "order-66"
    assert recipient["Action"] == ("delivered" if dsn else "relayed")
    if not dsn:
        assert message["X-Outpost-Queue-ID"] == queue_id
        assert recipient["Status"].startswith("2.") and recipient["Final-Recipient"] == "rfc822; bob@example.net"
        assert "handed over" in words and b"the body" not in report.received
        assert original.get_content_type() == "text/rfc822-headers"


def test_refusal_by_a_real_server_is_returned_in_plain_words(client, relays):
    relay = relays.postfix()
    relay.refuse_header("X-Refuse", "5.7.1 we do not like this")
    outpost = client(relay.start()).start()
    # RET=HDRS: in a message that is quoted whole, Postfix's nested_header_checks would find the line again.
    outpost.submit("-f", "alice@example.org", "-R", "hdrs", "bob@example.net",
                   message=b"From: alice@example.org\nSubject: unwanted\nX-Refuse: yes\n\nits body\n")
    line = outpost.wait_for_log("bounce.*sender non-delivery notification")[0]
    stored = relay.store.wait("Undelivered Mail Returned to Sender")
    notice, words, _, [recipient], original = parse(stored.received)
    assert notice["Message-Id"][1:18] == re.search(r"notification: (\w{17})", line).group(1)
    assert stored.envelope("Return-Path") == "<>" and notice["Auto-Submitted"] == "auto-replied"
    first = " ".join(words.split("\n\n")[0].split())
    assert first.startswith("Your message of ") and "to <bob@example.net> could not be delivered" in first
    assert "we do not like this" in first
    assert recipient["Status"] == "5.7.1" and recipient["Remote-MTA"] == "dns; localhost"
    assert original.get_content_type() == "text/rfc822-headers" and b"its body" not in stored.raw


def test_administrator_sees_the_session_in_which_mail_was_refused(client, relays, authority):
    server = relays.scripted(certificate=authority.issue("localhost"), users={"alice": "secret"},
                             at={"RCPT": lambda session: b"554 5.7.1 not from you\r\n"
                                 if "bob" in session.commands[-1] else None})
    outpost = client(server, notify_classes="policy", error_notice_recipient="admin@example.org").start()
    outpost.submit("-f", "alice@example.org", "bob@example.net", message=b"Subject: refused\n\nits body\n")
    told = server.wait("Transcript of the session").content.decode()
    outpost.wait_until_empty()
    session = told[told.index("Transcript of the session"):].split("-- \r\n")[0]
    lines = [line.strip() for line in session.splitlines()]
    assert lines[2].startswith("In:  220 ") and lines[3].startswith("Out: EHLO "), session
    assert "Out: STARTTLS" in lines and "Out: AUTH PLAIN (not shown)" in lines, session
    assert "Out: MAIL FROM:<alice@example.org> SIZE=" in session and "In:  554 5.7.1 not from you" in lines
    assert "AGFsaWNlAHNlY3JldA" not in told and "its body" not in told, "neither the login nor the content"


def test_large_message_is_returned_whole_where_main_cf_says_so(plain, relays):
    server = relays.scripted(at=REFUSE_BOB)
    outpost = plain(server, bounce_size_limit=4_000_000).start()
    body = b"".join(b"line %07d of a large message, to be returned as it was\n" % n for n in range(50_000))
    outpost.submit("-f", "alice@example.org", "bob@example.net", message=b"Subject: large\n\n" + body)
    kept = server.wait("line 0049999")
    *_, original = parse(kept.content)
    returned = original.get_payload()[0].get_payload()
    assert returned.replace("\r\n", "\n").encode() == body
    outpost.wait_until_empty()


def test_sender_is_warned_once_of_a_delay_also_over_a_restart(plain, relays):
    server = relays.scripted(at={"RCPT": lambda session: b"451 4.3.2 try later\r\n"
                                 if "bob" in session.commands[-1] else None})
    outpost = plain(server, delay_warning_time="1s", confirm_delay_cleared="yes", notify_classes="delay",
                    delay_notice_recipient="admin@example.org").start()
    queue_id = outpost.submit("-f", "alice@example.org", "bob@example.net", message=b"Subject: late\n\nthe body\n")
    outpost.submit("-f", "alice@example.org", "-N", "failure", "bob@example.net", message=b"Subject: not warned\n\nx\n")
    warning = server.wait("Delayed Mail (still being retried)")
    copy = server.wait("Postmaster Warning: Delayed Mail")
    outpost.stop()
    outpost.start()
    outpost.command("flush")
    outpost.wait_for_log(f"{queue_id}: to=.*deferred", count=2)
    assert len(server.containing("Delayed Mail (still")) == 1
    assert not server.containing("Subject: not warned")
    notice, words, message, [recipient], original = parse(warning.content)
    assert (warning.sender, warning.recipients) == ("", ["alice@example.org"])
    assert message["X-Outpost-Queue-ID"] == queue_id
    assert recipient["Action"] == "delayed" and recipient["Status"] == "4.3.2" and recipient["Will-Retry-Until"]
    assert "you need not send it again" in " ".join(words.split())
    assert original.get_content_type() == "text/rfc822-headers" and b"the body" not in warning.content
    assert (copy.sender, copy.recipients) == ("double-bounce@example.org", ["admin@example.org"])
    server.at = {}
    outpost.command("flush")
    cleared = server.wait("Successful Mail Delivery Report")
    assert cleared.recipients == ["alice@example.org"] and parse(cleared.content)[3][0]["Action"] == "relayed"
    outpost.wait_until_empty()


def test_flood_of_failures_is_told_in_a_handful_of_notices(plain, relays):
    server = relays.scripted(at=REFUSE_BOB)
    outpost = plain(server).start()
    for number in range(60):
        outpost.submit("-f", "script@example.org", f"bob{number}@example.net", message=b"Subject: of a script\n\nx\n")
    outpost.wait_until_empty()
    assert len(server.containing("Undelivered Mail Returned")) == 10
    assert "bob59@example.net" in outpost.trace(outpost.submit("-f", "other@example.org", "bob59@example.net"))
    server.wait("To: other@example.org")
    outpost.stop()
    # An hour later.
    with sqlite3.connect(outpost.spool / "private" / "queue.db") as database:
        database.execute("UPDATE untold SET since = since - 3600000000")
    database.close()
    outpost.start()
    joined = server.wait("50 of your messages, to 50 recipients")
    _, words, _, recipients, _ = parse(joined.content)
    assert len(recipients) == 50 and all(fields["X-Outpost-Queue-ID"] in words for fields in recipients)
    told = b"".join(kept.content for kept in server.containing("Undelivered Mail Returned"))
    assert all(b"Final-Recipient: rfc822; bob%d@example.net" % number in told for number in range(60))


@pytest.mark.parametrize("parameters", [
    {"notify_classes": "bounce, 2bounce, delay, policy, protocol, resource, software, data"},
    {"notify_classes": "bounce", "bounce_notice_recipient": "double-bounce", "2bounce_notice_recipient": "double-bounce"},
    {"notify_classes": "2bounce", "2bounce_notice_recipient": "alice@example.org", "double_bounce_sender": "alice"},
    {"notify_classes": "bounce", "double_bounce_sender": "mailer-daemon", "2bounce_notice_recipient": "mailer-daemon"},
], ids=["all", "to-itself", "from-a-person", "from-the-daemon"])
def test_nothing_makes_a_loop_where_everything_bounces(plain, relays, parameters):
    server = relays.scripted(at={"RCPT": reply("550 5.1.1 nobody at all")})
    outpost = plain(server, **parameters).start()
    outpost.submit("-f", "alice@example.org", "bob@example.net", message=b"Subject: lost\n\nx\n")
    outpost.submit("-f", "<>", "bob@example.net", message=b"Subject: of nobody\n\nx\n")
    outpost.submit("-f", "double-bounce@example.org", "bob@example.net", message=b"Subject: of the mailer\n\nx\n")
    outpost.wait_for_log("kept as a dead letter")
    outpost.command("flush")
    wait_for(lambda: all(letter["state"] == "dead" for letter in outpost.queue()), "only dead letters")
    assert len(outpost.queue()) <= 8
    attempts = sum(command.startswith("RCPT") for session in server.sessions for command in session.commands)
    assert attempts <= 12


def test_undeliverable_notice_goes_to_the_administrator(plain, relays):
    server = relays.scripted(at={"RCPT": lambda session: None if "admin" in session.commands[-1]
                                 else b"550 5.1.1 nobody\r\n"})
    outpost = plain(server, **{"notify_classes": "2bounce", "2bounce_notice_recipient": "admin@example.org"}).start()
    outpost.submit("-f", "alice@example.org", "bob@example.net", message=b"Subject: double\n\nthe body\n")
    kept = server.wait("Postmaster Copy: Undelivered Mail")
    assert (kept.sender, kept.recipients) == ("double-bounce@example.org", ["admin@example.org"])
    assert b"the body" in kept.content, "all of what would else be lost"
    outpost.wait_until_empty()


def test_texts_of_the_administrator_are_used_and_a_wrong_one_is_named(plain, relays):
    server = relays.scripted(at=REFUSE_BOB)
    outpost = plain(server)
    path = outpost.etc / "bounce.cf"
    path.write_text("failure_template = <<EOF\nSubject: Sorry\n\nWe at $myhostname are sorry.\nEOF\n")
    outpost.configure(bounce_template_file=path)
    outpost.start()
    outpost.submit("-f", "alice@example.org", "bob@example.net")
    assert "We at client.example.org are sorry." in parse(server.wait("Subject: Sorry").content)[1]
    path.write_text("failure_template = <<EOF\nSubject: Sorry\n\nWe at $nowhere are sorry.\nEOF\n")
    outpost.command("reload")
    assert "nowhere" in outpost.wait_for_log(f"{path}:4: ")[0]
    outpost.submit("-f", "alice@example.org", "bob@example.net")
    server.wait("Subject: Undelivered Mail Returned to Sender")


def test_soft_bounce_lets_refused_mail_wait(plain, relays):
    server = relays.scripted(at=REFUSE_BOB)
    outpost = plain(server, soft_bounce="yes").start()
    queue_id = outpost.submit("-f", "alice@example.org", "bob@example.net")
    assert "dsn=4.1.1, status=deferred (host" in outpost.wait_for_log(f"{queue_id}: to=")[0]
    malformed = outpost.submit("-f", "alice@example.org", "--", "bob@-")
    assert "dsn=4.1.3, status=deferred" in outpost.wait_for_log(f"{malformed}: to=")[0]
    outpost.configure(soft_bounce=None)
    outpost.stop()
    outpost.start()
    outpost.command("flush")
    assert len(server.wait("Undelivered Mail", count=2)) == 2


def test_address_beyond_ascii_has_its_own_report(plain, relays):
    server = relays.scripted(at={"RCPT": lambda session: b"550 5.1.1 kein Postfach\r\n"
                                 if "rgen" in session.commands[-1] else None},
                             capabilities=("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"))
    outpost = plain(server).start()
    outpost.submit("-f", "alice@example.org", "jürgen@example.net",
                   message="Subject: grüß\n\nx\n".encode())
    kept = server.wait("Undelivered Mail")
    assert b"message/global-delivery-status" in kept.content
    assert "Final-Recipient: utf-8; jürgen@example.net".encode() in kept.content
    assert b"Content-Type: message/global\r\n" in kept.content.replace(b"\n", b"\r\n").replace(b"\r\r", b"\r")
