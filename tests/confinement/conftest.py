"""These tests start a whole mailer: the scenarios' harness does that."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from harness.outpost import Build, Outpost  # noqa: E402
from harness.scripted import ScriptedServer  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--build", help="build directory under test, with tests/attempt")


@pytest.fixture(scope="session")
def build(request):
    if os.geteuid() != 0:
        pytest.skip("needs root: looks into confined processes")
    built = Build(request.config.getoption("--build"))
    yield built
    built.close()


@pytest.fixture(scope="session")
def mailer(build):
    """A running mailer whose pickup is idle and that has a connection open to a relay; all the user nobody's."""
    with ScriptedServer(users={"alice": "secret"}) as relay, Outpost(build, relayhost=relay.destination) as outpost:
        outpost.configure(smtp_tls_security_level="none", smtp_sasl_security_options="noanonymous")
        outpost.log_in(relay.destination)
        outpost.start()
        outpost.submit("a@example.org", message=b"Subject: one\n\none\n")
        relay.wait("one")
        yield outpost
