"""outpost -> a scripted relay whose replies are too long, too many, binary, or nonsense.

Expect: bounded, deferred, logged; what is shown to people is printable; the message arrives once the relay is sane.
"""
import re

import pytest

from harness.scripted import first, stall


def _printable(text):
    return not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)


@pytest.mark.core
def test_text_full_of_escapes_latin1_and_nul(plain, relays):
    server = relays.scripted(at={"DOT": lambda session: _kept(session)})
    outpost = plain(server).start()
    queue_id = outpost.submit("bob@example.net", message=b"Subject: nasty\n\n")
    outpost.wait_until_empty()
    assert server.answered == 1
    line = outpost.wait_for_log(rf"{queue_id}: .*status=sent")[0]
    trace = outpost.trace(queue_id)
    assert _printable(line) and _printable(trace)
    assert "status=sent (250 2.0.0 caf" in line and "forged" in line, "one line, whatever the text wanted"
    assert len(re.findall(queue_id + ".*forged", outpost.log())) == 1


def _kept(session):
    session.server.answered = getattr(session.server, "answered", 0) + 1
    return b"250 2.0.0 caf\xe9 \x1b]0;owned\x07\x1b[31m\0 \x9b2J\rNov 21 00:00:00 host forged\x7f\r\n"


BABBLE = {
    "a line of a megabyte": b"250 " + b"x" * 1_000_000 + b"\r\n",
    "a line without end": b"250 " + b"x" * 1_000_000,
    "ten thousand lines": b"250-and on\r\n" * 10_000 + b"250 end\r\n",
    "no reply at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
    "an empty line": b"\r\n",
    "a code that changes": b"250-one\r\n550 two\r\n",
    "a code of four digits": b"2500 ok\r\n",
    "a code from nowhere": b"999 ok\r\n",
}


@pytest.mark.parametrize("stage", ["GREETING", "EHLO", "MAIL", "DOT"])
@pytest.mark.parametrize("babble", BABBLE)
def test_babble_is_deferred_and_the_message_arrives_later(plain, relays, stage, babble):
    server = relays.scripted(at={stage: first(1, lambda session: BABBLE[babble])})
    outpost = plain(server, **{f"smtp_{stage}_timeout": "2s" for stage in
                               ("helo", "mail", "rcpt", "data_init", "data_done", "rset", "quit")}).start()
    queue_id = outpost.submit("bob@example.net", message=b"Subject: babble\n\n")
    line = outpost.wait_for_log(rf"{queue_id}: to=<bob@example.net>, .*status=")[0]
    assert "status=deferred" in line and _printable(line) and len(line) < 4096
    outpost.wait_until_empty()
    # What says 250 at too great a length leaves open whether the message was kept: it is in doubt, and comes again.
    kept = stage == "DOT" and BABBLE[babble].startswith(b"250") and BABBLE[babble].endswith((b"x\r\n", b"end\r\n"))
    server.wait("Subject: babble", count=2 if kept else 1)


def test_relay_that_says_nothing_is_given_up_after_the_time_out(plain, relays):
    server = relays.scripted(at={"MAIL": first(1, stall)})
    outpost = plain(server, smtp_mail_timeout="2s").start()
    queue_id = outpost.submit("bob@example.net", message=b"Subject: silence\n\n")
    reason = outpost.wait_for_deferred(queue_id)["reason"]
    assert re.search("(?i)timed? ?out|conversation", reason), reason
    server.wait("Subject: silence")
