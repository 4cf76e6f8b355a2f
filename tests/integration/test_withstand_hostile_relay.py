"""outpost -> a scripted relay that means harm, or is broken in ways that look so.

Expect: each message arrives once, or waits with the relay's own words as its reason; nothing is returned that was not
refused; a relay that takes no message is not asked once for each.
"""
import re
import socket
import struct

import pytest

from harness.scripted import CUT, cut, first, reply

SLOW = {"minimal_backoff_time": "1h", "maximal_backoff_time": "2h"}  # what is deferred does not arrive while we look


def submit_many(outpost, count, message=b"Subject: number %d.\n\n"):
    for n in range(count):
        outpost.sendmail("-f", "alice@example.org", "bob@example.net", message=message % n)


def subjects(server):
    return sorted(int(re.search(rb"Subject: number (\d+)\.", kept.content)[1]) for kept in server.kept)


def after_one_message(action):
    """`action` for each message of a connection but its first."""
    return lambda session: action(session) if any(kept.session == session.number for kept in session.server.kept) else None


@pytest.mark.parametrize("end", [cut, reply("421 4.7.0 one message a connection")], ids=["silently", "with 421"])
def test_relay_that_takes_one_message_a_connection(plain, relays, end):
    server = relays.scripted(at={"MAIL": after_one_message(lambda session: _then_close(session, end))})
    outpost = plain(server, **SLOW)
    submit_many(outpost, 40)
    outpost.start()
    outpost.wait_until_empty()
    assert subjects(server) == list(range(40))
    assert "status=deferred" not in outpost.log()


def test_relay_that_says_everything_twice_after_a_message(plain, relays):
    # In one segment: what comes later may be taken for the answer to the next command, and then a message waits.
    server = relays.scripted(at={"DOT": lambda session: b"250 2.0.0 kept\r\n" * 2})
    outpost = plain(server, **SLOW)
    submit_many(outpost, 20)
    outpost.start()
    outpost.wait_until_empty()
    assert subjects(server) == list(range(20))


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_relay_that_greets_and_then_hangs_up_is_not_asked_for_each_message(plain, relays, stage):
    server = relays.scripted(at={stage: cut})
    outpost = plain(server, **SLOW)
    submit_many(outpost, 60)
    outpost.start()
    outpost.wait_for_log("lost connection.*its mail waits")
    assert len(server.sessions) <= 15
    server.at.clear()
    outpost.command("flush")
    outpost.wait_until_empty()
    assert subjects(server) == list(range(60))


@pytest.mark.parametrize("pipelining", [True, False])
def test_one_reply_too_many_returns_nobody(plain, relays, pipelining):
    """MAIL is answered twice: the refusal of one recipient is then the reply that is read for the next."""
    def by_recipient(session):
        return b"550 5.1.1 unknown\r\n" if "gone@" in session.commands[-1] else None

    server = relays.scripted(at={"MAIL": first(1, reply("250 2.1.0 ok\r\n250 2.1.0 ok")), "RCPT": by_recipient},
                             capabilities=("PIPELINING",) if pipelining else ())
    outpost = plain(server, **SLOW).start()
    queue_id = outpost.submit("-f", "alice@example.org", "gone@example.net", "good@example.net",
                              message=b"Subject: shifted\n\n")
    outpost.wait_for_deferred(queue_id)
    assert "status=bounced" not in outpost.log()
    outpost.command("flush")
    sent, notice = sorted(server.wait("Subject: shifted", count=2), key=lambda kept: kept.sender == "")
    assert sent.recipients == ["good@example.net"] and notice.recipients == ["alice@example.org"]


@pytest.mark.parametrize("words", ["552 5.3.4 too large", "421 4.3.2 closing"])
def test_words_amid_the_content_are_the_reason(plain, relays, words):
    server = relays.scripted(at={"CONTENT": first(1, lambda session: _then_close(session, reply(words)))})
    outpost = plain(server, **SLOW).start()
    queue_id = outpost.submit("bob@example.net", message=b"Subject: cut short\n\n" + b"a line of content\n" * 500_000)
    assert words in outpost.wait_for_deferred(queue_id)["reason"]
    outpost.command("flush")
    server.wait("Subject: cut short")


def test_reset_amid_the_content(plain, relays):
    def reset(session):
        session.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return CUT

    server = relays.scripted(at={"CONTENT": first(1, reset)})
    outpost = plain(server, **SLOW).start()
    queue_id = outpost.submit("bob@example.net", message=b"Subject: reset\n\n" + b"a line of content\n" * 500_000)
    assert "lost connection" in outpost.wait_for_deferred(queue_id)["reason"]
    outpost.command("flush")
    server.wait("Subject: reset")


CAPABILITIES = {
    "a size beyond all numbers": ["PIPELINING", "SIZE 99999999999999999999999999"],
    "a negative size": ["SIZE -1"],
    "nine thousand keywords": [f"X-{n}" for n in range(9000)] + ["PIPELINING"],
    "keywords full of escapes": ["\x1b[2J", "SIZE \0", "PIPELINING\t"],
    "PIPELINING twice": ["PIPELINING", "PIPELINING"],
}


@pytest.mark.parametrize("capabilities", CAPABILITIES)
def test_absurd_capabilities(plain, relays, capabilities):
    server = relays.scripted(capabilities=CAPABILITIES[capabilities])
    outpost = plain(server, **SLOW).start()
    outpost.submit("bob@example.net", message=b"Subject: absurd\n\n")
    server.wait("Subject: absurd")
    outpost.wait_until_empty()


def test_relay_that_takes_few_recipients_at_once(plain, relays):
    """452 from the tenth on: those taken are sent, the others wait, and nobody is returned or sent to twice."""
    def ten(session):
        mail = max(n for n, command in enumerate(session.commands) if command.upper().startswith("MAIL"))
        return b"452 4.5.3 too many recipients\r\n" if len(session.commands) - mail > 11 else None

    server = relays.scripted(at={"RCPT": ten})
    outpost = plain(server, minimal_backoff_time="1s", maximal_backoff_time="1s").start()
    people = [f"r{n}@example.net" for n in range(35)]
    outpost.submit("-f", "alice@example.org", *people, message=b"Subject: many\n\n")
    outpost.wait_until_empty()
    taken = [recipient for kept in server.kept for recipient in kept.recipients]
    assert sorted(taken) == sorted(people)


def _then_close(session, action):
    """The words of `action`, if it has any, and the end of the connection."""
    words = action(session)
    if words is not CUT:
        session.send(words)
    return CUT
