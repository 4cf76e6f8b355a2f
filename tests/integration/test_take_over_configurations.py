"""A Postfix's main.cf, as distributions and roles write it -> `outpost conf check`, postconf -> mail leaves by the relay.

Expect: what works needs no change; what does not is named with its line and the command that mends it, and after these
commands mail leaves; comments and order of the file survive.
"""
import json
import re

import pytest

from harness.installed import ALICE, SOURCE

DISTRIBUTIONS = SOURCE / "tests" / "data" / "distributions"
# For the tests: where the log is, and no IPv6 in the root's network.
OURS = ["maillog_file=/srv/mail.log", "inet_protocols=ipv4"]


def take(host, name):
    text = (DISTRIBUTIONS / f"{name}.cf").read_text().replace("@RELAY@", host.server.destination)
    host.root.write("/etc/outpost/main.cf", text)
    host.root.write("/etc/mailname", "host.example.org\n")
    return text


def check(host):
    done = host.root.run("outpost", "conf", "check", "--no-dns", "--json", check=False)
    report = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == (78 if report["errors"] else 0), done.stdout
    return report


def texts(report, severity):
    return [finding["text"] for finding in report["findings"] if finding["severity"] == severity]


def named(found):
    return {text.split(":")[0] for text in found}


def idle(report, kind):
    return {parameter["name"] for parameter in report[kind]}


def unset_as_told(host):
    """Does what each finding says until none says more; the names that were taken out."""
    unset = set()
    while found := texts(check(host), "error") + texts(check(host), "warning"):
        commands = re.findall(r"outpost conf unset (\w+)", "\n".join(found))
        assert len(commands) == len(found), found
        host.root.run("outpost", "conf", "unset", commands[0])
        unset.add(commands[0])
    return unset


def deliver(host, subject):
    host.root.run("postconf", "-e", *OURS)
    host.root.run("outpost", "check", "--no-dns")
    host.root.run("outpost", "start")
    host.run_as(ALICE, "sendmail", "bob@example.net", input=f"Subject: {subject}\n\n".encode())
    kept = host.server.wait(subject)
    host.root.run("outpost", "stop")
    return kept


def test_debian_satellite(host):
    before = take(host, "debian-satellite")
    report = check(host)
    assert report["errors"] == 0, report
    assert named(texts(report, "warning")) == {"mydestination"}, texts(report, "warning")
    assert idle(report, "not_in_effect") >= {"alias_maps", "mydestination", "mailbox_size_limit"}
    assert idle(report, "not_applicable") >= {"smtpd_banner", "smtpd_relay_restrictions"}
    host.root.run("outpost", "conf", "unset", "mydestination")
    after = host.root.file("/etc/outpost/main.cf").read_text()
    assert after == \
        before.replace("mydestination = $myhostname, host.example.org, localhost.example.org, localhost\n", "")
    assert deliver(host, "from debian").sender == "alice@host.example.org"


@pytest.mark.parametrize("name", ["rhel", "arch"])
def test_default_file_with_a_relayhost(host, name):
    """Its directories and users are Postfix's; that is said, with the command."""
    take(host, name)
    assert host.root.run("outpost", "start", check=False).returncode != 0
    host.root.run("postconf", "-e", "myhostname=host.example.org")
    unset = unset_as_told(host)
    assert unset >= {"daemon_directory", "mail_owner", "queue_directory"}
    # RHEL's place of certificates is not there on Debian; Arch delivers nothing on the host by its own file.
    assert unset - {"daemon_directory", "mail_owner", "setgid_group", "queue_directory"} <= \
        {"smtp_tls_CAfile", "smtp_tls_CApath", "mydestination"}
    report = check(host)
    assert report["errors"] == report["warnings"] == 0, report
    assert "debugger_command" in idle(report, "not_applicable")
    deliver(host, f"from {name}")


def test_null_client_of_an_ansible_role(host):
    """Oefenweb's role for Debian and Ubuntu, with a relay, TLS and a login."""
    take(host, "ansible-null-client")
    missing = [finding["text"] for finding in check(host)["findings"] if finding.get("file") == "/etc/postfix/sasl_passwd"]
    assert len(missing) == 1 and "install -m 0640 -g " in missing[0], "the table is not there yet"
    host.root.write("/etc/postfix/sasl_passwd", "# of the role\n[smtp.example.com]:587 user:password\n", 0o644)
    report = check(host)
    assert [(finding["file"], finding["line"]) for finding in report["findings"] if "is for no relay" in finding["text"]] == \
        [("/etc/postfix/sasl_passwd", 2)]
    said = "\n".join(texts(report, "warning"))
    assert "everybody on this host can read these passwords" in said and "has no line" in said, said
    # The test's relay has neither TLS nor accounts.
    host.root.run("outpost", "conf", "set", "smtp_sasl_auth_enable=no", "smtp_sasl_password_maps=",
                  "smtp_tls_security_level=may")
    assert unset_as_told(host) == {"mydestination"}
    assert deliver(host, "from ansible").sender == "alice@host.example.org"


def test_a_wrong_value_is_not_written(host):
    before = host.root.file("/etc/outpost/main.cf").read_text()
    done = host.root.run("outpost", "conf", "set", "smtp_tls_security_level=sometimes", "relayhots=[a]", "myorigin=b c",
                         check=False)
    assert done.returncode == 65
    for part in ("smtp_tls_security_level", "is it relayhost?", "myorigin"):
        assert part in done.stdout, done.stdout
    assert host.root.file("/etc/outpost/main.cf").read_text() == before
    done = host.run_as(ALICE, "outpost", "conf", "set", "myorigin=example.org", check=False)
    assert done.returncode == 77 and host.root.file("/etc/outpost/main.cf").read_text() == before
