"""One main.cf, two readers: Postfix's postconf and ours -> the same words, the same exit status.

Expect: what is told of a file agrees for the whole grammar, what is written into one agrees byte by byte, and so do the
defaults; where they differ on purpose, the reason stands beside.
"""
import itertools
import os
import re
import subprocess

import pytest

from harness.installed import SOURCE
from harness.layers import layer

DATA = SOURCE / "tests" / "data"


class Postconf:
    """A directory with a main.cf, and a postconf that reads it."""

    def __init__(self, directory, program, environment=None):
        self.directory, self._program, self._environment = directory, program, environment
        directory.mkdir()
        (directory / "master.cf").write_text("smtp unix - - n - - smtp\nslow unix - - n - - smtp\n")

    def write(self, text):
        (self.directory / "main.cf").write_bytes(text.encode())
        self._age()

    def _age(self):
        """Postfix waits until a file is some seconds old before it believes what it read."""
        os.utime(self.directory / "main.cf", (1, 1))

    def read(self):
        return (self.directory / "main.cf").read_text()

    def __call__(self, *words):
        environment = {"PATH": os.environ["PATH"], **(self._environment or {})}
        done = subprocess.run(["postconf", "-c", self.directory, *words], executable=self._program, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
        self._age()
        out, err = (text.decode().replace(str(self.directory), "DIR") for text in (done.stdout, done.stderr))
        return done.returncode, out, err


class Both:
    def __init__(self, directory, build):
        root = layer("postfix", "sasl2-bin")
        libraries = f"{root}/usr/lib/postfix:{root}/usr/lib/x86_64-linux-gnu"
        self.theirs = Postconf(directory / "theirs", root / "usr/sbin/postconf", {"LD_LIBRARY_PATH": libraries})
        self.ours = Postconf(directory / "ours", build.programs / "outpost")

    def write(self, text):
        self.theirs.write(text)
        self.ours.write(text)

    def ask(self, *words):
        """What both say, without the words of warnings; of what is refused, that it is."""
        return tuple((code, out, "warning: " in err) if code == 0 else code for code, out, err in
                     (self.theirs(*words), self.ours(*words)))

    def expect_the_same(self, *words):
        theirs, ours = self.ask(*words)
        assert ours == theirs, f"postconf {' '.join(words)}\n{self.theirs(*words)[2]}{self.ours(*words)[2]}"


    def expect_the_same_edit(self, *words):
        """Ours may warn of values that `outpost start` would refuse."""
        theirs, ours = self.theirs(*words), self.ours(*words)
        assert ours[:2] == theirs[:2], ours
        assert self.ours.read() == self.theirs.read()


@pytest.fixture(scope="module")
def both(tmp_path_factory, build):
    return Both(tmp_path_factory.mktemp("postconf"), build)


MACROS = "my_a = x\nmy_b = y z\nmy_empty =\nmy_ten = 10\nmy_braces = {p, q}\n"
SIDES = [("a", "a"), ("a", "b"), ("b", "a"), ("9", "10"), ("10", "9"), ("010", "10"), ("abc", "9"), ("", ""), ("", "a"),
         ("-1", "1"), ("1.5", "1.50"), ("A", "a"), ("$my_ten", "9"), ("a b", "a b"), ("$my_empty", "")]
EXPRESSIONS = [
    "$my_a", "${my_a}", "$(my_a)", "$my_a$my_b", "$my_a.$my_b", "[$my_a]:25", "$my_b", "-$my_unset-", "${my_braces}",
    "$$", "a$$b", "$$my_a", "$$$my_a", "${my_a}$$",
    "${my_a?p}", "${my_a:p}", "${my_empty?p}", "${my_empty:p}", "${my_unset?p}", "${my_unset:p}", "$(my_a?p)",
    "${my_a?}", "${my_empty:}", "${my_a?p q}", "${my_a? p }", "${my_a?$my_b}", "${my_a?${my_b}}", "${my_a?p:q}",
    "${my_a?{p}:{q}}", "${my_empty?{p}:{q}}", "${my_unset?{p}:{q}}", "${my_a ? {p} : {q}}", "${my_a?{p}}",
    "${my_empty?{p}}", "${my_empty:{p}}", "${my_a:{p}}", "${my_a?{}:{}}", "${my_a?{ p }:{ q }}", "${my_a?{p:q}:{r}}",
    "${my_a?{p?q}:{r}}", "${my_a?{$my_b}:{$my_empty}}", "${my_empty?{$my_b}:{$my_a}}", "${my_a?{${my_b?{in}:{out}}}:{q}}",
    "${my_a?{{p}}:{q}}", "${ my_a }", "${ my_a?p}", "${my_a ?p}", "${my_a :p}", "${my_empty ?{p} :{q}}",
    "${my_a?{p}:q}", "${my_empty?{p}:q}", "${my_empty?{p}: q}", "${my_empty:{p}:{q}}", "${my_a?{p}q}", "${my_a?{p} q}",
    "${my_a?{p}:{q}r}", "${my_a?{p}{q}}", "${my_a??p}", "${my_a?:p}", "${my_empty:?p}",
    "${my_a}}", "${my_a", "$(my_a", "${my_a)", "$(my_a}", "$", "a$", "$ my_a", "$-", "$.", "${}", "$()", "${ }", "${my-a}",
    "${my_a!}", "${?p}", "${:p}", "${my_a?{p}", "${my_a?{p}:{q}", "$my_a}", "{$my_a}", "{ $my_a , p }", "{", "}", "{}",
    "${{a} == {a} ? {p} : {q}}", "${{a}=={a}?{p}:{q}}", "${{a} == {b} ? {p}}", "${{a} == {b} : {q}}", "${{a} == {a}}",
    "${{a} == {a} ? p : q}", "${{a} == {b} ? {p} : q}", "${{a} == {a} ? {$my_b} : {$}}", "${{a} == {b} ? {$} : {p}}",
    "${{$my_a$my_a} == {xx} ? {p} : {q}}", "${{${my_a?{1}:{2}}} == {1} ? {${my_b}} : {q}}", "$({a} == {a} ? {p} : {q})",
    "${{a} == a ? {p} : {q}}", "${a == {a} ? {p} : {q}}", "${{a} = {a}}", "${{a} === {a}}", "${{a} {a}}", "${{a}}",
    "${{a} ==}", "${{a} == {a} {p}}", "${{a} == {a", "${{a} ~ {a}}", "${{a} == {a} ?}", "${{a} == {b} :}",
    "${{3.6} <level {3.10} ? {p} : {q}}", "${{3.10} <=level {3.10} ? {p} : {q}}", "${{3} ==level {3.0.0} ? {p} : {q}}",
    "${{4} >level {3.10.5} ? {p} : {q}}", "${{2} >=level {3} ? {p} : {q}}", "${{3.7} !=level {3.7} ? {p} : {q}}",
    "${{x} <level {3} ? {p} : {q}}", "${{3} <level {} ? {p} : {q}}", "${{3.} <level {3} ? {p} : {q}}",
    "${{3} <lev {3} ? {p} : {q}}",
    "$relayhost", "p$relayhost", "${relayhost}", "${my_a?{p}:{$relayhost}}", "${my_empty?$relayhost}", "${relayhost?p}",
    "a # b", "#a", "=a", "a = b", "a  b\tc", "\"a b\"", "a,b", "!a", "a\\", "äöü", "$myhostname.", "$mydomain", "$mail_name.$$",
]
COMPARISONS = " ".join(f"{a}{operator}{b}:${{{{{a}}} {operator} {{{b}}} ? {{p}} : {{q}}}}" for (a, b), operator in
                       itertools.product(SIDES, ("==", "!=", "<", "<=", ">=", ">")))
# What is no name, or refers to itself: a slip, which ours refuses.
DIFFERENT_EXPRESSIONS = {"${ }", "${?p}", "${:p}", "${relayhost?p}"}


@pytest.mark.parametrize("expression", [*EXPRESSIONS, COMPARISONS])
def test_macros(both, expression):
    both.write(f"mail_name = Mail\nmyhostname = host.example.org\nmydomain = example.org\n{MACROS}relayhost = {expression}\n")
    if expression not in DIFFERENT_EXPRESSIONS:
        both.expect_the_same("-nx")


FILES = {
    "nothing": "",
    "blank lines and comments": "\n  \n# a\n   # b\nrelayhost = a\n\t\n#c",
    "without a line end": "relayhost = a",
    "continuation": "relayhost =\n  a\n\tb\n c\n",
    "comments and blank lines within a value": "mydestination = a,\n# no\n  b,\n\n   # no\n\tc\nrelayhost = d\n",
    "a continuation alone": "  relayhost = a\nmyorigin = b\n",
    "carriage returns": "relayhost = a\r\nmyorigin = b\r\n  c\r\n",
    "white space": "  \nrelayhost=a\nmyorigin  =  b  \nmail_name\t=\tc\t\nmydomain =d e\n",
    "the last of several": "relayhost = a\nrelayhost = b\nmyorigin = $relayhost\n",
    "several that agree": "relayhost = a\nrelayhost = a\n",
    "the last is empty": "relayhost = a\nrelayhost =\n",
    "macros of its own": "my_relay = [a]:25\nrelayhost = $my_relay\n",
    "macros of macros": "my_a = $my_b\nmy_b = ${my_c}\nmy_c = c\nmyorigin = ${my_a?{$my_b}}\n",
    "a macro that nothing uses": "my_relay = a\nrelayhost = b\n",
    "an unknown name": "relayhots = a\n",
    "a name that is set nowhere": "relayhost = $my_relay\n",
    "empty": "relayhost =\nmyorigin =   \nmydestination=\n",
    "braces": "relayhost = { a b }\nmydestination = { a, b }, { c }\nmyorigin = {\n",
    "more equals signs": "relayhost = a=b\nmyorigin = = c\n",
    "no equals sign": "relayhost a\n",
    "no name": "= a\n",
    "a name in two words": "relay host = a\n",
    "a hyphen in a name": "relay-host = a\n",
    "a dot in a name": "relay.host = a\n",
    "a number in a name": "2bounce_notice_recipient = a\nmy_2 = b\nrelayhost = $my_2\n",
    "capital letters": "RelayHost = a\nmy_A = b\nrelayhost = $my_A$my_a\n",
    "a circle of macros": "my_a = $my_b\nmy_b = $my_a\nrelayhost = $my_a\n",
    "a long line": "mydestination = " + ", ".join(f"host{n}.example.org" for n in range(60)) + "\n",
    "a long word": f"relayhost = {'a' * 200} {'b' * 90} c\n",
    "of a listener": "smtpd_banner = $myhostname ESMTP\nmynetworks = 127.0.0.0/8 [::1]/128\nsmtpd_use_tls = yes\n",
    "a listener's own macros": "smtpd_restriction_classes = my_class\nmy_class = permit\n",
    "of a transport": "slow_destination_rate_delay = 2s\nsmtp_destination_concurrency_limit = 3\n",
    "words that look like macros": "forward_path = $home/.forward${recipient_delimiter}${extension}\n",
    "a text of a notice": "default_rbl_reply = $rbl_code Service unavailable${rbl_reason?; $rbl_reason}\n",
    **{path.stem: path.read_text().replace("$process_id", "1") + "mail_name = Mail\ndata_directory = /var/lib/mailer\n"
       for path in (DATA / "distributions").glob("*.cf")},
}
WAYS = [["-n"], ["-nx"], ["-nf"], ["-nH"], ["-n", "-C", "builtin"], ["-n", "-C", "user"],
        ["-xh", "relayhost", "no_such_name", "myorigin"], ["-dx", "relayhost", "smtp_helo_timeout", "smtp_helo_name"],
        ["-o", "relayhost=z", "-h", "relayhost", "myorigin"]]
ANY = [" ".join(words) for words in WAYS if not words[0].startswith("-d")]
DIFFERENT_FILES = {
    "a continuation alone": ANY,  # refused: what would be left out may be meant
    "a dot in a name": ANY,  # refused: no value could use such a name
    "a circle of macros": ANY,  # ours refuses it where it is expanded
    "braces": ANY,  # ours says nothing of braces in a value that is no list
    "of a transport": ["-n -C builtin", "-n -C user"],  # Postfix's class "service", which needs its master.cf
    "a text of a notice": ["-nx"],  # of a listener's values ours does not know which have names of their own
}


@pytest.mark.parametrize("name", FILES)
def test_files(both, name):
    both.write(FILES[name])
    for words in WAYS:
        if " ".join(words) not in DIFFERENT_FILES.get(name, {}):
            both.expect_the_same(*words)


# Beside tests/data/differences.tsv: what differs by Debian's build, or from this release of Postfix, older than our facts.
DEFAULTS = {
    "Debian": {"alias_database", "html_directory", "readme_directory", "shlib_directory"},
    "older": {"import_environment", "smtp_tls_dane_insecure_mx_policy", "tls_export_cipherlist", "tls_high_cipherlist",
              "tls_low_cipherlist", "tls_medium_cipherlist", "tls_null_cipherlist"},
}


def parameters(text):
    return dict(line.split(" =", 1) for line in text.splitlines())


def test_defaults(both):
    both.write("")
    theirs, ours = (parameters(postconf("-d")[1]) for postconf in (both.theirs, both.ours))
    common = theirs.keys() & ours.keys()
    assert len(common) > 450
    told = {line.split("\t")[0] for line in (DATA / "differences.tsv").read_text().splitlines()}
    assert {name for name in common if theirs[name] != ours[name]} - told == set().union(*DEFAULTS.values())
    # Where they agree they expand alike, once what they refer to is the same.
    both.write("".join(f"{name} ={theirs[name]}\n" for name in common if theirs[name] != ours[name]))
    theirs, ours = (parameters(postconf("-x")[1]) for postconf in (both.theirs, both.ours))
    assert {name for name in common if theirs[name] != ours[name]} == {"config_directory", "process_id"}


TO_EDIT = "# head\nrelayhost = a\n\n# about b\nmyorigin = b\n  c\n# within\n  d\n#mydomain = x\nmynetworks=e\nrelayhost = f\n"
EDITS = {
    "set": ["-e", "relayhost=[b]:25"],
    "set without -e": ["mynetworks = 1.2.3.4"],
    "set what is new": ["-e", "mydomain=example.org"],
    "set several": ["-e", "myorigin=$mydomain", "mydomain=example.org", "mynetworks="],
    "set to nothing": ["-e", "myorigin="],
    "set with blanks": ["-e", " myorigin  =  x  y "],
    "set a macro": ["-e", "my_relay=[a]:25", "relayhost=$my_relay"],
    "set the same twice": ["-e", "mydomain=x", "mydomain=y"],
    "set what it is already": ["-e", "mynetworks=e"],
    "set a value with quotes": ["-e", "mail_name=\"a  b\" # c"],
    "set no name": ["-e", "=x"],
    "set without a value": ["-e", "relayhost"],
    "set an empty text": ["-e", ""],
    "set a comment": ["-e", "#relayhost=x"],
    "set a name in two words": ["-e", "relay host=x"],
    "set two lines": ["-e", "relayhost=x\nmyorigin=y"],
    "set a line end": ["-e", "relayhost=x\n"],
    "remove": ["-X", "myorigin"],
    "remove what is there twice": ["-X", "relayhost"],
    "remove several": ["-X", "mynetworks", "myorigin"],
    "remove what is not there": ["-X", "mydomain"],
    "comment out": ["-#", "myorigin"],
    "comment out what is there twice": ["-#", "relayhost", "mynetworks"],
    "comment out what is not there": ["-#", "mydomain"],
}
DIFFERENT_EDITS = {}


@pytest.mark.parametrize("name", EDITS)
def test_edits(both, name):
    both.write(TO_EDIT)
    if name not in DIFFERENT_EDITS:
        both.expect_the_same_edit(*EDITS[name])


# As Debian's postinst does for a "Satellite system": the template, then one command after another.
SATELLITE = [
    "smtpd_relay_restrictions=permit_mynetworks permit_sasl_authenticated defer_unauth_destination",
    "myhostname=host.example.org", "alias_maps=hash:/etc/aliases", "alias_database=hash:/etc/aliases",
    "myorigin=/etc/mailname", "mydestination=$myhostname, host.example.org, localhost.example.org, localhost",
    "relayhost=@RELAY@", "mynetworks=127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128", "mailbox_size_limit=0",
    "recipient_delimiter=+", "inet_interfaces=loopback-only", "inet_protocols=all",
]


def test_debians_satellite_is_what_its_package_writes(both):
    """So tests/data has the real one; and the package's script could use either postconf."""
    share = layer("postfix", "sasl2-bin") / "usr/share/postfix"
    both.write((share / "main.cf.debian").read_text() + (share / "main.cf.tls").read_text())
    for setting in SATELLITE:
        both.expect_the_same_edit("-e", setting)
    assert both.theirs.read() == (DATA / "distributions" / "debian-satellite.cf").read_text()
