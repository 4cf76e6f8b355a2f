"""A root of its own for each mailer: an overlay over this machine's /, so that what is installed there never touches
the host, with a plain (not overlaid) /var/spool, so that the cost of a sync is the file system's own."""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

BASE = Path(os.environ.get("OUTPOST_BENCH_DIR", "/var/tmp/outpost-bench"))


def run(*argv, check=True, **kw):
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kw)
    if check and done.returncode != 0:
        raise RuntimeError(f"{argv}: exit {done.returncode}\n{done.stdout[-2000:]}")
    return done


class Root:
    def __init__(self, name):
        self.dir = BASE / name
        self.path = self.dir / "root"
        self.spool = self.dir / "spool"
        self.pristine = self.dir / "spool.pristine"
        self.ours = {os.getpid()}  # this harness, not the mailer

    def mount(self):
        if os.path.ismount(self.path):
            return
        for name in ("upper", "work", "root"):
            (self.dir / name).mkdir(parents=True, exist_ok=True)
        if not self.spool.exists():
            run("cp", "-a", "/var/spool", self.spool)
        options = f"lowerdir=/,upperdir={self.dir}/upper,workdir={self.dir}/work"
        run("mount", "-t", "overlay", "overlay", "-o", options, self.path)
        run("mount", "--bind", self.spool, self.path / "var/spool")
        run("mount", "-t", "proc", "proc", self.path / "proc")
        run("mount", "--rbind", "--make-rslave", "/dev", self.path / "dev")

    def unmount(self):
        for below in ("dev", "proc", "var/spool", ""):
            if os.path.ismount(self.path / below):
                run("umount", "-R", "-l", self.path / below)

    def write(self, name, text, mode=0o644):
        path = self.path / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def run(self, *argv, **kw):
        return run("chroot", self.path, *argv, **kw)

    def install(self, packages):
        """Debian's packages, nothing of them started; afterwards name look-ups fail at once."""
        self.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        if packages:
            self.run("apt-get", "-o", "APT::Sandbox::User=root", "install", "-y", "--no-install-recommends", *packages,
                     env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))
        self.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
        self.write("/etc/hosts", f"127.0.0.1 localhost bench.example.com bench {os.uname().nodename}\n")
        self.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
        self.write("/etc/mailname", "bench.example.com\n")

    def empty_spool(self):
        """The spool as it was after the installation."""
        for old in self.spool.iterdir():
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        run("cp", "-a", f"{self.pristine}/.", self.spool)

    def pids(self):
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) not in self.ours:
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{entry}/root").startswith(str(self.path)):
                        found.append(int(entry))
        return found

    def kill(self):
        for number, patience in ((signal.SIGTERM, 3), (signal.SIGKILL, 3)):
            end = time.time() + patience
            while (pids := self.pids()) and time.time() < end:
                for pid in pids:
                    with contextlib.suppress(OSError):
                        os.kill(pid, number)
                time.sleep(0.05)

    def cpu_seconds(self):
        ticks = 0
        for pid in self.pids():
            with contextlib.suppress(OSError, IndexError):
                ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def wait_until_quiet(self, timeout):
        """Until this root's processes used under 3 % of a processor for half a second."""
        end, before = time.time() + timeout, -1.0
        while time.time() < end:
            now = self.cpu_seconds()
            if 0 <= before and abs(now - before) < 0.015:
                return
            before = now
            time.sleep(0.5)

    def process_sizes_kib(self):
        """Proportional set size of each process."""
        sizes = []
        for pid in self.pids():
            with contextlib.suppress(OSError, TypeError):
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                sizes.append(int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]))
        return sizes
