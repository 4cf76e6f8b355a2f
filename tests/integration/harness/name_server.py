"""DNS in a test's network: nsd for what real zones can say, a scripted server for what they cannot."""
import socket
import struct
import threading

from .layers import layer
from .network import NAME_SERVER
from .root import Root
from .wait import wait_for

_CONFIGURATION = f"""
server:
  ip-address: {NAME_SERVER}
  username: root
  zonesdir: /srv
  zonelistfile: /srv/zone.list
  xfrdfile: /srv/xfrd.state
  pidfile: ""
  database: ""
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: example
  zonefile: example.zone
zone:
  name: broken
  zonefile: missing.zone
"""

_HEAD = """$ORIGIN example.
$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.53
"""


class NameServer:
    """nsd with the zone `example.`; all of `broken.` is SERVFAIL."""

    def __init__(self, network, records):
        self.root = Root("nsd", [layer("nsd")], network=network)
        self.root.write("/srv/nsd.conf", _CONFIGURATION)
        self.root.write("/srv/example.zone", _HEAD + records)
        self._daemon = self.root.spawn("/usr/sbin/nsd", "-d", "-c", "/srv/nsd.conf")
        with network.entered():
            wait_for(self._answers, "nsd")

    def _answers(self):
        try:
            socket.create_connection((NAME_SERVER, 53), timeout=1).close()
            return True
        except OSError:
            return False

    def close(self):
        self.root.close()
        self._daemon.wait(timeout=10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


A, MX, AAAA = 1, 15, 28
NO_ERROR, SERVER_FAILURE = 0, 2


class ScriptedNameServer:
    """Answers over UDP what `script(name, type)` returns: a response code and no records, the bytes of what is said to
    be one record, or None for silence."""

    def __init__(self, network, script, address="127.0.0.54"):
        self.address = address
        self._script = script
        with network.entered():
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind((address, 53))
        self._closing = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        self._socket.settimeout(0.1)
        while not self._closing:
            try:
                question, client = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            name, kind, end = _read_question(question)
            said = self._script(name, kind)
            if said is None:
                continue
            code, record = (NO_ERROR, said) if isinstance(said, bytes) else (said, b"")
            head = question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, bool(record), 0, 0)
            self._socket.sendto(head + question[12:end] + record, client)

    def close(self):
        self._closing = True
        self._thread.join(timeout=10)
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _read_question(packet):
    """(name, type, where the question ends)"""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(labels).lower(), struct.unpack("!H", packet[at + 1:at + 3])[0], at + 5
