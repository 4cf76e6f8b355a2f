"""outpost ==STARTTLS, AUTH==> Postfix, while auth_passwd is written anew again and again, and outpost is reloaded.

Expect: every message arrives once, at its first attempt: a look-up never sees a password file that is half written, in
which the relay would have no account.
"""
import os
import re
import threading
import time

MESSAGES_PER_CHANGE = 4


def _in_place(path, text):
    """As an editor that truncates and is interrupted amid a line."""
    with open(path, "w", encoding="ascii") as file:
        file.flush()
        time.sleep(0.2)
        file.write(text[: len(text) - 10])
        file.flush()
        time.sleep(0.2)
        file.write(text[len(text) - 10 :])


def _by_rename(path, text):
    new = path.with_name("auth_passwd.new")
    new.write_text(text)
    new.chmod(0o600)
    os.chown(new, path.stat().st_uid, path.stat().st_gid)
    new.rename(path)


def _at_once(path, text):
    path.write_text(text)


def test_changing_passwords_under_load_delays_no_mail(client, relays):
    relay = relays.postfix().start()
    outpost = client(relay, max_idle="1s").start()
    passwords = outpost.etc / "auth_passwd"
    line = passwords.read_text()
    others = "".join(f"[relay{number}.example.net] user{number}:none\n" for number in range(200))
    done = threading.Event()

    def change():
        for number, write in enumerate((_in_place, _by_rename, _at_once, _in_place, _by_rename)):
            write(passwords, f"# change {number}\n{others}{line}")
            outpost.command("reload")
        done.set()

    changing = threading.Thread(target=change)
    changing.start()
    ids = []
    while not done.is_set() or len(ids) < 5 * MESSAGES_PER_CHANGE:
        ids.append(outpost.submit("bob@example.net", message=b"Subject: changed %d\n\n" % len(ids)))
    changing.join()
    outpost.wait_until_empty()
    subjects = sorted(int(message.header("Subject").split()[1]) for message in relay.store.messages())
    assert subjects == list(range(len(ids)))
    assert re.findall("status=(?:deferred|bounced).*", outpost.log()) == []
    assert "authentication failed" not in relay.log()


def test_a_command_gives_the_password(client, relays):
    relay = relays.postfix().start()
    outpost = client(relay)
    program = outpost.etc / "password"
    program.write_text('#!/bin/sh\n[ "$1" != localhost ] || echo alice:secret\n')
    program.chmod(0o755)
    os.chown(program, 0, 0)
    outpost.configure(smtp_sasl_password_maps=f"command:{program}")
    outpost.start()
    outpost.submit("bob@example.net", message=b"Subject: by command\n\n")
    relay.store.wait("Subject: by command")
    outpost.wait_until_empty()


def test_a_command_that_fails_makes_mail_wait(client, relays):
    relay = relays.postfix().start()
    outpost = client(relay)
    outpost.configure(smtp_sasl_password_maps="command:/bin/false")
    outpost.start()
    queue_id = outpost.submit("bob@example.net")
    assert "/bin/false: exit status 1" in outpost.wait_for_deferred(queue_id)["reason"]
    assert relay.store.messages() == []


def test_a_password_in_a_table_too_large_for_memory_is_found(client, relays):
    relay = relays.postfix().start()
    outpost = client(relay)
    passwords = outpost.etc / "auth_passwd"
    others = "".join(f"[relay{number}.example.net] user{number}:none\n" for number in range(150_000))
    passwords.write_text(others + passwords.read_text())
    outpost.start()
    outpost.submit("bob@example.net", message=b"Subject: one of many\n\n")
    relay.store.wait("Subject: one of many")
    outpost.wait_until_empty()
