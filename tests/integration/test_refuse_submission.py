"""sendmail with what it must refuse.

Expect: the sysexits code that its manual promises, one line on stderr that says what was wrong, nothing queued.
"""
import pytest

CASES = {
    "unknown option": (("-Z", "bob@example.net"), b"x\n", 64, "-Z"),
    "unknown long option": (("--frobnicate", "bob@example.net"), b"x\n", 64, "--frobnicate"),
    "no recipients": ((), b"x\n", 64, "recipient"),
    "no recipients in the header": (("-t",), b"Subject: nobody\n\n", 65, "recipient"),
    "no argument for -f": (("-f",), b"x\n", 64, "-f"),
    "unsupported mode": (("-bt",), b"", 64, "-bt"),
    "the listener": (("-bd",), b"", 64, "-bd"),
}


@pytest.mark.core
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("running", [False, True], ids=["maildrop", "socket"])
def test_refused_with_its_code(plain, relays, name, running):
    arguments, message, code, word = CASES[name]
    outpost = plain(relays.scripted())
    if running:
        outpost.start()
    done = outpost.sendmail(*arguments, message=message, check=False)
    said = done.stderr.decode()
    assert done.returncode == code, said
    assert word in said and said.startswith("sendmail: ") and len(said.splitlines()) <= 3, said
    assert outpost.queue() == [] and not list((outpost.spool / "maildrop").glob("*"))


@pytest.mark.parametrize("running", [False, True], ids=["maildrop", "socket"])
def test_message_larger_than_the_limit(plain, relays, running):
    outpost = plain(relays.scripted(), message_size_limit="10000")
    if running:
        outpost.start()
    done = outpost.sendmail("bob@example.net", message=b"Subject: too large\n\n" + b"x" * 20000, check=False)
    assert done.returncode == 69, done
    assert b"10000" in done.stderr or b"large" in done.stderr or b"size" in done.stderr


@pytest.mark.parametrize("options", [
    ("-FCronDaemon", "-i", "-B8BITMIME", "-oem", "-oi", "-t"), ("-t", "-i"), ("-oem", "-oi", "-t"), ("-t", "-oi", "-oem"),
    ("-i", "-m", "-t"), ("-oi", "-om", "-oeq", "-U", "-h5", "-pESMTP", "-Lmytag", "-odb", "-t"), ("-t", "-N", "failure,delay"),
    ("-t", "-R", "hdrs", "-V", "my-id"), ("-t", "-F", "", "-r", "root"),
], ids=lambda options: " ".join(options))
def test_options_of_known_callers_are_taken(plain, relays, options):
    server = relays.scripted()
    outpost = plain(server).start()
    outpost.sendmail(*options, message=b"To: bob@example.net\nSubject: known caller\n\nx\n")
    assert server.wait("known caller").recipients == ["bob@example.net"]


def test_verify_mode_and_status_modes_do_not_submit(plain, relays):
    outpost = plain(relays.scripted()).start()
    assert outpost.sendmail("-bh", message=b"").returncode == 0
    assert outpost.sendmail("-q30m", message=b"").returncode == 0
    assert outpost.run("sendmail", "-C", outpost.etc, "-bp").stdout
    assert outpost.queue() == []
