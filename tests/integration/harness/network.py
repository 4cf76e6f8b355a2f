"""A network of a test's own: loopback and a link to nowhere, every port free, names by an /etc/resolv.conf of its own.

    with Network() as network, NameServer(network, zone) as dns, network.entered(): ...

What runs by network.command() is in it; so are the sockets that a thread makes within entered(). 127.0.0.1 to
127.0.0.254 serve as so many hosts. It ends with the process that holds its pipe, in whatever way the test ends.
Needs root's rights.
"""
import ctypes
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

NAME_SERVER = "127.0.0.53"
_CLONE_NEWNET = 0x40000000

# The link makes a host of it that takes itself as online.
_INIT = r"""
set -e
ip link set lo up
if [ "$2" = linked ]; then
  ip link add nowhere type veth peer name end
  ip link set end up
  ip link set nowhere up
  ip addr add 203.0.113.1/24 dev nowhere
  ip route add default via 203.0.113.254
fi
mount --bind "$1" /etc/resolv.conf
echo ready
exec cat
"""


class Network:
    def __init__(self, linked=True):
        self.work = Path(tempfile.mkdtemp(prefix="outpost-network-"))
        self.work.chmod(0o755)
        self._resolv_conf = self.work / "resolv.conf"
        self.name_servers(NAME_SERVER)
        self._init = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", _INIT, "init", self._resolv_conf,
             "linked" if linked else "alone"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._init.stdout.readline() != "ready\n":
            shutil.rmtree(self.work)
            raise RuntimeError("cannot make a network: this needs root's rights")
        self._own = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._net = os.open(f"/proc/{self._init.pid}/ns/net", os.O_RDONLY)

    def name_servers(self, *addresses):
        """What resolv.conf names from now on."""
        self._resolv_conf.write_text("".join(f"nameserver {address}\n" for address in addresses))

    def cable(self, other):
        """A cable to `other`; the ends are called "cable" in both, down and without addresses."""
        self.ip("link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", str(other._init.pid))

    def ip(self, *words):
        return subprocess.run(self.command("ip", *words), check=True, stdout=subprocess.PIPE, text=True).stdout

    def command(self, *argv):
        return ["nsenter", f"--target={self._init.pid}", "--net", "--mount", *map(str, argv)]

    @contextmanager
    def entered(self):
        self._enter(self._net)
        try:
            yield
        finally:
            self._enter(self._own)

    def _enter(self, namespace):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(namespace, _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def close(self):
        self._init.stdin.close()
        self._init.stdout.close()
        self._init.wait(timeout=30)
        os.close(self._own)
        os.close(self._net)
        shutil.rmtree(self.work, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
