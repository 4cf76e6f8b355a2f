"""outpost -> a relay that refuses a recipient for good; the notice to the sender goes the same way.

Expect: a plain RFC 3464 report to the sender; a notice that cannot be delivered itself is a dead letter, kept and
shown; a malformed recipient is returned alone.
"""
import email
import email.policy

import pytest

from harness.scripted import reply


@pytest.fixture
def refusing(relays):
    """Refuses bob, takes the rest."""
    return relays.scripted(at={"RCPT": lambda session: b"550 5.1.1 <bob@example.net>: no such user\r\n"
                               if "bob@" in session.commands[-1] else None})


def test_report_is_what_rfc_3464_asks_for(plain, refusing):
    outpost = plain(refusing).start()
    queue_id = outpost.submit("-f", "alice@example.org", "-V", "envelope-17", "bob@example.net",
                              message=b"From: alice@example.org\nSubject: the original\nMessage-Id: <o@x>\n\nits body\n")
    kept = refusing.wait("the original")
    notice = email.message_from_bytes(kept.content, policy=email.policy.default)
    assert kept.sender == "" and kept.recipients == ["alice@example.org"]
    assert notice.get_content_type() == "multipart/report"
    assert notice.get_param("report-type") == "delivery-status"
    assert notice["To"] == "alice@example.org" and "MAILER-DAEMON" in notice["From"]
    assert notice["Auto-Submitted"].startswith("auto-")
    assert notice["Date"] and notice["Message-Id"] and notice["Subject"]
    people, status, original = notice.iter_parts()
    assert people.get_content_type() == "text/plain" and "bob@example.net" in people.get_content()
    assert status.get_content_type() == "message/delivery-status"
    message_part, recipient_part = status.get_payload()
    assert message_part["Reporting-MTA"] == "dns; client.example.org"
    assert message_part["Original-Envelope-Id"] == "envelope-17"
    assert message_part["Arrival-Date"]
    assert recipient_part["Final-Recipient"].lower().replace(" ", "") == "rfc822;bob@example.net"
    assert recipient_part["Action"] == "failed" and recipient_part["Status"] == "5.1.1"
    assert recipient_part["Diagnostic-Code"].startswith("smtp; 550 5.1.1")
    assert original.get_content_type() == "message/rfc822"
    assert original.get_payload()[0].get_payload() == "its body\r\n"
    assert "bounced" in outpost.wait_for_log(rf"{queue_id}: to=<bob@example.net>")[0]
    trace = outpost.trace(queue_id)
    assert "no such user" in trace and "returned" in trace


def test_sender_who_wants_no_notice_gets_none(plain, refusing):
    outpost = plain(refusing).start()
    outpost.submit("-f", "alice@example.org", "-N", "never", "bob@example.net", message=b"Subject: no notice\n\n")
    outpost.wait_until_empty()
    outpost.submit("-f", "alice@example.org", "carol@example.net", message=b"Subject: the next\n\n")
    refusing.wait("the next")
    assert refusing.containing("no notice") == []


def test_notice_that_bounces_is_a_dead_letter(plain, relays):
    server = relays.scripted(at={"RCPT": reply("550 5.1.1 nobody at all")})
    outpost = plain(server).start()
    outpost.submit("-f", "alice@example.org", "bob@example.net", message=b"Subject: double\n\n")
    outpost.wait_for_log("(?i)dead")
    [letter] = outpost.queue()
    assert letter["state"] == "dead" and letter["sender"] == ""
    assert letter["recipients"][0]["address"] == "alice@example.org"
    assert "nobody at all" in letter["recipients"][0]["reason"]
    assert "dead" in outpost.command("queue", "list") and "dead" in outpost.command("status")
    attempts = _mail_commands(server)
    outpost.command("flush")
    outpost.stop()
    outpost.start()
    [letter] = outpost.queue()
    assert letter["state"] == "dead", "kept, and not tried again"
    assert _mail_commands(server) == attempts


def _mail_commands(server):
    return sum(command.startswith("MAIL") for session in server.sessions for command in session.commands)


def test_null_sender_gets_no_notice(plain, relays):
    server = relays.scripted(at={"RCPT": reply("550 5.1.1 nobody")})
    outpost = plain(server).start()
    queue_id = outpost.submit("-f", "<>", "bob@example.net", message=b"Subject: from nobody\n\n")
    outpost.wait_for_log("(?i)dead")
    assert [message["id"] for message in outpost.queue()] == [queue_id]


@pytest.mark.core
@pytest.mark.parametrize("recipient", ["<@>", "bob@example..net", "bob@-", "bob@.net"])
@pytest.mark.parametrize("running", [False, True], ids=["maildrop", "socket"])
def test_malformed_recipient_is_returned_alone(plain, relays, recipient, running):
    server = relays.scripted()
    outpost = plain(server)
    if running:
        outpost.start()
    outpost.submit("-f", "alice@example.org", "--", recipient, "bob@example.net", message=b"Subject: one is bad\n\n")
    if not running:
        outpost.start()
    sent, notice = sorted(server.wait("one is bad", count=2), key=lambda kept: kept.sender == "")
    assert sent.recipients == ["bob@example.net"]
    assert notice.sender == "" and notice.recipients == ["alice@example.org"]
    assert b"5.1.3" in notice.content
    outpost.wait_until_empty()


def test_thousands_of_refused_recipients_are_all_told_and_stop_no_other_mail(plain, refusing):
    outpost = plain(refusing).start()
    refused = [f"bob@department-{number:04}.a-rather-long-name-of-a-domain.example.net" for number in range(4000)]
    outpost.submit("-f", "alice@example.org", *refused, message=b"Subject: to all the bobs\n\nx\n")
    outpost.submit("-f", "alice@example.org", "carol@example.net", message=b"Subject: of another\n\n")
    refusing.wait("of another")
    outpost.wait_until_empty()
    told = b"".join(kept.content for kept in refusing.containing("to all the bobs"))
    assert all(f"Final-Recipient: rfc822; {address}".encode() in told for address in refused)
    assert "cannot change the queue" not in outpost.log()
