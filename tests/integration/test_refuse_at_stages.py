"""outpost -> a scripted relay that says 5xx, 4xx or nothing at all at one stage of the session.

Expect: a refusal of the message (MAIL, RCPT, DATA, end of content) returns it; a refusal before that is the path's or
the account's trouble and returns nothing, though the administrator may be told; 4xx and a cut connection are tried
again, and the message arrives once.
"""
import pytest

from harness.scripted import cut, first, reply
from harness.store import unfolded

BEFORE_MAIL = ["GREETING", "EHLO", "STARTTLS", "AUTH"]
OF_MESSAGE = ["MAIL", "RCPT", "DATA", "DOT"]
STAGES = BEFORE_MAIL + OF_MESSAGE
ADMINISTRATORS = ("double-bounce@example.org", "postmaster@example.org")


@pytest.fixture
def relay(relays, authority):
    def make(**options):
        return relays.scripted(certificate=authority.issue("localhost"), users={"alice": "secret"}, **options)
    return make


def to_people(action):
    """The action for messages that are no notices; those pass."""
    def act(session):
        last_mail = [command for command in session.commands if command.upper().startswith("MAIL")][-1]
        return None if "FROM:<>" in last_mail.upper() else action(session)
    return act


@pytest.mark.core
@pytest.mark.parametrize("stage", OF_MESSAGE)
def test_permanent_refusal_returns_the_message(client, relay, stage):
    server = relay(at={stage: to_people(reply("554 5.7.1 not that one\u0000\u001b[2J"))})
    outpost = client(server).start()
    queue_id = outpost.submit("-f", "alice@example.org", "bob@example.net", message=b"Subject: refused\n\nbody\n")
    notice = server.wait("Subject: refused")
    assert notice.sender == "" and notice.recipients == ["alice@example.org"]
    assert b"multipart/report" in notice.content and b"message/delivery-status" in notice.content
    assert b"not that one" in unfolded(notice.content) and b"\x1b" not in notice.content and b"\0" not in notice.content
    assert b"5.7.1" in notice.content and b"bob@example.net" in notice.content
    outpost.wait_for_log(rf"{queue_id}: to=<bob@example.net>, .*dsn=5\.7\.1, status=bounced")
    outpost.wait_until_empty()


def assert_nothing_returned(server):
    """The message of alice arrived once, and nothing else but what the administrator is told."""
    others = [transaction for transaction in server.kept if transaction.sender != "alice@example.org"]
    assert len(server.kept) - len(others) == 1
    assert {(notice.sender, *notice.recipients) for notice in others} <= {ADMINISTRATORS}


@pytest.mark.parametrize("stage", BEFORE_MAIL)
def test_permanent_refusal_before_the_message_returns_nothing(client, relay, stage):
    server = relay(at={stage: first(3, reply("554 5.7.0 go away"))})
    outpost = client(server).start()
    queue_id = outpost.submit("-f", "alice@example.org", "bob@example.net", message=b"Subject: kept\n\n")
    outpost.wait_for_deferred(queue_id)
    assert server.kept == []
    outpost.command("flush")
    outpost.wait_for_deferred(queue_id)
    # The relay is mended; whatever had been returned would arrive as well.
    server.at.clear()
    outpost.command("flush")
    server.wait("Subject: kept")
    outpost.wait_until_empty()
    assert_nothing_returned(server)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_login_wanted_by_a_relay_that_main_cf_has_none_for_returns_nothing(plain, relays, stage):
    server = relays.scripted(at={stage: reply("530 5.7.0 Authentication required")})
    outpost = plain(server).start()
    queue_id = outpost.submit("-f", "alice@example.org", "bob@example.net", message=b"Subject: kept\n\n")
    assert "Authentication required" in outpost.wait_for_deferred(queue_id)["reason"]
    outpost.wait_for_log("Authentication required.*its mail waits")
    server.at.clear()
    outpost.command("flush")
    server.wait("Subject: kept")
    outpost.wait_until_empty()
    assert_nothing_returned(server)


@pytest.mark.parametrize("stage", STAGES)
def test_temporary_refusal_is_tried_again(client, relay, stage):
    server = relay(at={stage: first(1, reply("451 4.7.1 later"))})
    outpost = client(server).start()
    queue_id = outpost.submit("bob@example.net", message=b"Subject: again\n\n")
    outpost.wait_for_log(rf"{queue_id}: to=<bob@example.net>, .*status=deferred")
    server.wait("Subject: again")
    outpost.wait_until_empty()


@pytest.mark.core
@pytest.mark.parametrize("stage", STAGES + ["CONTENT"])
def test_connection_cut_is_tried_again(client, relay, stage):
    server = relay(at={stage: first(1, cut)})
    outpost = client(server).start()
    outpost.submit("bob@example.net", message=b"Subject: cut off\n\n" + b"a line of content\n" * 5000)
    server.wait("Subject: cut off")
    outpost.wait_until_empty()


def test_answer_lost_after_the_content_is_in_doubt_and_said_so(client, relay):
    """The one window of promise 2: the relay took the message, and its 250 never came."""
    server = relay(at={"DOT": first(1, cut)})
    outpost = client(server).start()
    queue_id = outpost.submit("bob@example.net", message=b"Subject: doubtful\nMessage-Id: <doubtful@example.org>\n\n")
    server.wait("Subject: doubtful")  # the second try, under the same Message-Id
    outpost.wait_until_empty()
    assert "in doubt" in outpost.trace(queue_id)


def test_one_message_refused_does_not_hold_up_the_next(client, relay):
    server = relay(at={"RCPT": lambda session: b"450 4.2.0 mailbox busy\r\n" if "busy@" in session.commands[-1] else None})
    outpost = client(server, minimal_backoff_time="1h", maximal_backoff_time="2h").start()
    waiting = outpost.submit("busy@example.net", message=b"Subject: busy\n\n")
    for n in range(5):
        outpost.submit("bob@example.net", message=b"Subject: free\n\n")
    server.wait("Subject: free", count=5)
    assert outpost.wait_for_deferred(waiting)["address"] == "busy@example.net"


def test_recipients_of_one_message_meet_their_own_fates(client, relay):
    def by_recipient(session):
        command = session.commands[-1]
        return b"550 5.1.1 unknown\r\n" if "gone@" in command else b"452 4.2.2 full\r\n" if "full@" in command else None

    server = relay(at={"RCPT": by_recipient})
    outpost = client(server, minimal_backoff_time="1h", maximal_backoff_time="2h").start()
    queue_id = outpost.submit("-f", "alice@example.org", "good@example.net", "gone@example.net", "full@example.net",
                              message=b"Subject: fates\n\n")
    sent, notice = sorted(server.wait("Subject: fates", count=2), key=lambda kept: kept.sender == "")
    assert sent.recipients == ["good@example.net"]
    assert b"gone@example.net" in notice.content and b"full@example.net" not in notice.content.split(b"Subject: fates")[0]
    assert outpost.wait_for_deferred(queue_id)["address"] == "full@example.net"
    [message] = outpost.queue()
    assert [recipient["address"] for recipient in message["recipients"]] == ["full@example.net"]
