"""The files below the queue directory by interpose.so's log, and what a power cut may leave of them. A file's bytes and
mode are safe once it has been synced, a name once its directory has been; what is not may be there or not, in sectors of
512 bytes. One thing is believed of the file system: of a file that was only appended to (those in the maildrop) it shows no
size that its bytes have not reached."""
import os
import random
import shutil
from pathlib import Path

_SECTOR = 512
_CREATE = os.O_CREAT
_FOLDERS = ("maildrop", "private", "private/tmp", "corrupt", "public")


class _File:
    def __init__(self, owner, mode):
        self.owner = owner
        self.bytes, self.mode = bytearray(), mode  # what is safe
        self.changes = []  # ("write", offset, bytes), ("truncate", size, None), ("mode", mode, None)

    def sync(self):
        for change in self.changes:
            _apply(self, *change)
        self.changes = []

    def after_cut(self, loss, is_appended):
        """(bytes, mode)"""
        left = _File(self.owner, self.mode)
        left.bytes = bytearray(self.bytes)
        reached = random.randint(0, len(self.changes))  # of appended ones
        for number, (kind, where, what) in enumerate(self.changes if loss != "lost" else ()):
            if loss == "kept" or kind != "write":
                if loss == "kept" or random.random() < 0.5:
                    _apply(left, kind, where, what)
            elif is_appended:
                if number < reached:
                    _apply(left, kind, where, what)
            else:
                for at in range(0, len(what), _SECTOR):
                    if random.random() < 0.5:
                        _apply(left, kind, where + at, what[at:at + _SECTOR])
        return left.bytes, left.mode


def _apply(file, kind, where, what):
    if kind == "mode":
        file.mode = where
    elif kind == "truncate":
        del file.bytes[where:]
        file.bytes.extend(bytes(where - len(file.bytes)))
    else:
        file.bytes.extend(bytes(max(0, where + len(what) - len(file.bytes))))
        file.bytes[where:where + len(what)] = what


class Disk:
    """`spool` is a Path; the log begins when it has nothing but its folders."""

    def __init__(self, spool):
        self.spool = str(spool)
        self.now, self.safe = {}, {}  # path below the spool -> file
        self.open = {}                # (pid, descriptor) -> file, or the path of a folder

    def apply(self, act):
        handle = self.open.get((act.pid, act.fd))
        path = os.path.relpath(act.path, self.spool) if act.path else ""
        if act.name == "open":
            self._open(act, path)
        elif act.name == "close":
            self.open.pop((act.pid, act.fd), None)
        elif act.name == "unlink":
            self.now.pop(path, None)
        elif act.name == "rename":
            if path in self.now:
                self.now[os.path.relpath(act.second, self.spool)] = self.now.pop(path)
        elif act.name == "sync" and isinstance(handle, str):
            self.safe = {name: file for name, file in self.safe.items() if os.path.dirname(name) != handle}
            self.safe.update({name: file for name, file in self.now.items() if os.path.dirname(name) == handle})
        elif isinstance(handle, _File):
            if act.name == "sync":
                handle.sync()
            else:
                handle.changes.append((act.name, act.number, act.bytes))

    def _open(self, act, path):
        if path in _FOLDERS:
            self.open[act.pid, act.fd] = path
            return
        if path not in self.now and act.number & _CREATE:
            self.now[path] = _File(act.uid, 0o640 if path.startswith("maildrop/") else 0o600)
        if path in self.now:
            self.open[act.pid, act.fd] = self.now[path]

    def names_after_cut(self, loss):
        if loss == "kept":
            return self.now
        names = dict(self.safe)
        if loss == "any":
            for name in sorted(self.now.keys() | self.safe.keys()):
                if self.now.get(name) is not self.safe.get(name) and random.random() < 0.5:
                    names.pop(name, None)
                    if name in self.now:
                        names[name] = self.now[name]
        return names

    def write_after_cut(self, loss, group):
        """The spool as the next start finds it; `group` is the maildrop's."""
        for folder in ("maildrop", "corrupt", "private"):
            for path in Path(self.spool, folder).iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, file in self.names_after_cut(loss).items():
            in_maildrop = name.startswith("maildrop/")
            content, mode = file.after_cut(loss, in_maildrop)
            path = Path(self.spool, name)
            if not path.parent.exists():  # private/tmp, which the runner makes for itself
                path.parent.mkdir(mode=0o700)
                os.chown(path.parent, file.owner, -1)
            path.write_bytes(content)
            os.chown(path, file.owner, group if in_maildrop else -1)
            path.chmod(mode)
