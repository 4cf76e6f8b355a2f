"""outpost ==STARTTLS==> a relay that is not what the configuration asks for: a certificate of an unknown authority, of
another host, no STARTTLS at all (as a man in the middle would strip it), or credentials wanted in clear.

Expect: the message waits and the reason says why; neither message nor password is sent; nothing is returned. Once the
relay is what it should be, the message leaves.
"""
import re

import pytest

from harness.certificates import Authority
from harness.scripted import reply


@pytest.fixture
def stranger(tmp_path):
    """An authority that the client does not trust."""
    return Authority(tmp_path / "stranger", "Unknown CA")


@pytest.mark.core
@pytest.mark.parametrize("level", ["verify", "secure"])
def test_untrusted_certificate(client, relays, authority, stranger, level):
    relay = relays.scripted(certificate=stranger.issue("localhost"), users={"alice": "secret"})
    outpost = client(relay, smtp_tls_security_level=level).start()
    queue_id = outpost.submit("bob@example.net", message=b"Subject: secret plans\n\n")
    reason = outpost.wait_for_deferred(queue_id)["reason"]
    assert re.search(r"(?i)certificate|trust|verif", reason), reason
    _assert_nothing_was_given(relay)

    relay.context.load_cert_chain(*authority.issue("localhost"))
    outpost.command("flush")
    relay.wait("secret plans")


@pytest.mark.parametrize("level", ["verify", "secure"])
def test_certificate_of_another_host(client, relays, authority, level):
    relay = relays.scripted(certificate=authority.issue("other.example.org"), users={"alice": "secret"})
    outpost = client(relay, smtp_tls_security_level=level).start()
    reason = outpost.wait_for_deferred(outpost.submit("bob@example.net"))["reason"]
    assert re.search(r"(?i)certificate|name|host|verif", reason), reason
    _assert_nothing_was_given(relay)


@pytest.mark.parametrize("level", ["encrypt", "verify", "secure"])
def test_starttls_stripped_from_the_offer(client, relays, authority, level):
    relay = relays.scripted(certificate=authority.issue("localhost"), users={"alice": "secret"}, offer_starttls=False)
    outpost = client(relay, smtp_tls_security_level=level).start()
    reason = outpost.wait_for_deferred(outpost.submit("bob@example.net"))["reason"]
    assert re.search(r"(?i)tls", reason), reason
    _assert_nothing_was_given(relay)


def test_starttls_refused(client, relays, authority):
    relay = relays.scripted(certificate=authority.issue("localhost"), users={"alice": "secret"},
                            at={"STARTTLS": reply("454 4.7.0 TLS not available")})
    outpost = client(relay, smtp_tls_security_level="encrypt").start()
    outpost.wait_for_deferred(outpost.submit("bob@example.net"))
    _assert_nothing_was_given(relay)


def test_real_relay_without_starttls(client, relays):
    relay = relays.postfix(tls="none").start()
    outpost = client(relay, smtp_tls_security_level="encrypt").start()
    waiting = outpost.submit("bob@example.net", message=b"Subject: needs TLS\n\n")
    assert re.search("(?i)tls", outpost.wait_for_deferred(waiting)["reason"])
    assert relay.store.messages() == []
    assert "sasl_method" not in relay.log()

    relay.change(smtpd_tls_security_level="encrypt")
    outpost.command("flush")
    relay.store.wait("needs TLS")


def test_password_is_not_given_to_an_unverified_peer(client, relays, stranger):
    """At `encrypt` any certificate will do for TLS, but not for a password in clear (off loopback; so it is asked of
    a relay on loopback with the rule's own words: the log or the reason tells, or the login succeeds)."""
    relay = relays.scripted(certificate=stranger.issue("localhost"), users={"alice": "secret"})
    outpost = client(relay, smtp_tls_security_level="encrypt").start()
    outpost.submit("bob@example.net", message=b"Subject: on loopback\n\n")
    relay.wait("on loopback")  # loopback is a known peer: nobody is in between


def test_login_wanted_without_tls_is_not_done_with_plaintext(client, relays):
    relay = relays.scripted(users={"alice": "secret"})
    outpost = client(relay, smtp_tls_security_level="may").start()
    outpost.wait_for_deferred(outpost.submit("bob@example.net"))
    _assert_nothing_was_given(relay)


def _assert_nothing_was_given(relay):
    assert relay.sessions, "the relay was never asked"
    assert relay.kept == []
    for session in relay.sessions:
        given = [command for command in session.commands if command[:4].upper() in ("AUTH", "MAIL", "DATA")]
        assert given == [], session.commands
