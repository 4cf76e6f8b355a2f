"""One relay for all: big messages (many recipients, large content), a deep backlog, and a one-line alert among them.

Expect: the alert waits for none of them, and none of them waits for ever.
"""
import re
import threading
import time

import pytest

ALERT = b"Subject: disk failing\n\nsda\n"


def slow(seconds, is_meant=lambda session: True):
    """A relay that thinks for a while about the end of each message."""
    def act(session):
        if is_meant(session):
            time.sleep(seconds)
    return act


def recipients_of(session):
    """Of the transaction under way."""
    last = max(n for n, command in enumerate(session.commands) if command.startswith("MAIL"))
    return sum(command.startswith("RCPT") for command in session.commands[last:])


def size_of(session):
    mail = [command for command in session.commands if command.startswith("MAIL")][-1]
    return int(re.search(r"SIZE=(\d+)", mail).group(1))


class Gate:
    """Holds the messages that are meant at their end, until it is opened; never for longer than a test may take."""

    def __init__(self, is_meant):
        self.is_meant, self.waiting = is_meant, threading.Semaphore(0)
        self._open = threading.Event()

    def __call__(self, session):
        if self.is_meant(session) and not self._open.is_set():
            self.waiting.release()
            self._open.wait(60)

    def wait_for(self, count):
        for _ in range(count):
            assert self.waiting.acquire(timeout=30)

    def open(self):
        self._open.set()


def people(count):
    return [f"person{n}@example.net" for n in range(count)]


def of(relay, text):
    """Their places in the order in which the relay has taken them."""
    return [place for place, kept in enumerate(list(relay.kept)) if text in kept.content]


def test_an_alert_overtakes_a_message_with_ten_thousand_recipients(plain, relays):
    gate = Gate(lambda session: recipients_of(session) > 1)
    greylisted = set()

    def greylist(session):
        command = session.commands[-1]
        if "late" in command and command not in greylisted:
            greylisted.add(command)
            return b"450 4.2.0 try again later\r\n"
        return slow(0.003)(session)

    relay = relays.scripted(at={"DOT": gate, "RCPT": greylist})
    outpost = plain(relay, smtp_destination_concurrency_limit=5).start()
    outpost.submit(*people(10000), message=b"Subject: newsletter\n\n")
    gate.wait_for(4)
    outpost.submit("root@example.net", message=ALERT)
    relay.wait("disk failing", timeout=10)
    assert not of(relay, b"newsletter")
    assert not gate.waiting.acquire(timeout=0.2), "the last connection is not for the newsletter"

    queue_id = outpost.submit("late@example.net", message=b"Subject: greylisted\n\n")
    outpost.wait_for_deferred(queue_id)
    gate.open()
    relay.wait("greylisted", timeout=30)
    assert len(of(relay, b"newsletter")) < 180, "it has waited for all others"
    outpost.wait_until_empty()
    sent = [address for kept in relay.containing("newsletter") for address in kept.recipients]
    assert sorted(sent) == sorted(people(10000))


def test_an_alert_overtakes_large_contents(plain, relays):
    gate = Gate(lambda session: size_of(session) > 1000000)
    relay = relays.scripted(at={"DOT": gate})
    outpost = plain(relay, smtp_destination_concurrency_limit=5).start()
    for n in range(8):
        outpost.submit("bob@example.net", message=b"Subject: large %d\n\n" % n + b"x" * 70 * 30000 + b"\n")
    gate.wait_for(4)
    outpost.submit("root@example.net", message=ALERT)
    relay.wait("disk failing", timeout=10)
    assert not of(relay, b"large")
    gate.open()
    outpost.wait_until_empty()
    assert len(of(relay, b"large")) == 8


@pytest.mark.parametrize("recipients, size", [(500, 100), (1, 300000)])
def test_an_alert_takes_turns_with_big_messages_on_a_single_connection(plain, relays, recipients, size):
    relay = relays.scripted(at={"DOT": slow(0.1)})
    outpost = plain(relay, smtp_destination_concurrency_limit=1).start()
    for n in range(10 if recipients == 1 else 1):
        outpost.submit(*people(recipients), message=b"Subject: big %d\n\n" % n + (b"x" * 69 + b"\n") * (size // 70 + 1))
    relay.wait("Subject: big 0", count=1) if recipients == 1 else time.sleep(0.3)
    before = len(relay.kept)
    outpost.submit("root@example.net", message=ALERT)
    relay.wait("disk failing")
    assert of(relay, b"disk failing")[0] - before <= 3
    outpost.wait_until_empty()
    assert len(of(relay, b"Subject: big")) == 10


def test_an_alert_overtakes_a_backlog_which_does_not_wait_for_ever(plain, relays):
    relay = relays.scripted(at={"DOT": slow(0.1)})
    outpost = plain(relay, smtp_destination_concurrency_limit=5)
    for n in range(200):
        outpost.sendmail("bob@example.net", message=b"Subject: old %d.\n\n" % n)
    outpost.start()
    relay.wait("Subject: old 0.")
    before = len(relay.kept)
    outpost.submit("root@example.net", message=ALERT)
    relay.wait("disk failing")
    assert of(relay, b"disk failing")[0] - before <= 20, "it waits for what has been given to connections at most"

    before = len(relay.kept)
    outpost.submit(*people(100), message=b"Subject: newsletter\n\n")
    relay.wait("newsletter", count=2)
    assert of(relay, b"newsletter")[-1] - before <= 60, "bulk has its share beside a backlog of light mail"
    outpost.wait_until_empty()
    assert len(of(relay, b"Subject: old")) == 200


def test_new_mail_does_not_keep_older_mail_from_leaving(plain, relays):
    relay = relays.scripted(at={"DOT": slow(0.2)})
    outpost = plain(relay, smtp_destination_concurrency_limit=1).start()
    for n in range(6):
        outpost.submit("bob@example.net", message=b"Subject: old %d.\n\n" % n)
    before = len(relay.kept)
    for n in range(40):
        outpost.submit("bob@example.net", message=b"Subject: new %d.\n\n" % n)
    relay.wait("Subject: old 5.", timeout=30)
    assert of(relay, b"old 5.")[0] - before <= 20, "every second one is an old one"
    outpost.wait_until_empty()
