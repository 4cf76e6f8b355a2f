"""packaging/install --root DIR -> a host of its own, where root starts the mailer and users submit.

Expect: owners and modes are the manifest's; no process of ours runs as root; any user submits by the socket (with
no_new_privs too) and, with nothing running, through the set-gid drop; one user does not see another's mail.
"""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from harness.installed import ALICE, CAROL, SOURCE
from harness.root import Root
from harness.wait import wait_for


def manifest():
    for line in (SOURCE / "packaging" / "manifest").read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.split()


def test_owners_and_modes_are_those_of_the_manifest(host):
    root = host.root
    users = {line.split(":")[0]: int(line.split(":")[2]) for line in root.file("/etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0]: int(line.split(":")[2]) for line in root.file("/etc/group").read_text().splitlines()}
    for kind, path, owner, group, mode, *target in manifest():
        if kind == "link":
            assert os.readlink(root.file(path)) == target[0]
        elif kind != "file?":
            status = os.lstat(root.file(path))
            assert (status.st_uid, status.st_gid, oct(status.st_mode & 0o7777)) == \
                (users[owner], groups[group], oct(int(mode, 8))), path
    privileged = [path for folder in ("/usr/sbin", "/usr/libexec/outpost") for path in root.file(folder).iterdir()
                  if not path.is_symlink() and path.name.startswith(("sendmail", "outpost"))
                  and os.stat(path).st_mode & 0o6000]
    assert [path.name for path in privileged] == ["outpost-drop"]


def test_installing_again_keeps_the_configuration(host, build):
    before = host.root.file("/etc/outpost/main.cf").read_text()
    host.install(build)
    assert host.root.file("/etc/outpost/main.cf").read_text() == before
    assert host.root.file("/etc/passwd").read_text().count("\noutpost:") == 1


def test_installing_over_a_running_mailer_starts_the_new_one(host, build):
    host.root.run("outpost", "start")
    before = json.loads(host.root.run("outpost", "status", "--json").stdout)["pid"]
    said = host.root.run(SOURCE / "packaging" / "install", "--build", build.build).stdout
    assert "runs again" in said
    assert json.loads(host.root.run("outpost", "status", "--json").stdout)["pid"] != before
    host.run_as(ALICE, "sendmail", "bob@example.net", input=b"Subject: after the upgrade\n\n")
    host.server.wait("after the upgrade")


def test_install_into_a_folder_with_a_blank_in_its_name(build, tmp_path):
    image = tmp_path / "an image"
    (image / "etc").mkdir(parents=True)
    (image / "usr").mkdir()
    for name in ("passwd", "group"):
        (image / "etc" / name).write_text({"passwd": "root:x:0:0:root:/root:/bin/sh\n", "group": "root:x:0:\n"}[name])
    subprocess.run([SOURCE / "packaging" / "install", "--build", build.build, "--root", image], check=True, umask=0o077)
    assert "outpost:" in (image / "etc/passwd").read_text() and "outdrop:" in (image / "etc/group").read_text()
    assert oct((image / "usr/libexec/outpost/outpost-drop").stat().st_mode) == oct(0o102755)
    assert oct((image / "usr/share/man/man1").stat().st_mode & 0o777) == oct(0o755), "whatever the installer's umask is"
    assert [path.name for path in (image / "usr").iterdir() if path.name.startswith(".")] == [], "nothing of its own is left"


def test_a_queue_directory_that_is_not_there_is_made(host):
    host.root.append("/etc/outpost/main.cf", "queue_directory = /srv/queue\n")
    host.root.run("outpost", "start")
    owners = host.root.run("stat", "-c", "%U:%G %a %n", *(f"/srv/queue{part}" for part in (
        "", "/maildrop", "/public", "/private", "/private/tmp", "/corrupt"))).stdout
    assert owners.splitlines() == [
        "root:root 755 /srv/queue", "outpost:outdrop 1770 /srv/queue/maildrop", "outpost:outpost 755 /srv/queue/public",
        "outpost:outpost 700 /srv/queue/private", "outpost:outpost 700 /srv/queue/private/tmp",
        "outpost:outpost 700 /srv/queue/corrupt"]
    assert host.root.run("outpost", "check").returncode == 0


def test_install_without_a_build_changes_nothing(tmp_path):
    with Root("no-build") as root:
        before = root.file("/etc/passwd").read_text()
        done = subprocess.run([SOURCE / "packaging" / "install", "--build", tmp_path, "--root", root.path],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 66 and f"no build in {tmp_path}; make one: " in done.stdout
        assert root.file("/etc/passwd").read_text() == before


def test_install_does_not_replace_another_mailer(build):
    with Root("other-mailer") as root:
        root.write("/usr/sbin/sendmail", "#!/bin/sh\n", 0o755)
        done = subprocess.run([SOURCE / "packaging" / "install", "--build", build.build, "--root", root.path],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 78 and "another mailer" in done.stdout
        assert root.file("/usr/sbin/sendmail").read_text() == "#!/bin/sh\n"


def test_uninstall_leaves_queue_and_configuration(host, build):
    host.install(build, "--uninstall")
    assert not any(os.path.lexists(host.root.file(path)) for path in ("/usr/sbin/sendmail", "/usr/bin/mailq", "/usr/sbin/outpost",
                                                                        "/usr/libexec/outpost/outpost-drop"))
    assert host.root.file("/etc/outpost/main.cf").exists() and host.root.file("/var/spool/outpost/maildrop").is_dir()


def test_started_by_root_nothing_runs_as_root(host):
    host.root.run("outpost", "start")
    host.run_as(ALICE, "sendmail", "-f", "alice@example.org", "bob@example.net", input=b"Subject: dropped rights\n\n")
    host.server.wait("dropped rights")
    outpost = int(re.search(r"^outpost:x:(\d+):", host.root.file("/etc/passwd").read_text(), re.M)[1])
    seen = set()
    for pid in host.root.processes():
        status = Path(f"/proc/{pid}/status").read_text()
        name, uids = re.search(r"^Name:\t(.*)", status, re.M)[1], re.search(r"^Uid:\t(.*)", status, re.M)[1].split()
        if name.startswith("outpost"):
            seen.add(name)
            assert set(map(int, uids)) == {outpost}, (name, uids)
            assert re.search(r"^CapEff:\t0+$", status, re.M), name
            if "queue-r" not in name:
                assert re.search(r"^NoNewPrivs:\t1$", status, re.M), name
    assert "outpost-queue-r" in seen
    host.root.run("outpost", "stop")


def test_any_user_submits_by_the_socket_without_new_privileges(host):
    host.root.run("outpost", "start")
    for uid in (ALICE, CAROL, 34567):
        host.run_as(uid, "sendmail", "-f", "web@example.org", "bob@example.net", options=["--no-new-privs"],
                    input=b"Subject: nnp of %d\n\n" % uid)
        host.server.wait(f"nnp of {uid}")
    assert list(host.root.file("/var/spool/outpost/maildrop").iterdir()) == []


def test_set_gid_drop_takes_mail_while_nothing_runs(host):
    done = host.run_as(ALICE, "sendmail", "-v", "bob@example.net", input=b"Subject: through drop\n\n")
    [record] = host.root.file("/var/spool/outpost/maildrop").iterdir()
    assert record.name in done.stdout
    status, group = os.stat(record), os.stat(host.root.file("/var/spool/outpost/maildrop")).st_gid
    assert (status.st_uid, status.st_gid, oct(status.st_mode & 0o777)) == (ALICE, group, oct(0o740))
    listed = host.run_as(CAROL, "ls", "/var/spool/outpost/maildrop", check=False)
    assert listed.returncode != 0, "others cannot even see that it is there"
    host.root.run("outpost", "start")
    kept = host.server.wait("through drop")
    assert kept.sender == "alice@host.example.org"
    assert host.root.file("/var/spool/outpost/corrupt").is_dir() and not list(host.root.file("/var/spool/outpost/corrupt").iterdir())


def test_set_gid_drop_takes_no_orders(host):
    """No options, no configuration, no environment: its path is compiled in."""
    drop = "/usr/libexec/outpost/outpost-drop"
    for words, given in ((["-C", "/tmp"], b""), ([], b"nonsense\n"), ([], b"")):
        done = host.run_as(ALICE, drop, *words, input=given, check=False)
        assert done.returncode in (64, 65, 70), (words, given, done.returncode, done.stdout)
    assert list(host.root.file("/var/spool/outpost/maildrop").iterdir()) == []


def test_broken_configuration_refuses_no_submission(host):
    host.root.write("/etc/outpost/main.cf", "relayhost [oops\nsmtp_tls_security_level = sometimes\n")
    host.run_as(ALICE, "sendmail", "bob@example.net", input=b"Subject: waits\n\n")
    assert len(list(host.root.file("/var/spool/outpost/maildrop").iterdir())) == 1
    assert host.root.run("outpost", "start", check=False).returncode == 78


def test_one_user_does_not_see_the_mail_of_another(host):
    host.server.at["MAIL"] = lambda session: b"451 4.3.0 later\r\n"
    host.root.run("outpost", "start")
    done = host.run_as(ALICE, "sendmail", "-v", "private@example.net", input=b"Subject: of alice\n\n")
    queue_id = re.search(r"[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{17}", done.stdout).group()
    host.run_as(CAROL, "sendmail", "public@example.net", input=b"Subject: of carol\n\n")
    of = {uid: host.run_as(uid, "mailq").stdout for uid in (ALICE, CAROL)}
    assert "private@" in of[ALICE] and "public@" not in of[ALICE]
    assert "public@" in of[CAROL] and "private@" not in of[CAROL]
    assert "submitted" in host.run_as(ALICE, "outpost", "trace", queue_id).stdout
    assert "private@" not in host.run_as(CAROL, "outpost", "trace", queue_id, check=False).stdout
    everything = host.root.run("mailq").stdout
    assert "private@" in everything and "public@" in everything
    for command in ("flush", "reload", "stop"):
        assert host.run_as(CAROL, "outpost", command, check=False).returncode != 0
    assert host.root.run("outpost", "status").returncode == 0


def test_an_unknown_message_is_wrong_input_with_or_without_a_running_mailer(host):
    for command in ("start", "stop"):
        host.root.run("outpost", command)
        done = host.root.run("outpost", "trace", "0BCDFGHJKLMNPQRST", check=False)
        assert done.returncode == 65 and "no such message" in done.stdout, done.stdout


@pytest.mark.parametrize("uid, words, status, said", [
    (0, "outpost frobnicate", 64, "frobnicate"),
    (0, "outpost queue frob", 64, "frob"),
    (0, "outpost start --frob", 64, "--frob"),
    (0, "outpost", 64, "Usage: outpost"),
    (0, "outpost queue", 64, "Usage: outpost queue"),
    (0, "outpost trace", 64, "ID"),
    (0, "outpost trace nonsense", 65, "nonsense is no queue id"),
    (0, "outpost conf relayhots", 65, "is it relayhost?"),
    (0, "outpost conf -n relayhots", 65, "is it relayhost?"),
    (0, "outpost -C /nowhere stop", 78, "open /nowhere/main.cf: No such file or directory"),
    (0, "outpost -C /etc/hostname check", 78, "open /etc/hostname/main.cf: Not a directory"),
    (0, "env MAIL_CONFIG=/nowhere outpost mailq", 78, "open /nowhere/main.cf: No such file or directory"),
    (0, "outpost -C '' status", 78, "name is empty"),
    (0, "outpost stop", 0, "not running"),
    (0, "outpost flush", 69, "not running: `outpost start` starts it"),
    (0, "outpost reload", 69, "not running: `outpost start` starts it"),
    (0, "outpost status", 3, "not running"),
    (ALICE, "outpost start", 77, "only root and outpost may start the mailer of /var/spool/outpost"),
    (ALICE, "sendmail -q", 77, "only root and outpost may start the mailer of /var/spool/outpost"),
    (ALICE, "mailq", 69, "its queue cannot be read"),
    (ALICE, "outpost check", 0, ""),
])
def test_a_wrong_command_is_told_what_is_wrong(host, uid, words, status, said):
    done = host.run_as(uid, "sh", "-c", words, check=False)
    assert (done.returncode, said in done.stdout) == (status, True), done.stdout


def test_a_main_cf_that_root_alone_can_read_is_found_before_the_start(host):
    """pickup and outpost-smtp read it again, as the mail owner."""
    host.root.file("/etc/outpost/main.cf").chmod(0o600)
    for command in ("check", "start", "start-fg"):
        done = host.root.run("outpost", command, check=False)
        assert done.returncode == 78 and "/etc/outpost/main.cf: outpost cannot read it (mode 0600" in done.stdout
    done = host.root.run("/usr/libexec/outpost/outpost-queue-runner", check=False)
    assert done.returncode == 78 and "open /etc/outpost/main.cf as outpost: Permission denied" in done.stdout


def test_users_cannot_reach_what_is_not_theirs(host, build):
    host.root.write("/etc/outpost/auth_passwd", "[localhost] alice:secret\n")
    host.install(build)  # sets the rights of what has come since
    host.root.run("outpost", "start")
    for command in ("cat /etc/outpost/auth_passwd", "cat /var/spool/outpost/private/queue.db", "ls /var/spool/outpost/private",
                    "ls /var/spool/outpost/corrupt", "ls /var/spool/outpost/maildrop",
                    "touch /var/spool/outpost/maildrop/x", "touch /var/spool/outpost/public/x"):
        assert host.run_as(ALICE, "sh", "-c", command, check=False).returncode != 0, command


def test_root_reads_a_stopped_queue_and_leaves_it_to_its_owner(host):
    """SQLite would make queue.db-wal anew, as root's: the mailer could not open its own queue again."""
    host.server.at["MAIL"] = lambda session: b"451 4.3.0 later\r\n"
    host.root.run("outpost", "start")
    done = host.run_as(ALICE, "sendmail", "-v", "bob@example.net", input=b"Subject: read by root\n\n")
    queue_id = re.search(r"[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{17}", done.stdout).group()
    wait_for(lambda: "451" in host.log(), "a deferral")
    for end in (lambda: host.root.run("outpost", "stop"), lambda: host.kill("outpost-queue-runner")):
        end()
        private = host.root.file("/var/spool/outpost/private")
        outpost = os.stat(private).st_uid
        for words in (("mailq",), ("outpost", "queue", "list", "--json"), ("outpost", "trace", queue_id)):
            assert queue_id in host.root.run(*words).stdout or words[1:2] == ("trace",), words
        assert "Messages in the queue: 1" in host.root.run("outpost", "status", check=False).stdout
        assert {os.lstat(path).st_uid for path in private.rglob("*")} == {outpost}
        host.root.run("outpost", "start")
    del host.server.at["MAIL"]
    host.root.run("outpost", "flush")
    host.server.wait("read by root")
