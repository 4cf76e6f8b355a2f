"""Fixtures of all scenarios. `--build DIR` names the build whose programs are tested."""
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from harness.certificates import Authority
from harness.exim import EximRelay
from harness.host import host_state
from harness.installed import InstalledHost
from harness.outpost import Build, Outpost
from harness.postfix import PostfixRelay
from harness.scripted import ScriptedServer

SOURCE = Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--build", default=str(SOURCE / "build" / "release"), help="build directory under test")


def pytest_configure(config):
    config.addinivalue_line("markers", "core: of the smaller selection that runs with the sanitizers as well")


def pytest_sessionstart(session):
    if os.geteuid() != 0:
        pytest.exit("the scenarios need root: they mount overlays and change users", returncode=77)
    session.config.host_before = host_state()


def pytest_collection_modifyitems(items):
    """What looks at the host comes last."""
    items.sort(key=lambda item: "test_leave_host_alone" in item.nodeid)


@pytest.fixture(scope="session")
def build(request):
    built = Build(request.config.getoption("--build"))
    yield built
    built.close()


@pytest.fixture(scope="session")
def authority():
    """A CA whose certificate every user may read."""
    directory = Path(tempfile.mkdtemp(prefix="outpost-ca-"))
    directory.chmod(0o755)
    yield Authority(directory)
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def postfix(authority):
    """A running Postfix of the usual kind, for scenarios that leave it as it is; messages are told apart by text."""
    with PostfixRelay(authority) as relay:
        yield relay


@pytest.fixture
def relays(authority):
    """Makes relays that the test alone uses: relays.postfix(...), relays.exim(...), relays.scripted(...)."""
    made = []

    class Makers:
        def postfix(self, **options):
            return self._keep(PostfixRelay(authority, **options))

        def exim(self, **options):
            return self._keep(EximRelay(authority, **options))

        def scripted(self, **options):
            return self._keep(ScriptedServer(**options))

        def _keep(self, relay):
            made.append(relay)
            return relay

    yield Makers()
    for relay in made:
        relay.close()


@pytest.fixture
def outposts(build):
    """Makes instances, ends them all: outposts(relayhost=...)."""
    made = []

    def make(**parameters):
        made.append(Outpost(build, **parameters))
        return made[-1]

    yield make
    for outpost in made:
        print(f"--- log of {outpost.directory.name}\n{outpost.log()[-8000:]}{outpost.stderr()}")  # shown when a test fails
        outpost.close()


@pytest.fixture
def client(outposts, authority):
    """client(relay): an instance that logs in at a relay, whose certificate it verifies."""
    def make(relay, destination=None, password="secret", **parameters):
        where = destination or relay.destination
        outpost = outposts(**{"relayhost": where, "smtp_tls_CAfile": str(authority.certificate),
                              "smtp_tls_security_level": "secure", **parameters})
        outpost.log_in(where, password=password)
        return outpost

    return make


@pytest.fixture
def plain(outposts):
    """plain(server): an instance that speaks plain SMTP to a scripted server."""
    def make(server, **parameters):
        return outposts(relayhost=server.destination, **{"smtp_tls_security_level": "none", **parameters})

    return make


@pytest.fixture
def host(build, relays):
    """An installed outpost on a host of its own; host.server is its relay."""
    if build.sanitized:
        pytest.skip("installs a release build")
    installed = InstalledHost(build, relays.scripted())
    yield installed
    print(installed.log()[-8000:])  # shown when a test fails
    installed.close()
