"""sendmail -> outpost (a laptop) --cable--> the relay, in two networks of the test's own. The cable comes and goes.

Expect: without a way nothing is tried and nothing counted; with one all leaves at once, over one connection first; mail
for a relay on this host does not care.
"""
import time

import pytest

from harness.certificates import Authority
from harness.network import Network
from harness.scripted import ScriptedServer
from harness.wait import wait_for

LAPTOP, RELAY, PORT = "198.51.100.2", "198.51.100.1", 2525
# Nothing but the network's coming back makes mail leave within a test.
SLOW = {"minimal_backoff_time": "1h", "maximal_backoff_time": "2h", "smtp_tls_security_level": "none"}


class Laptop:
    def __init__(self):
        self.world, self.network = Network(linked=False), Network(linked=False)
        self.network.cable(self.world)
        self.world.ip("link", "set", "cable", "up")
        self.world.ip("addr", "add", f"{RELAY}/24", "dev", "cable")
        self.network.ip("link", "set", "cable", "up")
        self.network.ip("addr", "add", f"{LAPTOP}/24", "dev", "cable")

    def plug_in(self):
        self.world.ip("link", "set", "cable", "up")

    def pull_out(self):
        """The kernel takes up to a second to believe it."""
        self.world.ip("link", "set", "cable", "down")
        wait_for(lambda: "linkdown" in self.network.ip("route", "show", "dev", "cable"), "no carrier")

    def close(self):
        self.network.close()
        self.world.close()


@pytest.fixture
def laptop():
    made = Laptop()
    yield made
    made.close()


@pytest.fixture
def relay(laptop):
    with laptop.world.entered():
        server = ScriptedServer(address=RELAY, port=PORT)
    yield server
    server.close()


def submit(outpost, subject):
    return outpost.submit("bob@example.net", message=b"Subject: %s\n\n" % subject.encode())


@pytest.mark.core
def test_mail_written_offline_leaves_when_the_network_is_back(laptop, relay, outposts):
    laptop.pull_out()
    outpost = outposts(network=laptop.network, relayhost=f"[{RELAY}]:{PORT}", **SLOW).start()
    ids = [submit(outpost, f"train {n}") for n in range(12)]
    time.sleep(1)
    assert "offline since" in outpost.command("status") and "12 messages wait" in outpost.command("status")
    for message in outpost.queue():
        assert "no network" in message["recipients"][0]["reason"], message
    assert not any("status=" in line for line in outpost.log().splitlines()), "an attempt was counted"
    laptop.plug_in()
    for n in range(12):
        relay.wait(f"Subject: train {n}\r", timeout=10)
    outpost.wait_until_empty()
    assert "offline" not in outpost.command("status")
    for queue_id in ids:
        assert "deferred" not in outpost.trace(queue_id)


def test_mail_does_not_age_offline(laptop, relay, outposts):
    """A lifetime of four seconds, six of them offline: the first attempt, refused for now, does not return it."""
    laptop.pull_out()
    refused = []
    relay.at["MAIL"] = lambda session: None if refused else refused.append(session) or b"451 4.3.0 not yet\r\n"
    outpost = outposts(network=laptop.network, relayhost=f"[{RELAY}]:{PORT}", smtp_tls_security_level="none",
                       maximal_queue_lifetime="4s", minimal_backoff_time="1s", maximal_backoff_time="1s").start()
    queue_id = submit(outpost, "patient")
    time.sleep(6)
    laptop.plug_in()
    relay.wait("Subject: patient\r", timeout=15)
    assert "returned" not in outpost.log()
    assert outpost.wait_for_log(f"{queue_id}: to=.*status=deferred .*not yet")


@pytest.mark.parametrize("order", ["flush", "reload"])
def test_orders_make_no_network(laptop, relay, outposts, order):
    laptop.pull_out()
    outpost = outposts(network=laptop.network, relayhost=f"[{RELAY}]:{PORT}", smtp_connect_timeout="1s", **SLOW).start()
    submit(outpost, "ordered")
    outpost.command(order)
    time.sleep(3)
    assert not any("status=" in line for line in outpost.log().splitlines()), "an attempt was counted"
    [message] = outpost.queue()
    assert "no network" in message["recipients"][0]["reason"]
    laptop.plug_in()
    relay.wait("Subject: ordered\r", timeout=10)


def test_first_connection_is_a_probe(laptop, relay, outposts):
    laptop.pull_out()
    relay.at["GREETING"] = lambda session: time.sleep(2)
    outpost = outposts(network=laptop.network, relayhost=f"[{RELAY}]:{PORT}", **SLOW).start()
    for n in range(10):
        submit(outpost, f"probe {n}")
    laptop.plug_in()
    outpost.wait_for_log("queue active")
    time.sleep(1)
    assert len(relay.sessions) == 1
    for n in range(10):
        relay.wait(f"Subject: probe {n}\r")


def test_network_that_goes_away_costs_no_backoff(laptop, relay, outposts):
    outpost = outposts(network=laptop.network, relayhost=f"[{RELAY}]:{PORT}", smtp_connect_timeout="2s", **SLOW).start()
    submit(outpost, "before")
    relay.wait("Subject: before\r")
    laptop.pull_out()
    outpost.wait_for_log("offline")
    submit(outpost, "meanwhile")
    time.sleep(2.5)
    laptop.plug_in()
    relay.wait("Subject: meanwhile\r", timeout=10)


def test_link_that_flaps_makes_no_storm(laptop, relay, outposts):
    laptop.pull_out()
    relay.close()  # whoever comes is refused
    outpost = outposts(network=laptop.network, relayhost=f"[{RELAY}]:{PORT}", **SLOW).start()
    queue_id = submit(outpost, "flapping")
    for n in range(20):
        (laptop.pull_out if n % 2 else laptop.plug_in)()
        time.sleep(0.5)
    laptop.plug_in()
    outpost.wait_for_log("refused")
    attempts = outpost.log().count(f"{queue_id}: to=")
    assert attempts <= 4, outpost.log()


def test_new_address_and_new_resolver_are_tried_at_once(laptop, relay, outposts):
    relay.close()
    outpost = outposts(network=laptop.network, relayhost=f"[{RELAY}]:{PORT}", **SLOW).start()
    queue_id = submit(outpost, "moved")
    outpost.wait_for_log(f"{queue_id}: to=.*refused")
    with laptop.world.entered():
        again = ScriptedServer(address=RELAY, port=PORT)
    laptop.network.ip("addr", "add", "198.51.100.77/24", "dev", "cable")
    again.wait("Subject: moved\r", timeout=10)
    again.close()


@pytest.fixture
def certificates(tmp_path, authority):
    """Of the relay, and of somebody who answers in its place."""
    return authority.issue("relay.example.net"), Authority(tmp_path / "portal", "Portal CA").issue("portal.example.com")


@pytest.fixture
def verifying(laptop, outposts, authority):
    return lambda **parameters: outposts(**{
        "network": laptop.network, "relayhost": f"[{RELAY}]:{PORT}", **SLOW, "smtp_tls_CAfile": str(authority.certificate),
        "smtp_tls_security_level": "secure", "smtp_tls_secure_cert_match": "relay.example.net", **parameters})


def secure_relay(laptop, certificate):
    with laptop.world.entered():
        return ScriptedServer(address=RELAY, port=PORT, certificate=certificate)


def test_certificate_that_was_never_good_returns_nothing_and_is_told_of_once(laptop, certificates, verifying):
    good, wrong = certificates
    with secure_relay(laptop, wrong) as server:
        outpost = verifying(maximal_queue_lifetime="1s").start()
        outpost.wait_for_deferred(submit(outpost, "first"))
        time.sleep(2)  # a lifetime
        outpost.wait_for_deferred(submit(outpost, "second"))
        assert server.kept == []
        server.context.load_cert_chain(*good)
        laptop.network.ip("addr", "add", "198.51.100.77/24", "dev", "cable")
        for subject in ("first", "second"):
            server.wait(f"Subject: {subject}\r", timeout=10)
        server.wait("mail is sent through")
        outpost.wait_until_empty()
        assert len(server.kept) == 3, "the two, and one notice"


def test_network_that_answers_in_the_relays_place_returns_nothing(laptop, certificates, verifying):
    """A captive portal: on the network before, the certificate was good. It is gone before minimal_backoff_time is over,
    so that nobody is told."""
    good, wrong = certificates
    with secure_relay(laptop, good) as server:
        outpost = verifying().start()
        submit(outpost, "at home")
        server.wait("Subject: at home\r")
        outpost.wait_until_empty()
        outpost.stop()
        server.context.load_cert_chain(*wrong)
        laptop.network.ip("addr", "add", "198.51.100.77/24", "dev", "cable")
        outpost.start()
        outpost.wait_for_deferred(submit(outpost, "on the train"))
        assert "this one may be answering in its place" in outpost.command("status"), outpost.command("status")
        server.context.load_cert_chain(*good)
        laptop.network.ip("addr", "del", "198.51.100.77/24", "dev", "cable")
        server.wait("Subject: on the train\r", timeout=10)
        outpost.wait_until_empty()
        assert len(server.kept) == 2, "neither a bounce nor a notice"


def test_relay_on_this_host_is_always_reachable(laptop, outposts):
    laptop.pull_out()
    with laptop.network.entered():
        bridge = ScriptedServer(port=PORT)
    outpost = outposts(network=laptop.network, relayhost=f"[localhost]:{PORT}", **SLOW).start()
    submit(outpost, "bridge")
    bridge.wait("Subject: bridge\r")
    bridge.close()


def test_queue_run_without_network_ends(laptop, outposts):
    laptop.pull_out()
    outpost = outposts(network=laptop.network, relayhost=f"[{RELAY}]:{PORT}", **SLOW)
    submit(outpost, "waits")
    outpost.command("start", "--once", timeout=20)
    [message] = outpost.queue()
    assert message["recipients"][0]["state"] == "queued"
