"""Debian packages, unpacked into a folder whose copy a root lays over the host's file system; never installed.

A layer is kept in the cache under a name made from the versions of all that it holds, so a second run costs one
look into apt's lists.
"""
import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path


def cache_directory():
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(base, "outpost-tests") if base else Path("/var/cache/outpost-tests")


@functools.lru_cache
def layer(*packages):
    """The folder with `packages` and what of their dependencies this host lacks."""
    versions = _versions(packages)
    key = hashlib.sha256("\n".join(versions).encode()).hexdigest()[:12]
    cache = cache_directory()
    cache.mkdir(parents=True, exist_ok=True)
    wanted = cache / f"{packages[0]}-{key}"
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not wanted.exists():
            _unpack(versions, wanted)
    return wanted


def _versions(packages):
    """name=version of `packages` and of the dependencies that an installation would add here."""
    try:
        text = _apt("--simulate", "install", "--no-install-recommends", "--reinstall", *packages)
    except subprocess.CalledProcessError:  # a machine that has no package lists yet
        _apt("update")
        text = _apt("--simulate", "install", "--no-install-recommends", "--reinstall", *packages)
    return sorted(f"{name}={version}" for name, version in
                  re.findall(r"^Inst (\S+) (?:\[[^]]*\] )?\((\S+) ", text, re.M))


def _unpack(versions, wanted):
    work = Path(tempfile.mkdtemp(prefix="unpack-", dir=wanted.parent))
    try:
        tree = work / "tree"
        tree.mkdir()
        tree.chmod(0o755)
        # Where the host has /lib and the like as links into /usr, the layer must not hide them behind folders.
        for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            if os.path.islink(f"/{name}"):
                (tree / "usr" / name).mkdir(parents=True, exist_ok=True)
                (tree / name).symlink_to(f"usr/{name}")
        try:
            _apt("download", *versions, cwd=work)
        except subprocess.CalledProcessError:  # lists older than the archive
            _apt("update")
            _apt("download", *versions, cwd=work)
        for package in work.glob("*.deb"):
            with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as archive:
                subprocess.run(["tar", "-x", "-p", "--keep-directory-symlink", "-C", tree], check=True, stdin=archive.stdout)
            if archive.returncode != 0:
                raise RuntimeError(f"cannot unpack {package.name}")
        tree.rename(wanted)
    finally:
        shutil.rmtree(work)


def _apt(*words, cwd=None):
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", *words]
    return subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout
