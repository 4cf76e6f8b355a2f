"""sendmail -> outpost --DNS (nsd)--> which relay?  In a network of its own, where 127.0.0.11 to .13 are relays.

Expect: MX records by preference, the next host where one refuses, addresses where there is no MX. What DNS says of a
relay that main.cf names never returns mail; of a recipient's own domain, with relayhost empty, "there is no such
domain", "it takes no mail" and "its mail host has no address" do, and nothing else does.
"""
import json
import time

import pytest

from harness.name_server import A, AAAA, MX, NO_ERROR, SERVER_FAILURE, NameServer, ScriptedNameServer
from harness.network import NAME_SERVER, Network
from harness.scripted import ScriptedServer, reply

PORT = 2525
FIRST, SECOND, THIRD, NOBODY_THERE = "127.0.0.11", "127.0.0.12", "127.0.0.13", "127.0.0.19"

_RECORDS = f"""
first A {FIRST}
second A {SECOND}
third A {THIRD}
closed A {NOBODY_THERE}
ordered MX 20 second
ordered MX 10 first
ordered MX 30 third
several MX 10 many
many A {NOBODY_THERE}
many A {SECOND}
null MX 0 .
plain A {FIRST}
renamed CNAME plain
mxalias MX 10 renamed
wordy TXT "no address, no MX"
hollow MX 10 wordy
half MX 10 wordy
half MX 20 first
unspeakable MX 10 a\\032b
sender A {THIRD}
""" + "".join(f"crowd MX {1000 - n} c{n}\nc{n} A {FIRST if n == 200 else NOBODY_THERE}\n" for n in range(1, 201))

NONSENSE = {
    "noise": b"\xff" * 40,  # no name at all
    "cut": b"\xc0\x0c",  # ends after the name
    "pointer": b"\xc0\x00" + b"\x00\x0f\x00\x01" + b"\x00" * 6,  # a name that points into the head
    "overlong": b"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x00\x3c\xff\xff\x00\x0a\x01a",  # longer than the packet
    "loop": b"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x00\x3c\x00\x04\x00\x0a\xc0\x30",  # a host whose name points at itself
}


@pytest.fixture(scope="module")
def network():
    with Network() as network, NameServer(network, _RECORDS):
        yield network


@pytest.fixture
def relay(network):
    """relay(address): a scripted relay there."""
    made = []

    def make(address=FIRST, port=PORT, **options):
        with network.entered():
            made.append(ScriptedServer(address=address, port=port, **options))
        return made[-1]

    yield make
    for server in made:
        server.close()
    network.name_servers(NAME_SERVER)


@pytest.fixture
def through(outposts, network):
    """through(relayhost): a running instance in the network."""
    def make(relayhost, **parameters):
        return outposts(network=network, relayhost=relayhost, **{"smtp_tls_security_level": "none", **parameters}).start()
    return make


def submit(outpost, subject, recipient="bob@example.net"):
    return outpost.submit("-f", "alice@sender.example", recipient, message=b"Subject: %s\n\n" % subject.encode())


def assert_stays(outpost, queue_id, status, why):
    """Deferred with that status and reason; and still there, not returned, after another attempt."""
    outpost.wait_for_log(rf"{queue_id}: .*dsn={status}, status=deferred .*{why}", timeout=60)
    outpost.command("flush")
    time.sleep(1)
    [message] = outpost.queue()
    assert message["id"] == queue_id and "status=bounced" not in outpost.log()


# -- a relay that main.cf names

@pytest.mark.core
def test_relays_are_tried_by_their_preference(through, relay):
    first, second, third = relay(FIRST), relay(SECOND), relay(THIRD)
    outpost = through(f"ordered.example:{PORT}")
    for n in range(5):  # chance would not choose the same one every time
        submit(outpost, f"best {n}")
        first.wait(f"best {n}")
        outpost.wait_until_empty()
        outpost.command("reload")  # the next message needs another connection
    assert not second.sessions and not third.sessions
    first.close()
    submit(outpost, "next best")
    second.wait("next best")
    assert not third.sessions
    assert outpost.wait_for_log(rf"relay=second\.example\[{SECOND}\]:{PORT}, .*status=sent")


def test_the_next_relay_takes_what_the_first_will_not_talk_about(through, relay):
    for greeting in ("421 4.3.2 busy", "554 5.7.1 go away"):
        first, second = relay(FIRST, at={"GREETING": reply(greeting)}), relay(SECOND)
        outpost = through(f"ordered.example:{PORT}")
        submit(outpost, "refused elsewhere")
        second.wait("refused elsewhere")
        assert len(first.sessions) == 1
        outpost.stop()
        first.close()
        second.close()


def test_the_next_address_is_tried_where_nobody_listens(through, relay):
    second = relay(SECOND)
    outpost = through(f"several.example:{PORT}")
    for n in range(3):
        submit(outpost, f"some address {n}")
        second.wait(f"some address {n}")


@pytest.mark.parametrize("domain", ["plain", "renamed", "mxalias", "half", "crowd"])
def test_relay_is_found(through, relay, domain):
    """No MX; an alias of a name without MX; an MX that names an alias; one MX without an address; 200 MX, of which
    the best comes anywhere in an answer that does not fit into a datagram."""
    first = relay(FIRST)
    outpost = through(f"{domain}.example:{PORT}")
    submit(outpost, f"by way of {domain}")
    first.wait(f"by way of {domain}")


@pytest.mark.parametrize("relayhost, status, why", [
    ("nosuch.example", r"4\.4\.4", "nosuch.example"),
    ("[nosuch.example]", r"4\.4\.4", "nosuch.example"),
    ("null.example", r"4\.1\.10", "does not accept mail"),
    ("hollow.example", r"4\.4\.4", "wordy.example"),
    ("wordy.example", r"4\.4\.4", "wordy.example"),
    ("unspeakable.example", r"4\.4\.4", "unspeakable.example"),
    ("relay.broken", r"4\.4\.3", "relay.broken"),
    ("[relay.broken]", r"4\.4\.3", "relay.broken"),
    ("closed.example", r"4\.4\.1", "Connection refused"),
])
def test_nothing_is_returned_for_a_relay_that_is_not_found(through, relayhost, status, why):
    outpost = through(relayhost)
    assert_stays(outpost, submit(outpost, "stays"), status, why)


def test_a_name_server_that_is_silent_defers(through, network):
    with ScriptedNameServer(network, lambda name, kind: None) as silent:
        network.name_servers(silent.address)
        outpost = through(f"ordered.example:{PORT}")
        queue_id = submit(outpost, "silence")
        outpost.wait_for_log(rf"{queue_id}: .*dsn=4\.4\.3, status=deferred", timeout=60)
    network.name_servers(NAME_SERVER)


@pytest.mark.core
@pytest.mark.parametrize("record", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_from_a_name_server_defers(through, network, record):
    """S25; for a recipient's domain, where DNS has most to say."""
    with ScriptedNameServer(network, lambda name, kind: record) as babbler:
        network.name_servers(babbler.address)
        outpost = through("")
        assert_stays(outpost, submit(outpost, "nonsense", "bob@anywhere.example"), r"4\.4\.3", "anywhere.example")
        assert "signal" not in outpost.log()
    network.name_servers(NAME_SERVER)


def test_resolv_conf_is_read_afresh_for_each_connection(through, relay, network):
    first = relay(FIRST)
    network.name_servers(NOBODY_THERE)
    outpost = through(f"ordered.example:{PORT}", minimal_backoff_time="1h", maximal_backoff_time="1h")
    queue_id = submit(outpost, "another network")
    outpost.wait_for_log(rf"{queue_id}: .*dsn=4\.4\.3, status=deferred")
    network.name_servers(NAME_SERVER)
    outpost.command("flush")
    first.wait("another network")


def test_the_second_name_server_serves_while_the_first_is_silent(through, relay, network):
    first = relay(FIRST)
    with ScriptedNameServer(network, lambda name, kind: None) as silent:
        network.name_servers(silent.address, NAME_SERVER)
        outpost = through(f"ordered.example:{PORT}")
        submit(outpost, "second server")
        first.wait("second server")


def test_localhost_is_no_question_for_dns(through, relay, network):
    """A bridge on this machine is reached without a network, and whatever DNS would say (RFC 6761 section 6.3)."""
    local = relay("127.0.0.1")
    asked = []
    with ScriptedNameServer(network, lambda name, kind: asked.append(name) or SERVER_FAILURE) as liar:
        network.name_servers(liar.address)
        for relayhost in (f"localhost:{PORT}", f"[localhost]:{PORT}"):
            outpost = through(relayhost)
            submit(outpost, f"to {relayhost}")
            local.wait(f"to {relayhost}")
    assert asked == []


def test_an_address_on_loopback_that_dns_gives_is_no_known_peer(through, relay, authority):
    """S18: who can forge DNS, and listen here, must not be given the password."""
    thief = relay(FIRST, certificate=authority.issue("elsewhere.example"), users={"alice": "secret"})
    outpost = through(f"plain.example:{PORT}", smtp_tls_security_level="encrypt")
    outpost.log_in(f"plain.example:{PORT}")
    outpost.command("reload")
    queue_id = submit(outpost, "with a password")
    outpost.wait_for_log(rf"{queue_id}: .*status=deferred .*the password for plain\.example:{PORT} is not sent")
    assert thief.sessions and not any(line.startswith("AUTH") for session in thief.sessions for line in session.commands)


# -- what `outpost conf check` says of a relay before any mail is sent

def check(outpost, *options):
    """What it finds of relayhost."""
    said = outpost.command("conf", "check", "--json", *options, check=False)
    return [finding["text"] for finding in json.loads(said)["findings"] if finding["text"].startswith("relayhost")]


@pytest.fixture
def about(outposts, network):
    """about(relayhost, ...): what is said of it in the network."""
    return lambda relayhost, *options, **parameters: check(
        outposts(network=network, relayhost=relayhost, smtp_tls_security_level="encrypt", **parameters), *options)


@pytest.mark.parametrize("relayhost, says", [
    ("ordered.example", None),
    ("[first.example]", None),
    ("mxalias.example", None),
    ("crowd.example", None),
    ("plain.example", "plain.example has no MX record; write [plain.example]"),
    ("renamed.example", "renamed.example has no MX record; write [renamed.example]"),
    ("wordy.example", "wordy.example has no MX record"),
    ("null.example", "null.example takes no mail (a null MX); write [null.example]"),
    ("[null.example]", None),
    ("nosuch.example", "neither DNS nor /etc/hosts knows nosuch.example; is it misspelt?"),
    ("[nosuch.example]", "neither DNS nor /etc/hosts knows nosuch.example; is it misspelt?"),
    ("relay.broken", "could not ask DNS about relay.broken: no name server answered"),
])
def test_check_asks_dns_about_the_relay(about, relayhost, says):
    lines = about(f"{relayhost}:587")
    assert len(lines) == (says is not None)
    assert says is None or says in lines[0]


def test_check_knows_this_host_among_the_relays_mail_servers(about):
    [line] = about("ordered.example:587", myhostname="Second.example")
    assert "this host is a mail server of ordered.example itself (MX): mail would go in a circle" in line


def test_check_asks_nobody_when_told_so(about, network):
    asked = []
    with ScriptedNameServer(network, lambda name, kind: asked.append(name) or SERVER_FAILURE) as server:
        network.name_servers(server.address)
        assert about("nosuch.example:587", "--no-dns") == [] and asked == []
        assert about("nosuch.example:587") != [] and asked != []
    network.name_servers(NAME_SERVER)


@pytest.mark.parametrize("record", NONSENSE.values(), ids=NONSENSE)
def test_check_survives_nonsense_from_a_name_server(about, network, record):
    with ScriptedNameServer(network, lambda name, kind: record) as babbler:
        network.name_servers(babbler.address)
        [line] = about("anywhere.example:587")
    network.name_servers(NAME_SERVER)
    assert "could not ask DNS about anywhere.example" in line or "has no MX record" in line


# -- a recipient's own domain

def test_mail_goes_straight_to_the_recipients_domains(through, relay):
    first, second = relay(FIRST, 25), relay(SECOND, 25)
    outpost = through("")
    submit(outpost, "straight", "bob@ordered.example")
    submit(outpost, "no mx", "carol@plain.example")
    submit(outpost, "literal", f"dave@[{SECOND}]")
    first.wait("straight")
    first.wait("no mx")
    second.wait("literal")


@pytest.mark.parametrize("domain, status, why", [
    ("nosuch.example", "5.4.4", "nosuch.example"),
    ("null.example", "5.1.10", "does not accept mail"),
    ("hollow.example", "5.4.4", "wordy.example"),
    ("wordy.example", "5.4.4", "wordy.example"),
])
def test_mail_for_a_domain_that_takes_none_is_returned(through, relay, domain, status, why):
    sender = relay(THIRD, 25)
    outpost = through("")
    outpost.submit("-f", "alice@sender.example", f"bob@{domain}", "carol@sender.example",
                   message=b"Subject: for good\n\n")
    outpost.wait_for_log(rf"to=<bob@{domain}>, relay=none, .*dsn={status}, status=bounced")
    outpost.wait_until_empty()
    [message] = [kept for kept in sender.containing("for good") if kept.sender]
    [notice] = [kept for kept in sender.containing("for good") if not kept.sender]
    assert message.recipients == ["carol@sender.example"] and notice.recipients == ["alice@sender.example"]
    assert f"Status: {status}".encode() in notice.content and why.encode() in notice.content


@pytest.mark.parametrize("domain, status", [("sub.broken", r"4\.4\.3"), ("closed.example", r"4\.4\.1")])
def test_mail_for_a_domain_that_dns_is_unsure_of_waits(through, domain, status):
    outpost = through("")
    assert_stays(outpost, submit(outpost, "unsure", f"bob@{domain}"), status, "")


def test_half_an_answer_returns_nothing(through, network):
    """The name server knows that there is no AAAA record, and fails to tell whether there is an A record."""
    def script(name, kind):
        return {MX: NO_ERROR, A: SERVER_FAILURE, AAAA: NO_ERROR}[kind]

    with ScriptedNameServer(network, script) as half:
        network.name_servers(half.address)
        outpost = through("", inet_protocols="all")
        assert_stays(outpost, submit(outpost, "half", "bob@anywhere.example"), r"4\.4\.3", "anywhere.example")
    network.name_servers(NAME_SERVER)


def test_a_relay_stays_one_while_main_cf_says_otherwise(through):
    """Edited, but not reloaded: the queue still sends to the relay, whose name is then nobody's domain."""
    outpost = through("nosuch.example", max_idle="1s")
    queue_id = submit(outpost, "edited")
    outpost.wait_for_log(rf"{queue_id}: .*status=deferred")
    outpost.configure(relayhost="")
    outpost.wait_for_log(r"nosuch\.example", count=4)
    outpost.wait_for_log(rf"{queue_id}: .*status=deferred", count=2, timeout=60)
    assert "status=bounced" not in outpost.log()
