"""sendmail -> queue.db, which is damaged under the stopped or running mailer -> the relay.

Expect: the damaged file is set aside with its log, what can be read of it is sent, once; what was sent is not sent again;
what is lost or damaged is named in the log, kept as dead letters, and told to the administrator; new mail flows at once.
"""
import time

import pytest

from harness.wait import wait_for

PAGE = 4096
COUNT = 40


@pytest.fixture
def waiting(relays, outposts):
    """A mailer with COUNT messages deferred, its relay, and the messages' ids."""
    server = relays.scripted()
    server.at["MAIL"] = lambda session: b"451 4.3.0 later\r\n"
    outpost = outposts(relayhost=server.destination, smtp_tls_security_level="none", minimal_backoff_time="1s",
                       maximal_backoff_time="1s", notify_classes="data, software",
                       error_notice_recipient="root@example.org")
    outpost.start()
    ids = [outpost.submit(f"to{i}@example.org", message=f"Subject: number {i}.\n\n{'text ' * 300}\n".encode())
           for i in range(COUNT)]
    return outpost, server, ids


def database(outpost):
    return outpost.spool / "private" / "queue.db"


def overwrite(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


def expect_all_accounted_for(outpost, server, ids):
    """Each is sent once, or named as damaged or lost."""
    def accounted():
        log = outpost.log()
        return all(f"{queue_id}: to=" in log and f"{queue_id}: removed" in log or
                   f"dead letter: {queue_id}" in log or f"lost: {queue_id}" in log for queue_id in ids)
    wait_for(accounted, "all messages to be accounted for", timeout=60, detail=lambda: outpost.log()[-6000:])
    for i, queue_id in enumerate(ids):
        assert len(server.containing(f"Subject: number {i}.")) == (1 if f"{queue_id}: removed" in outpost.log() else 0)


def expect_new_mail_to_flow(outpost, server):
    later = outpost.submit("later@example.org", message=b"Subject: later\n\n")
    outpost.wait_for_log(rf"{later}: to=.*status=sent")
    server.wait("Subject: later")


@pytest.mark.core
@pytest.mark.parametrize("what", ["header", "middle", "cut", "log"])
def test_stopped_queue_that_is_damaged_is_salvaged(waiting, what):
    outpost, server, ids = waiting
    if what == "log":
        outpost.kill("outpost-queue-runner")
        wait_for(lambda: not outpost.processes(), "the programs to end")
        log = database(outpost).with_name("queue.db-wal")
        overwrite(log, log.stat().st_size // 2, b"\xa5" * 100)
    else:
        outpost.stop()
        size = database(outpost).stat().st_size
        if what == "header":
            overwrite(database(outpost), 0, b"\0" * 100)
        elif what == "middle":
            for page in range(4, size // PAGE, 5):
                overwrite(database(outpost), page * PAGE + 3, b"\xff" * 50)
        else:
            with open(database(outpost), "r+b") as file:
                file.truncate(size // 2)
    del server.at["MAIL"]
    outpost.start()
    outpost.wait_for_log("the queue database was damaged: .* are saved")
    if what == "log":  # what waits is in doubt, and would wait for some minutes
        outpost.command("flush")
    aside = list((outpost.spool / "private").glob("queue.db.damaged-*"))
    assert len([path for path in aside if not path.name.endswith("-wal")]) == 1
    if what != "cut":
        expect_all_accounted_for(outpost, server, ids)
    if what == "header":
        assert len(server.containing("Subject: number")) == COUNT
    expect_new_mail_to_flow(outpost, server)
    server.wait("the queue database was damaged")


def test_running_mailer_salvages_its_queue_and_goes_on(waiting):
    outpost, server, ids = waiting
    runner = outpost.processes("outpost-queue-runner")
    outpost.configure(minimal_backoff_time="1000s", maximal_backoff_time="1000s")
    outpost.command("flush")
    for queue_id in ids:
        outpost.wait_for_log(rf"{queue_id}: to=.*451", count=2)
    time.sleep(3)  # idle, it gives its cache back
    # What waits is in the file or in its log: every third page of either, but for the file's first, becomes none.
    path = database(outpost)
    log = path.with_name("queue.db-wal")
    for offset in range(2 * PAGE, path.stat().st_size, 3 * PAGE):
        overwrite(path, offset, b"\x5a" * 8)
    with open(log, "rb") as file:
        frames = [(offset, file.seek(offset) and file.read(4)) for offset in range(32, log.stat().st_size, PAGE + 24)]
    for offset, number in frames[::3]:
        if number != b"\0\0\0\1":
            overwrite(log, offset + 24, b"\x5a" * 8)
    del server.at["MAIL"]
    outpost.command("flush")
    outpost.wait_for_log("the queue database was damaged: .* are saved")
    expect_new_mail_to_flow(outpost, server)
    assert outpost.processes("outpost-queue-runner") == runner
    for i in range(COUNT):
        assert len(server.containing(f"Subject: number {i}.")) <= 1
