"""The tests' side of interpose.so: counts of our programs' calls, a fault at one of them, the log of what they wrote.
The layout is interpose.h's."""
import mmap
import struct
from collections import namedtuple
from pathlib import Path

PROGRAMS = ("drop", "pickup", "queue-runner", "sendmail", "smtp")
KINDS = ("write", "sync", "rename", "unlink", "open", "truncate", "close")
FAULTS = {"EIO": 5, "ENOSPC": 28, "EINTR": 4, "kill": -1, "short": -2}
ACTS = ("mark", "open", "write", "sync", "rename", "unlink", "truncate", "close", "mode")

_LOG_START = 4096
_PLAN = struct.Struct("<IIqiIqqq")
_COUNTS = struct.Struct(f"<{len(PROGRAMS) * len(KINDS)}q")
_RECORD = struct.Struct("<IIIiQIIII")
_NOBODY = 255

Act = namedtuple("Act", "name pid fd number uid path second bytes")


class Plan:
    """`path` is seen by the programs as /srv/interpose.plan."""

    def __init__(self, path, log_bytes=0):
        path = Path(path)
        with path.open("wb") as file:
            file.truncate(_LOG_START + log_bytes)
        path.chmod(0o666)
        self.log_bytes = log_bytes
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        self.clear()

    def clear(self, is_logging=False):
        """No fault; counts and log begin anew."""
        self._memory[:_LOG_START] = bytes(_LOG_START)
        self._set(_NOBODY, 0, 0, 0, is_logging)

    def arm(self, program, kind, at, fault):
        self.clear()
        self._set(PROGRAMS.index(program), KINDS.index(kind), at, FAULTS[fault], False)

    def disarm(self):
        """The counts stay."""
        self._memory[:4] = struct.pack("<I", _NOBODY)

    def _set(self, program, kind, at, fault, is_logging):
        self._memory[:_PLAN.size] = _PLAN.pack(program, kind, at, fault, is_logging, 0, 0, self.log_bytes)

    @property
    def hits(self):
        return _PLAN.unpack_from(self._memory)[5]

    def counts(self, program):
        """{kind: calls}"""
        numbers = _COUNTS.unpack_from(self._memory, _PLAN.size)
        start = PROGRAMS.index(program) * len(KINDS)
        return dict(zip(KINDS, numbers[start:start + len(KINDS)]))

    # -- the log
    def position(self):
        """In the log: what stands before it has happened."""
        return _PLAN.unpack_from(self._memory)[6]

    def log(self):
        """(position after it, act) of each."""
        used = self.position()
        assert used <= self.log_bytes, f"the log had no room for {used} bytes"
        at = _LOG_START
        while at < _LOG_START + used:
            size, act, pid, fd, number, uid, path_size, second_size, _ = _RECORD.unpack_from(self._memory, at)
            texts = self._memory[at + _RECORD.size:at + size]
            at += size
            yield at - _LOG_START, Act(ACTS[act], pid, fd, number, uid, texts[:path_size].decode(),
                                       texts[path_size:path_size + second_size].decode(),
                                       texts[path_size + second_size:])
