"""Mail that could leave faster than its administrator wants, or not at all until a flush.

Expect: a rate delay spaces deliveries; defer_transports keeps mail until it is flushed, and then only what is meant;
status, queue list and log say why mail waits.
"""
import re
import time

import pytest


@pytest.fixture
def timed(relays):
    """A relay that notes when each transaction began."""
    begun = []
    relay = relays.scripted(at={"MAIL": lambda session: begun.append(time.monotonic())})
    return relay, begun


def test_a_destination_rate_delay_pauses_after_each_delivery(plain, timed):
    relay, begun = timed
    outpost = plain(relay, default_destination_rate_delay="2s")
    for n in range(3):
        outpost.sendmail("bob@example.net", message=b"Subject: paced %d.\n\n" % n)
    outpost.start()
    relay.wait("paced", count=1)
    waiting = outpost.queue()
    assert len(waiting) == 2 and {one["recipients"][0]["reason"] for one in waiting} == {"rate delay"}, waiting
    assert re.search(r"rate delay, next delivery in [12] s", outpost.command("status"))
    assert outpost.wait_for_log(r"mail waits: rate delay, next delivery in \d s")
    outpost.wait_until_empty()
    assert all(later - earlier >= 1.9 for earlier, later in zip(begun, begun[1:])), begun


def test_a_transport_rate_delay_spaces_the_beginnings(plain, timed):
    relay, begun = timed
    outpost = plain(relay, smtp_transport_rate_delay="1s").start()
    start = time.monotonic()
    for n in range(3):
        outpost.sendmail("bob@example.net", message=b"Subject: paced %d.\n\n" % n)
    outpost.wait_until_empty()
    assert len(begun) == 3 and all(time >= start + n for n, time in enumerate(begun)), (start, begun)


def test_deferred_transport_waits_for_a_flush(plain, relays):
    relay = relays.scripted()
    outpost = plain(relay, defer_transports="smtp").start()
    first = outpost.submit("ana@example.org", message=b"Subject: first\n\n")
    second = outpost.submit("bob@example.net", message=b"Subject: second\n\n")
    time.sleep(1)
    assert not relay.sessions
    assert {one["recipients"][0]["reason"] for one in outpost.queue()} == {"deferred transport: waits for a flush"}
    assert "deferred transport: waits for a flush" in outpost.command("status")

    outpost.command("flush", "--id", second)
    relay.wait("Subject: second")
    outpost.wait_for_log(f"{second}: removed")
    assert [one["id"] for one in outpost.queue()] == [first]

    outpost.command("flush")
    relay.wait("Subject: first")
    outpost.wait_until_empty()
    outpost.submit("ana@example.org", message=b"Subject: after the flush\n\n")
    time.sleep(1)
    assert len(relay.kept) == 2


def test_a_destination_that_is_never_dead_is_tried_with_each_message(plain, relays):
    relay = relays.scripted(at={"GREETING": lambda session: b"421 4.3.2 busy\r\n"})
    outpost = plain(relay, smtp_destination_concurrency_failed_cohort_limit=0,
                    destination_concurrency_feedback_debug="yes", minimal_backoff_time="1h",
                    maximal_backoff_time="1h").start()
    ids = [outpost.submit("bob@example.net", message=b"Subject: %d\n\n" % n) for n in range(3)]
    for queue_id in ids:
        outpost.wait_for_deferred(queue_id)
    time.sleep(1)
    assert len(relay.sessions) == 3, "one connection a message, and no storm"
    assert outpost.wait_for_log(r"concurrency \d, success \d\.\d\d, failure \d\.\d\d, failed cohorts \d\.\d\d")
