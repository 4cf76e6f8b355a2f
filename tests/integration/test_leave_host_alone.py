"""All scenarios, then a look at the host: its packages, users, mailer, mounts and port 25 are what they were."""
from harness.host import host_state


def test_host_is_as_it_was_before(pytestconfig):
    assert host_state() == pytestconfig.host_before
