"""A file system of a test's own: the host's, with layers above it and all changes in memory.

    tmpfs (unpacked packages, changes)  >  /          mounted as overlay, seen in namespaces of its own

Process 1 of the root reads a pipe that this process holds. When the test ends, or dies in any way, the pipe closes,
process 1 ends, the kernel ends every process of the root with it, and the mounts vanish with the namespace.
Needs root's rights and overlayfs. The network is the host's, loopback of it, or one of the test's own (network.py).
"""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .wait import wait_for

_INIT = r"""
set -e
work=$1
shift
mount -t tmpfs -o mode=0755 tmpfs "$work/memory"
mkdir -m 0755 "$work/memory/upper" "$work/memory/work"
for layer; do
  cp -a "$layer/." "$work/memory/upper"
done
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/memory/upper,workdir=$work/memory/work" "$work/root"
mount -t proc proc "$work/root/proc"
mount --rbind /dev "$work/root/dev"
mkdir -p "$work/root/srv"
mount --bind "$work/srv" "$work/root/srv"
exec chroot "$work/root" /bin/sh -c 'echo ready; exec cat'
"""


class Root:
    """`srv` is a folder that the host and the root (there as /srv) share; `path` leads to the root's files."""

    def __init__(self, name, layers=(), network=None):
        self.work = Path(tempfile.mkdtemp(prefix=f"outpost-{name}-"))
        self.work.chmod(0o755)
        self.srv = self.work / "srv"
        for folder in (self.srv, self.work / "root", self.work / "memory"):
            folder.mkdir(mode=0o755)
        init = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "sh", "-c", _INIT,
                "init", self.work, *layers]
        self._init = subprocess.Popen(network.command(*init) if network else init, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
        if self._init.stdout.readline() != "ready\n":
            shutil.rmtree(self.work)
            raise RuntimeError("cannot make a root: this needs root's rights and overlayfs")
        self._pid = self._first_child()
        self.path = Path(f"/proc/{self._pid}/root")

    def _first_child(self):
        children = Path(f"/proc/{self._init.pid}/task/{self._init.pid}/children")
        return int(wait_for(lambda: children.read_text().split(), "process 1 of a root")[0])

    # -- files
    def file(self, name):
        return self.path / name.lstrip("/")

    def write(self, name, content, mode=0o644):
        path = self.file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(mode)

    def append(self, name, content):
        path = self.file(name)
        path.write_text(path.read_text() + content)

    def add_user(self, name, number, groups=()):
        """A system user with a group of its own, in this root alone."""
        self._append("/etc/passwd", f"{name}:x:{number}:{number}:{name}:/nonexistent:/usr/sbin/nologin\n", name)
        self.add_group(name, number)
        for group, group_number in groups:
            self.add_group(group, group_number, members=name)

    def add_group(self, name, number, members=""):
        self._append("/etc/group", f"{name}:x:{number}:{members}\n", name)

    def _append(self, name, line, key):
        path = self.file(name)
        text = path.read_text()
        if not any(old.startswith(f"{key}:") for old in text.splitlines()):
            path.write_text(text + line)

    # -- processes
    def command(self, *argv):
        return ["nsenter", f"--target={self._pid}", "--net", "--mount", "--pid", "--root", "--wd", *map(str, argv)]

    def run(self, *argv, check=True, timeout=60, **options):
        """Runs to its end; output of both streams in .stdout."""
        done = subprocess.run(self.command(*argv), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout,
                              **options)
        done.stdout = done.stdout.decode(errors="replace") if isinstance(done.stdout, bytes) else done.stdout
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, argv))} in a root: exit {done.returncode}\n{done.stdout}")
        return done

    def spawn(self, *argv, **options):
        return subprocess.Popen(self.command(*argv), **options)

    def processes(self):
        """Host's numbers of the root's processes, process 1 apart."""
        found = []
        namespace = os.stat(f"/proc/{self._pid}/ns/pid").st_ino
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) != self._pid:
                try:
                    if os.stat(f"/proc/{entry}/ns/pid").st_ino == namespace:
                        found.append(int(entry))
                except OSError:
                    pass  # gone meanwhile
        return found

    def close(self):
        self._init.stdin.close()
        self._init.stdout.close()
        self._init.wait(timeout=30)
        shutil.rmtree(self.work, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
