"""sendmail -> queue.db, which somebody edits with sqlite3 while the mailer is stopped -> the relay.

Expect: each message that cannot be true is set aside with one line in the log, kept and shown; the others are sent; nothing
ends; no byte of an edited row reaches a terminal or the wire as it is.
"""
import sqlite3

from harness.wait import wait_for

RECIPIENT = "UPDATE recipient SET {} WHERE message = :key"
MESSAGE = "UPDATE message SET {} WHERE key = :key"
CONTENT = "UPDATE content SET {} WHERE key / 1048576 = :key"

# What is edited, and what the log says of it.
EDITS = {
    RECIPIENT.format("next_attempt = -9223372036854775808"): "next attempt is no time",
    RECIPIENT.format("address = 'a' || char(0) || char(27) || '[31m'"): "recipient address is not clean text",
    RECIPIENT.format("address = hex(zeroblob(3000000))"): "recipient address is not clean text",
    RECIPIENT.format("last_text = hex(zeroblob(9000000))"): "status is not text",
    RECIPIENT.format("attempts = 9223372036854775807"): "attempts out of range",
    RECIPIENT.format("next_hop = char(7)"): "next hop is not clean text",
    MESSAGE.format("size = 99999999999"): "its checksum differs",
    MESSAGE.format("arrival = 9223372036854775807"): "arrival is no time",
    MESSAGE.format("id = '../../etc/passwd'"): "its id is none",
    MESSAGE.format("sender = 'a' || char(10) || 'RCPT TO:<x@y>'"): "sender address is not clean text",
    RECIPIENT.format("address = 'somebody@else.example'"): "its checksum differs",
    CONTENT.format("bytes = x''"): "read content: it is not",
    CONTENT.format("bytes = zeroblob(50000000)"): "read content: it is not",
}


def test_what_cannot_be_true_is_set_aside_and_the_rest_is_sent(relays, outposts):
    server = relays.scripted()
    server.at["MAIL"] = lambda session: b"451 4.3.0 later\r\n"
    outpost = outposts(relayhost=server.destination, smtp_tls_security_level="none", minimal_backoff_time="1s",
                       maximal_backoff_time="1s")
    outpost.start()
    good = [outpost.submit(f"good{i}@example.org", message=f"Subject: good {i}\n\n".encode()) for i in range(3)]
    bad = [outpost.submit(f"bad{i}@example.org", message=f"Subject: bad {i}\n\n".encode()) for i in range(len(EDITS))]
    outpost.stop()
    queue = sqlite3.connect(outpost.spool / "private" / "queue.db")
    keys = dict(queue.execute("SELECT id, key FROM message"))
    with queue:
        for queue_id, edit in zip(bad, EDITS):
            assert queue.execute(edit, {"key": keys[queue_id]}).rowcount == 1, edit
    queue.close()
    assert b"\x1b" not in outpost.run("outpost", "-C", outpost.etc, "mailq").stdout
    del server.at["MAIL"]
    outpost.start()
    runner = outpost.processes("outpost-queue-runner")
    for i, queue_id in enumerate(good):
        server.wait(f"good {i}")
        outpost.wait_for_log(rf"{queue_id}: to=.*status=sent")
    for said in EDITS.values():
        outpost.wait_for_log(rf"damaged in the queue, set aside: .*{said}")
    wait_for(lambda: f"{len(EDITS)} dead letters" in outpost.command("status"), "all of them to be dead",
             detail=lambda: outpost.command("status") + outpost.log()[-4000:])
    outpost.command("flush")
    later = outpost.submit("later@example.org", message=b"Subject: later\n\n")
    outpost.wait_for_log(rf"{later}: to=.*status=sent")
    told = [line for line in outpost.log().splitlines() if "damaged in the queue" in line]
    assert len(told) == len(EDITS), "each is told of once\n" + "\n".join(line[:200] for line in told)
    assert server.containing("Subject: bad") == []
    listed = outpost.run("outpost", "-C", outpost.etc, "mailq").stdout
    assert listed.count(b"damaged in the queue") == len(EDITS) and b"\x1b" not in listed and b"\0" not in listed
    assert outpost.processes("outpost-queue-runner") == runner
