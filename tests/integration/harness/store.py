"""Mail as a relay stored it: a Maildir that takes every recipient."""
from dataclasses import dataclass
from pathlib import Path

from .wait import PATIENCE, wait_for

# What the relay's own delivery puts before the message that it received.
_ENVELOPE_HEADERS = (b"return-path:", b"x-original-to:", b"delivered-to:", b"envelope-to:")


def unfolded(text):
    """Bytes with every run of blanks and line ends as one blank, as prose is compared."""
    return b" ".join(text.split())


@dataclass
class StoredMessage:
    path: Path
    raw: bytes

    @property
    def received(self):
        """From the relay's own Received: on, the envelope headers of its delivery aside."""
        lines = self.raw.splitlines(keepends=True)
        while lines and lines[0].lower().startswith(_ENVELOPE_HEADERS):
            lines.pop(0)
        return b"".join(lines)

    @property
    def sent(self):
        """What outpost sent: without the relay's own Received:, lines ending in LF."""
        lines = self.received.splitlines(keepends=True)
        if lines and lines[0].startswith(b"Received:"):
            lines.pop(0)
            while lines and lines[0][:1] in b" \t":
                lines.pop(0)
        return b"".join(lines)

    @property
    def head(self):
        return self.sent.partition(b"\n\n")[0] + b"\n"

    @property
    def body(self):
        return self.sent.partition(b"\n\n")[2]

    def header(self, name):
        """Value of the first header of that name among those that outpost sent, unfolded; None without one."""
        values = self.headers(name)
        return values[0] if values else None

    def headers(self, name):
        unfolded = self.head.replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n")
        wanted = name.lower().encode() + b":"
        return [line[len(wanted):].strip().decode("latin-1") for line in unfolded if line.lower().startswith(wanted)]

    def envelope(self, name):
        """Return-Path or the recipient, as the relay's delivery noted it."""
        wanted = name.lower().encode() + b":"
        for line in self.raw.split(b"\n\n", 1)[0].split(b"\n"):
            if line.lower().startswith(wanted):
                return line[len(wanted):].strip().decode("latin-1")
        return None


class Store:
    def __init__(self, directory):
        self.directory = Path(directory)

    def messages(self):
        found = []
        for path in sorted((self.directory / "new").glob("*")):
            try:
                found.append(StoredMessage(path, path.read_bytes()))
            except FileNotFoundError:
                pass
        return found

    def containing(self, text):
        wanted = text.encode() if isinstance(text, str) else text
        return [message for message in self.messages() if wanted in message.raw]

    def wait(self, text, count=1, timeout=PATIENCE):
        """The `count` messages that contain `text`; more than `count` is a failure."""
        found = wait_for(lambda: (have := self.containing(text)) and len(have) >= count and have,
                         f"{count} stored message(s) with {text!r}", timeout,
                         detail=lambda: f"{len(self.messages())} stored, {len(self.containing(text))} with that text")
        assert len(found) == count, f"{len(found)} copies of {text!r} arrived, {count} expected"
        return found if count > 1 else found[0]
