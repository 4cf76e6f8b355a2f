"""sendmail -> outpost -> a scripted relay that keeps what came over the wire, byte by byte.

Expect: each odd message has its right outcome: lines end in CRLF on the wire, stray CR is a space, NUL and 8-bit
bytes are kept, a lone dot ends the input only without -i, and nothing can smuggle a second message.
"""
import pytest

HEAD = b"From: a@example.org\nTo: b@example.net\nDate: Sat, 21 Nov 2026 10:00:00 +0000\nMessage-Id: <%s@x>\nSubject: odd\n"

BODIES = {
    # name: (arguments, submitted body, body on the wire)
    "plain": ((), b"hello\nworld\n", b"hello\r\nworld\r\n"),
    "nul": ((), b"a\0b\n\0\n", b"a\0b\r\n\0\r\n"),
    "eight-bit": ((), b"gr\xfc\xdfe \xff\x80\n", b"gr\xfc\xdfe \xff\x80\r\n"),
    "crlf": ((), b"one\r\ntwo\r\n", b"one\r\ntwo\r\n"),
    "lone-cr": ((), b"one\rtwo\n", b"one two\r\n"),
    "no-final-newline": ((), b"one\ntwo", b"one\r\ntwo\r\n"),
    "lone-dot": ((), b"before\n.\nafter\n", b"before\r\n"),
    "lone-dot-kept": (("-i",), b"before\n.\nafter\n", b"before\r\n.\r\nafter\r\n"),
    "lone-dot-kept-by-oi": (("-oi",), b"before\n.\nafter\n", b"before\r\n.\r\nafter\r\n"),
    "dots": (("-i",), b".\n..\n.x\n...\n", b".\r\n..\r\n.x\r\n...\r\n"),
    "smuggled": (("-i",), b"a\n.\r\nMAIL FROM:<evil@x>\nRCPT TO:<victim@x>\n\r.\r\n", None),
    "bare-cr-dot": (("-i",), b"a\r.\rMAIL FROM:<evil@x>\r\n", None),
    "from-line": ((), b"From here on\n>From there\n", b"From here on\r\n>From there\r\n"),
    "long-header-like": ((), b"X: y\n" * 1000, b"X: y\r\n" * 1000),
}


@pytest.mark.core
@pytest.mark.parametrize("name", BODIES)
def test_body_arrives_as_it_should(plain, relays, name):
    arguments, body, wire = BODIES[name]
    server = relays.scripted()
    outpost = plain(server).start()
    message = HEAD % name.encode() + b"\n" + body
    outpost.sendmail(*arguments, "-f", "a@example.org", "b@example.net", message=message)
    kept = server.wait(b"<%s@x>" % name.encode())
    outpost.wait_until_empty()
    assert len(server.kept) == 1, "one message, whatever it holds"
    assert kept.recipients == ["b@example.net"]
    received = kept.content.partition(b"\r\n\r\n")[2]
    if wire is not None:
        assert received == wire
    assert b"\r" not in received.replace(b"\r\n", b"") and b"\n" not in received.replace(b"\r\n", b"")
    header = HEAD % name.encode()
    assert header.replace(b"\n", b"\r\n") in kept.content


def test_empty_message(plain, relays):
    server = relays.scripted()
    outpost = plain(server).start()
    outpost.sendmail("b@example.net", message=b"")
    kept = server.wait("Received:")
    head, _, body = kept.content.partition(b"\r\n\r\n")
    assert body == b""
    for name in (b"From:", b"Date:", b"Message-Id:"):
        assert name.lower() in head.lower(), head


def test_header_only(plain, relays):
    server = relays.scripted()
    plain(server).start().sendmail("b@example.net", message=b"Subject: head alone\n")
    kept = server.wait("Subject: head alone")
    assert kept.content.partition(b"\r\n\r\n")[2] == b""


def test_body_without_a_header(plain, relays):
    server = relays.scripted()
    plain(server).start().sendmail("b@example.net", message=b"no header at all\nsecond line\n")
    kept = server.wait("no header at all")
    assert kept.content.partition(b"\r\n\r\n")[2] == b"no header at all\r\nsecond line\r\n"


def test_line_of_ten_megabytes(plain, relays):
    server = relays.scripted()
    outpost = plain(server, message_size_limit="0").start()
    line = b"0123456789abcdef" * 655_360
    outpost.sendmail("b@example.net", message=b"Subject: long line\n\n" + line + b"\nend\n")
    kept = server.wait("Subject: long line", timeout=60)
    body = kept.content.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 998
    assert body.replace(b"\r\n ", b"") == line + b"\r\nend\r\n"


def test_large_message_in_little_memory(plain, relays):
    """25 MiB: larger than what any process of ours may hold."""
    server = relays.scripted()
    outpost = plain(server, message_size_limit="0").start()
    body = b"".join(b"%09d %s\n" % (n, b"x" * 60) for n in range(370_000))
    outpost.sendmail("b@example.net", message=b"Subject: large\n\n" + body)
    kept = server.wait("Subject: large", timeout=120)
    assert kept.content.partition(b"\r\n\r\n")[2] == body.replace(b"\n", b"\r\n")
    if not outpost.build.sanitized:
        for pid in outpost.processes():
            with open(f"/proc/{pid}/status") as status:
                peak = [int(line.split()[1]) for line in status if line.startswith("VmHWM")][0]
            assert peak < 32 * 1024, f"{peak} KiB"


def test_thousand_recipients_from_the_header(plain, relays):
    server = relays.scripted()
    outpost = plain(server).start()
    people = [f"user{n}@example.net" for n in range(1000)]
    header = b"To: " + ",\n ".join(people).encode() + b"\n"
    outpost.sendmail("-t", message=header + b"Subject: thousand\n\n")
    outpost.wait_until_empty()
    assert sorted(sum((kept.recipients for kept in server.kept), [])) == sorted(people)
    assert max(len(kept.recipients) for kept in server.kept) <= 50 and len(server.kept) <= 40


def test_bcc_is_used_and_removed(plain, relays):
    server = relays.scripted()
    outpost = plain(server).start()
    outpost.sendmail("-t", message=b"To: open@example.net\nBcc: hidden@example.net, Group: member@example.net;\n"
                                   b"Subject: bcc\n\nbody\n")
    outpost.wait_until_empty()
    recipients = sorted(sum((kept.recipients for kept in server.kept), []))
    assert recipients == ["hidden@example.net", "member@example.net", "open@example.net"]
    assert all(b"hidden" not in kept.content and b"Bcc" not in kept.content for kept in server.kept)


def test_addresses_are_completed_with_myorigin(plain, relays):
    server = relays.scripted()
    outpost = plain(server).start()
    outpost.sendmail("-f", "root", "operator", message=b"Subject: completed\nTo: operator\n\n")
    kept = server.wait("Subject: completed")
    assert kept.sender == "root@example.org" and kept.recipients == ["operator@example.org"]
    assert b"To: operator@example.org" in kept.content


@pytest.mark.parametrize("argument", ["-F", "-f"])
def test_line_ends_in_arguments_make_no_header(plain, relays, argument):
    server = relays.scripted()
    outpost = plain(server).start()
    done = outpost.sendmail(argument, "x\r\nBcc: evil@example.com\r\n\r\nbody", "b@example.net",
                            message=b"Subject: injected\n\nreal body\n", check=False)
    if done.returncode == 0:
        outpost.wait_until_empty()
        for kept in server.kept:
            head = kept.content.partition(b"\r\n\r\n")[0]
            assert not any(line.lower().startswith(b"bcc") for line in head.split(b"\r\n"))
            assert "evil@example.com" not in kept.recipients
    else:
        assert done.returncode in (64, 65) and done.stderr


def test_line_ends_in_the_environment_make_no_header(plain, relays):
    server = relays.scripted()
    outpost = plain(server).start()
    outpost.sendmail("b@example.net", message=b"Subject: from the environment\n\n",
                     environment={"NAME": "x\nBcc: evil@example.com\nX-Injected: yes"})
    kept = server.wait("from the environment")
    assert not any(line.startswith((b"X-Injected", b"Bcc")) for line in kept.content.split(b"\r\n"))
