"""A relay that takes everything and remembers what it took: a scripted one, since the storm must know which content was
taken on which connection, and when, also for messages whose sender was killed before it heard the 250."""
import socketserver
import threading
import time
from collections import Counter

_ENHANCED = (b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE\r\n250 ENHANCEDSTATUSCODES\r\n")


class Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, reply_delay=0.0):
        super().__init__(("127.0.0.1", 0), _Session)
        self.port = self.server_address[1]
        self.reply_delay = reply_delay  # between the end of content and its 250: the window that a kill may hit
        self.taken = Counter()          # Subject: -> how often its whole content came
        self.open_connections = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def took(self, content):
        subject = next((line[9:].strip() for line in content.splitlines() if line.startswith(b"Subject: ")), b"?")
        with self.lock:
            self.taken[subject.decode("latin-1")] += 1

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
        self.wfile.write(b"220 sink ESMTP\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.wfile.write(_ENHANCED)
            elif verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                content = self.content()
                if content is None:
                    return
                self.server.took(content)
                time.sleep(self.server.reply_delay)
                self.wfile.write(b"250 2.0.0 taken\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 2.0.0 bye\r\n")
                return
            else:
                self.wfile.write(b"250 2.0.0 ok\r\n")

    def content(self):
        """Up to the lone dot; None when the connection ends before."""
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line)
        return None
