"""What of the host no test may change."""
import hashlib
import os
from pathlib import Path

from .wait import answers


def host_state():
    """{what: how it is}"""
    state = {name: _digest(name) for name in ("/var/lib/dpkg/status", "/etc/passwd", "/etc/group", "/etc/aliases")}
    for name in ("/usr/sbin/sendmail", "/usr/bin/mailq", "/usr/bin/newaliases", "/usr/lib/sendmail", "/etc/postfix",
                 "/etc/exim4", "/etc/outpost", "/var/spool/outpost", "/usr/libexec/outpost"):
        state[name] = _identity(name)
    state["port 25"] = answers(25)
    state["mounts"] = sorted(line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines())
    return state


def _digest(name):
    try:
        return hashlib.sha256(Path(name).read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


def _identity(name):
    try:
        status = os.lstat(name)
        return status.st_ino, status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns
    except FileNotFoundError:
        return None
