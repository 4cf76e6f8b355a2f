"""An SMTP server that does what a test tells it: refuse, stall, cut, babble. For what a real relay won't do on demand.

    with ScriptedServer(at={"RCPT": reply("550 5.1.1 no such user")}) as server: ...

`at` maps a stage to an action. Stages: GREETING, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, CONTENT (some bytes of the
content have come), DOT (its end has come), RSET, QUIT. An action gets the Session and returns bytes to send instead
of the usual reply, None for the usual one, or CUT. Actions that hold for some sessions alone look at session.number.
"""
import base64
import socket
import ssl
import threading
from dataclasses import dataclass, field

from .wait import PATIENCE, wait_for

CUT = object()


def reply(text):
    """Always this reply, of one line or several, without the final line end."""
    return lambda session: text.encode("latin-1") + b"\r\n"


def cut(session):
    """Closes the connection."""
    return CUT


def stall(session):
    """Says nothing until the client leaves."""
    while session.socket.recv(65536):
        pass
    return CUT


def first(times, action):
    """`action` for the first sessions, the usual reply afterwards."""
    return lambda session: action(session) if session.number <= times else None


@dataclass
class Transaction:
    sender: str
    recipients: list = field(default_factory=list)
    content: bytes = b""  # as sent, dots removed, lines ending in CRLF
    tls: bool = False
    user: str = ""
    session: int = 0


class Session:
    def __init__(self, server, connection, number):
        self.server, self.number = server, number
        self.socket, self.tls, self.user = connection, False, ""
        self.commands = []
        self._buffer = b""

    # -- bytes
    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        while b"\n" not in self._buffer:
            got = self.socket.recv(65536)
            if not got:
                raise ConnectionError("the client closed")
            self._buffer += got
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def act(self, stage, usual, on_success=None):
        """Sends the reply of a stage, on_success() before it when it is 2xx or 3xx; whether it is."""
        action = self.server.at.get(stage)
        said = action(self) if action else None
        if said is CUT:
            raise ConnectionError("cut")
        success = said is None or _is_success(said)
        if success and on_success:
            on_success()
        self.send(usual if said is None else said)
        return success

    # -- dialogue
    def serve(self):
        self.act("GREETING", b"220 scripted.example.org ESMTP\r\n")
        transaction = None
        while True:
            line = self.line()
            self.commands.append(line.decode("latin-1"))
            verb = line[:4].upper()
            if verb in (b"EHLO", b"HELO"):
                self.act("EHLO", self._capabilities())
            elif line.upper() == b"STARTTLS":
                if self.act("STARTTLS", b"220 2.0.0 go ahead\r\n"):
                    self.socket = self.server.context.wrap_socket(self.socket, server_side=True)
                    self.tls, self._buffer = True, b""
            elif verb == b"AUTH":
                self._authenticate(line)
            elif verb == b"MAIL":
                transaction = None
                if self.act("MAIL", b"250 2.1.0 ok\r\n"):
                    transaction = Transaction(_path(line), tls=self.tls, user=self.user, session=self.number)
            elif verb == b"RCPT":
                if self.act("RCPT", b"250 2.1.5 ok\r\n") and transaction:
                    transaction.recipients.append(_path(line))
            elif verb == b"DATA":
                if not transaction or not transaction.recipients:
                    self.send(b"503 5.5.1 no recipients\r\n")
                elif self.act("DATA", b"354 go on\r\n"):
                    self._content(transaction)
                    transaction = None
            elif verb == b"RSET":
                transaction = None
                self.act("RSET", b"250 2.0.0 ok\r\n")
            elif verb == b"QUIT":
                self.act("QUIT", b"221 2.0.0 bye\r\n")
                return
            else:
                self.send(b"250 2.0.0 ok\r\n" if verb == b"NOOP" else b"502 5.5.2 what?\r\n")

    def _capabilities(self):
        lines = ["scripted.example.org", *self.server.capabilities]
        if self.server.context and not self.tls and self.server.offer_starttls:
            lines.append("STARTTLS")
        if self.server.users:
            lines.append("AUTH PLAIN LOGIN")
        return b"".join(f"250{'-' if n < len(lines) - 1 else ' '}{line}\r\n".encode() for n, line in enumerate(lines))

    def _authenticate(self, line):
        words = line.split(b" ")
        if words[1].upper() == b"PLAIN":
            if len(words) < 3:
                self.send(b"334 \r\n")
                words.append(self.line())
            _, user, password = base64.b64decode(words[2]).split(b"\0")
        else:
            self.send(b"334 VXNlcm5hbWU6\r\n")
            user = base64.b64decode(self.line())
            self.send(b"334 UGFzc3dvcmQ6\r\n")
            password = base64.b64decode(self.line())
        good = self.server.users.get(user.decode()) == password.decode()
        if self.act("AUTH", b"235 2.7.0 welcome\r\n" if good else b"535 5.7.8 wrong user or password\r\n") and good:
            self.user = user.decode()

    def _content(self, transaction):
        if "CONTENT" in self.server.at:
            self.line()
            self.act("CONTENT", b"")
        lines = []
        while (line := self._content_line()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        transaction.content = b"".join(lines)
        self.act("DOT", b"250 2.0.0 kept\r\n", on_success=lambda: self.server.keep(transaction))

    def _content_line(self):
        """A line with its end as it came: content must arrive as CRLF lines, and a lone LF would be seen."""
        while b"\r\n" not in self._buffer:
            got = self.socket.recv(262144)
            if not got:
                raise ConnectionError("the client closed")
            self._buffer += got
        end = self._buffer.index(b"\r\n") + 2
        line, self._buffer = self._buffer[:end], self._buffer[end:]
        return line


def _is_success(said):
    """Whether a client that keeps to the letter takes these bytes as 2xx or 3xx."""
    lines = said.split(b"\r\n")
    return lines.pop() == b"" and all(line[:1] in (b"2", b"3") and line[3:4] in (b" ", b"-", b"") and line[:3] == lines[0][:3]
                                     for line in lines)


def _path(line):
    return line[line.index(b"<") + 1:line.rindex(b">")].decode("latin-1")


class ScriptedServer:
    """Listens from construction to close(). `kept` are the transactions that got their 2xx (or whose DOT action said
    one); `sessions` all connections, with their commands."""

    def __init__(self, at=None, certificate=None, users=None, offer_starttls=True, wrapped=False,
                 capabilities=("PIPELINING", "8BITMIME", "SIZE 104857600", "ENHANCEDSTATUSCODES"), port=0,
                 address="127.0.0.1"):
        self.at = dict(at or {})
        self.users, self.offer_starttls, self.wrapped, self.capabilities = users, offer_starttls, wrapped, capabilities
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.kept, self.sessions = [], []
        self._lock = threading.Lock()
        self._open = set()
        self._listener = socket.create_server((address, port), backlog=200)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def destination(self):
        return f"[localhost]:{self.port}"

    def keep(self, transaction):
        with self._lock:
            self.kept.append(transaction)

    def containing(self, text):
        wanted = text if isinstance(text, bytes) else text.encode()
        with self._lock:
            return [transaction for transaction in self.kept if wanted in transaction.content]

    def wait(self, text, count=1, timeout=PATIENCE):
        """The transactions whose content has `text`, once there are `count`; more is a failure."""
        found = wait_for(lambda: (have := self.containing(text)) and len(have) >= count and have,
                         f"{count} message(s) with {text!r}", timeout,
                         detail=lambda: "\n".join(str(session.commands) for session in self.sessions[-5:]))
        assert len(found) == count, f"{len(found)} copies of {text!r} were sent, {count} expected"
        return found if count > 1 else found[0]

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            with self._lock:
                session = Session(self, connection, len(self.sessions) + 1)
                self.sessions.append(session)
                self._open.add(session)
            threading.Thread(target=self._serve, args=(session,), daemon=True).start()

    def _serve(self, session):
        try:
            session.socket.settimeout(120)
            session.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.wrapped:
                session.socket = self.context.wrap_socket(session.socket, server_side=True)
                session.tls = True
            session.serve()
        except (OSError, ValueError):
            pass  # the client left, or was cut off; what matters is in `kept`
        finally:
            session.socket.close()
            with self._lock:
                self._open.discard(session)

    def close(self):
        # shutdown wakes accept(), which close() alone does not
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self._thread.join(timeout=10)
        with self._lock:
            for session in self._open:
                try:
                    session.socket.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
