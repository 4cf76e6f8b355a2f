"""200 x sendmail -> outpost (one destination) ==few connections==> Postfix.

Expect: all arrive once, over far fewer connections than messages; and nothing stays for connections once none is needed.
"""
from harness.wait import wait_for


def test_two_hundred_messages_over_few_connections(client, relays):
    relay = relays.postfix().start()
    outpost = client(relay)
    for n in range(200):
        outpost.sendmail("bob@example.net", message=b"Subject: number %d.\n\n" % n)
    outpost.start()
    stored = relay.store.wait("Subject: number", count=200, timeout=90)
    assert {message.header("Subject") for message in stored} == {f"number {n}." for n in range(200)}
    outpost.wait_until_empty()
    assert relay.connections() <= 25, f"{relay.connections()} connections"
    uses = [line for line in outpost.log().splitlines() if "status=sent" in line]
    assert len(uses) == 200


def test_outpost_smtp_ends_after_max_idle_and_comes_again(plain, relays):
    relay = relays.scripted()
    outpost = plain(relay, max_idle="3s").start()
    for n in range(2):
        outpost.sendmail("bob@example.net", message=b"Subject: round %d\n\n" % n)
        relay.wait(f"round {n}")
        assert outpost.processes("outpost-smtp")
        wait_for(lambda: not outpost.processes("outpost-smtp"), "outpost-smtp to end")
    assert "outpost/smtp" in outpost.log() and "warning" not in outpost.log()
