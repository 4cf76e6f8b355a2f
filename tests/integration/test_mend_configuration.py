"""An administrator's mistakes: a main.cf with errors, a password file that others may read, or that we may not.

Expect: `outpost start` and `outpost check` say EX_CONFIG with every file, line and reason; submissions wait in the
maildrop meanwhile; the text names what mends it.
"""
import os

import pytest

BROKEN = """myhostname = client.example.org
relayhost = [relay.example.org]:587
queue_directory = {spool}
maillog_file = {log}
smtp_tls_security_level = encypt
minimal_backoff_time = 5 parsecs
this line has no equals sign
smtp_sasl_auth_enable = maybe
relayhots = [other.example.org]
"""


@pytest.mark.core
@pytest.mark.parametrize("command", ["start", "check", "start-fg"])
def test_every_error_is_said_at_once(outposts, command):
    outpost = outposts()
    outpost.main_cf(BROKEN.format(spool=outpost.spool, log=outpost.log_path))
    done = outpost.run("outpost", "-C", outpost.etc, command, check=False)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 78, said
    for line, word in ((5, "encypt"), (6, "parsecs"), (7, "="), (8, "maybe")):
        assert any(f"{outpost.etc}/main.cf:{line}:" in each and word in each for each in said.splitlines()), (line, said)
    assert any(":9:" in each and "relayhost" in each for each in said.splitlines()), "the nearest known name"
    assert not outpost.is_running()


def test_submission_waits_for_the_mended_file(outposts, relays):
    server = relays.scripted()
    outpost = outposts()
    outpost.main_cf(BROKEN.format(spool=outpost.spool, log=outpost.log_path))
    outpost.submit("bob@example.net", message=b"Subject: despite the typo\n\n")
    assert outpost.run("outpost", "-C", outpost.etc, "start", check=False).returncode == 78
    outpost.configure(relayhost=server.destination, smtp_tls_security_level="none")
    outpost.start()
    server.wait("despite the typo")


def test_broken_file_is_not_taken_by_reload(plain, relays):
    server = relays.scripted()
    outpost = plain(server).start()
    outpost.main_cf(BROKEN.format(spool=outpost.spool, log=outpost.log_path))
    assert outpost.run("outpost", "-C", outpost.etc, "reload", check=False).returncode == 78
    assert outpost.is_running()
    outpost.sendmail("bob@example.net", message=b"Subject: after a bad reload\n\n")
    outpost.configure()
    outpost.command("reload")
    server.wait("after a bad reload")


def test_missing_main_cf(outposts):
    outpost = outposts()
    (outpost.etc / "main.cf").unlink()
    done = outpost.run("outpost", "-C", outpost.etc, "check", check=False)
    assert done.returncode == 78 and str(outpost.etc / "main.cf") in (done.stdout + done.stderr).decode()


def test_unknown_parameter_is_a_warning(plain, relays):
    server = relays.scripted()
    outpost = plain(server, smtp_tls_securty_level="encrypt")
    done = outpost.run("outpost", "-C", outpost.etc, "check", check=False)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0 and "smtp_tls_securty_level" in said and "smtp_tls_security_level" in said, said


def test_password_file_that_others_may_read_is_warned_about(client, postfix):
    outpost = client(postfix)
    path = outpost.etc / "auth_passwd"
    path.chmod(0o644)
    done = outpost.run("outpost", "-C", outpost.etc, "check", check=False)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    assert any(str(path) in line and "644" in line and "warning" in line for line in said.splitlines()), said
    outpost.start()
    outpost.sendmail("bob@example.net", message=b"Subject: readable password\n\n")
    postfix.store.wait("readable password")


def test_password_file_that_we_may_not_read_names_the_command(client, postfix):
    outpost = client(postfix)
    path = outpost.etc / "auth_passwd"
    os.chown(path, 0, 0)
    path.chmod(0o600)
    done = outpost.run("outpost", "-C", outpost.etc, "check", check=False)
    said = (done.stdout + done.stderr).decode()
    assert str(path) in said and ("chown" in said or "chgrp" in said or "chmod" in said), said

    outpost.run("outpost", "-C", outpost.etc, "start", check=False)
    if outpost.is_running():  # then mail waits, as for any other trouble with the account
        queue_id = outpost.submit("bob@example.net", message=b"Subject: unreadable\n\n")
        assert str(path) in outpost.wait_for_deferred(queue_id)["reason"]
        os.chown(path, outpost.uid, outpost.uid)
        outpost.command("flush")
        postfix.store.wait("Subject: unreadable")


def test_conf_shows_what_is_set_and_what_holds(plain, relays):
    outpost = plain(relays.scripted())
    explicit = outpost.command("conf", "-n")
    assert "myhostname = client.example.org\n" in explicit and "smtp_connect_timeout" not in explicit
    assert outpost.command("conf", "smtp_connect_timeout") == "smtp_connect_timeout = 30s\n"
    everything = outpost.command("conf").splitlines()
    assert any(line.startswith("maximal_queue_lifetime = ") for line in everything) and everything == sorted(everything)
    assert outpost.run("outpost", "-C", outpost.etc, "conf", "no_such_name", check=False).returncode != 0


def test_table_is_read_afresh_without_reload(client, relays):
    relay = relays.postfix(users={"alice": "secret", "carol": "another"}).start()
    outpost = client(relay, max_idle="1s").start()
    outpost.sendmail("bob@example.net", message=b"Subject: first account\n\n")
    relay.store.wait("first account")
    outpost.log_in(relay.destination, user="carol", password="another")
    outpost.sendmail("bob@example.net", message=b"Subject: second account\n\n")
    relay.store.wait("second account")
    outpost.wait_until_empty()
