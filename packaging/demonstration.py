"""What packaging/try shows: one message on its way from `sendmail -t` to a smarthost that asks for TLS and a password.

    sendmail -t  ->  outpost (user nobody, a temporary directory)  ==STARTTLS, AUTH==>  Postfix (a root of its own)

The smarthost is down at first, so that there is a queue to look at.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "integration"))

from harness.certificates import Authority
from harness.outpost import NOBODY, QUEUE_ID, Build
from harness.postfix import PostfixRelay
from harness.wait import wait_for

MESSAGE = """To: Somebody Else <somebody@example.net>
Subject: Hello from outpost

Written on a host that only sends mail,
and kept until the smarthost has said 250.
"""

MAIN_CF = """relayhost = {relay}
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = hash:{etc}/auth_passwd
smtp_tls_security_level = secure
smtp_tls_CAfile = {ca}
maillog_file = {log}
"""

COMMAND = """#!/bin/sh
exec setpriv --reuid={uid} --regid={uid} --clear-groups env -i HOME={home} PATH="$PATH" TERM="$TERM" {program} "$@"
"""


class Desk:
    """A home directory for user nobody, where its own outpost lives as it would for any user (~/.config/outpost)."""

    def __init__(self, build, relay, authority):
        self.home = Path(tempfile.mkdtemp(prefix="outpost-try-"))
        self.etc, self.log = self.home / ".config" / "outpost", self.home / "mail.log"
        self.etc.mkdir(parents=True)
        self.main_cf = MAIN_CF.format(relay=relay.destination, etc=self.etc, ca=self.home / "ca.pem", log=self.log)
        self.passwords = f"{relay.destination} alice:secret\n"
        shutil.copy(authority.certificate, self.home / "ca.pem")
        (self.etc / "main.cf").write_text(self.main_cf)
        (self.etc / "auth_passwd").write_text(self.passwords)
        (self.etc / "auth_passwd").chmod(0o600)
        for folder, folders, files in os.walk(self.home):
            for name in [".", *folders, *files]:
                os.chown(Path(folder, name), NOBODY, NOBODY)
        self.home.chmod(0o755)
        for name in ("sendmail", "outpost"):
            command = self.home / name
            command.write_text(COMMAND.format(uid=NOBODY, home=self.home, program=build.programs / name))
            command.chmod(0o755)

    def run(self, *words, text=None):
        done = subprocess.run([self.home / words[0], *words[1:]], input=text, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=90)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}")
        return done.stdout

    def show(self, *words):
        say_command(" ".join(words))
        say(self.run(*words))

    def log_lines(self):
        return self.log.read_text(errors="replace").splitlines() if self.log.exists() else []

    def close(self):
        subprocess.run([self.home / "outpost", "stop"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=90)
        shutil.rmtree(self.home, ignore_errors=True)


def bold(text):
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


def title(text):
    print(f"\n{bold(text)}", flush=True)


def say(text):
    for line in text.rstrip("\n").splitlines():
        print(f"    {line}".rstrip(), flush=True)


def say_command(text):
    print(f"  {bold('$ ' + text)}", flush=True)


def demonstrate(desk, relay):
    title("outpost, run by user nobody. Its main.cf (the last line is for this demonstration) and auth_passwd:")
    say(desk.main_cf)
    print()
    say(desk.passwords)
    desk.run("outpost", "start")

    title("A program sends a message. The smarthost is down, so it waits:")
    say_command("sendmail -v -t < message")
    said = desk.run("sendmail", "-v", "-t", text=MESSAGE)
    say(said)
    queue_id = QUEUE_ID.search(said).group()
    wait_for(lambda: any(queue_id in line and "status=deferred" in line for line in desk.log_lines()),
             "the first attempt", detail=lambda: "\n".join(desk.log_lines()))
    desk.show("outpost", "queue", "list")

    title(f"The smarthost is started (Postfix on 127.0.0.1:{relay.port}: STARTTLS and AUTH required, a CA of its own):")
    relay.start()
    desk.show("outpost", "flush")
    stored = relay.store.wait("Subject: Hello from outpost")
    wait_for(lambda: any(queue_id in line and "status=sent" in line for line in desk.log_lines()), "the log line")
    wait_for(lambda: "empty" in desk.run("outpost", "queue", "list"), "an empty queue")
    desk.show("outpost", "queue", "list")

    title("What became of it:")
    desk.show("outpost", "trace", queue_id)
    say_command("grep " + queue_id + " mail.log")
    say("\n".join(line for line in desk.log_lines() if queue_id in line))

    title("The message as the smarthost stored it:")
    say(stored.raw.decode(errors="replace"))


def keep(desk, relay):
    title("It stays up. In another terminal:")
    say(f"""cd {desk.home}
./outpost queue list      ./outpost status      ./outpost trace ID      ./outpost conf -n
echo hello | ./sendmail -v somebody@example.net
tail mail.log             ls {relay.store.directory}/new""")
    print("\nEnter ends and removes it.", flush=True)
    if not sys.stdin.isatty() or not sys.stdin.readline():
        signal.pause()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build = Build(options.build)
    authority_directory = Path(tempfile.mkdtemp(prefix="outpost-ca-"))
    made = []
    try:
        authority = Authority(authority_directory)
        print("Unpacking a smarthost beside the system (Postfix from Debian; cached for the next time) ...", flush=True)
        relay = PostfixRelay(authority)
        made.append(relay)
        desk = Desk(build, relay, authority)
        made.append(desk)
        demonstrate(desk, relay)
        if options.keep:
            keep(desk, relay)
        title("It works." if options.keep else "It works. All of it has been removed; packaging/try --keep leaves it up.")
    except KeyboardInterrupt:
        pass
    finally:
        for each in reversed(made):
            each.close()
        build.close()
        shutil.rmtree(authority_directory, ignore_errors=True)


if __name__ == "__main__":
    main()
