"""A relay that takes everything and remembers what it took: a scripted one, since the storm must know which content was
taken on which connection, and when, also for messages whose sender was killed before it heard the 250.

A recipient's local part may ask for something else: refused-..., for ever; later-..., taken the second time; cut-...,
the connection ends after the content, which is not kept, the first time."""
import re
import socketserver
import threading
import time
from collections import Counter

_ENHANCED = (b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE\r\n250 ENHANCEDSTATUSCODES\r\n")
_SUBJECT = re.compile(rb"^Subject: (.*?)\r?$", re.MULTILINE)


class Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, reply_delay=0.0):
        super().__init__(("127.0.0.1", 0), _Session)
        self.port = self.server_address[1]
        self.reply_delay = reply_delay  # between the end of content and its 250: the window that a kill may hit
        self.open_connections = 0
        self.lock = threading.Lock()
        self.on_change = lambda what, subject, copies: None
        self.forget()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def forget(self):
        self.taken = Counter()     # Subject: -> how often its whole content came, for each recipient
        self.returned = Counter()  # Subject: of the message that a notice is about -> notices
        self.bodies = {}           # Subject: -> the lengths of bodies that came with it
        self.asked = Counter()     # what a recipient has been told before

    def took(self, content, sender, recipients):
        subjects = [subject.decode("latin-1") for subject in _SUBJECT.findall(content)]
        is_notice = sender == b"<>" and len(subjects) > 1
        with self.lock:
            counter = self.returned if is_notice else self.taken
            subject = subjects[-1] if is_notice else (subjects or ["?"])[0]
            copies = 1 if is_notice else recipients
            counter[subject] += copies
            if not is_notice:
                self.bodies.setdefault(subject, set()).add(len(content.partition(b"\r\n\r\n")[2]))
        self.on_change("returned" if is_notice else "taken", subject, copies)

    def first_time(self, address):
        with self.lock:
            self.asked[address] += 1
            return self.asked[address] == 1

    def handle_error(self, request, client_address):
        pass  # a killed client


class _Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        with self.server.lock:
            self.server.open_connections += 1
        try:
            self.converse()
        finally:
            with self.server.lock:
                self.server.open_connections -= 1

    def converse(self):
        sender, cuts, recipients = b"", [], 0
        self.wfile.write(b"220 sink ESMTP\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.wfile.write(_ENHANCED)
            elif verb == b"MAIL":
                sender, cuts, recipients = line[10:].split()[0], [], 0
                self.wfile.write(b"250 2.1.0 ok\r\n")
            elif verb == b"RCPT":
                address = line[8:].split()[0].strip(b"<>")
                reply = self.reply_to(address)
                recipients += reply.startswith(b"250")
                cuts += [address] if address.startswith(b"cut-") else []
                self.wfile.write(reply)
            elif verb == b"DATA" and recipients == 0:
                self.wfile.write(b"554 5.5.1 nobody to send it to\r\n")
            elif verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                content = self.content()
                if content is None or any([self.server.first_time(address) for address in cuts]):
                    return
                self.server.took(content, sender, recipients)
                time.sleep(self.server.reply_delay)
                self.wfile.write(b"250 2.0.0 taken\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 2.0.0 bye\r\n")
                return
            else:
                self.wfile.write(b"250 2.0.0 ok\r\n")

    def reply_to(self, address):
        if address.startswith(b"refused-"):
            return b"550 5.1.1 nobody of that name\r\n"
        if address.startswith(b"later-") and self.server.first_time(address):
            return b"451 4.2.1 later\r\n"
        return b"250 2.1.5 ok\r\n"

    def content(self):
        """Up to the lone dot; None when the connection ends before."""
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line)
        return None
