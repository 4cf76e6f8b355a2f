"""The source tree as the rules see it: rooms, their arrows (cmake/arrows.cmake), files, their #include lines."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# A library's name in cmake/arrows.cmake -> what its headers and its shared objects are called.
HEADERS = {
    "openssl": r"openssl/",
    "sasl": r"sasl/",
    "sqlite": r"sqlite3\.h$",
    "cares": r"ares(_\w+)?\.h$",
    "resolv": r"resolv\.h$",
    "seccomp": r"seccomp\.h$",
    "idn2": r"idn2\.h$",
    "xxhash": r"xxhash\.h$",
    "pcre2": r"pcre2\.h$",
    "json": r"nlohmann/",
    "cli11": r"CLI/",
}
SHARED_OBJECTS = {
    "openssl": {"libssl", "libcrypto"},
    "sasl": {"libsasl2"},
    "sqlite": {"libsqlite3"},
    "cares": {"libcares"},
    "resolv": {"libresolv"},
    "seccomp": {"libseccomp"},
    "idn2": {"libidn2"},
    "xxhash": {"libxxhash"},
    "pcre2": {"libpcre2-8"},
    "json": set(),
    "cli11": set(),
}
# The C++ library's headers have neither directory nor suffix; these are the C library's and the kernel's.
C_HEADERS = re.compile(
    r"(sys|linux|net|netinet|arpa|asm)/"
    r"|(dirent|fcntl|grp|ifaddrs|malloc|netdb|poll|pwd|regex|sched|signal|spawn|sysexits|syslog|termios|time|unistd)"
    r"\.h$"
)


@dataclass
class Room:
    name: str
    folder: str
    program: str | None  # the file that a process is built as
    uses: set[str]  # rooms, as CMakeLists.txt declares them
    may_use: set[str]
    libraries: set[str]


def _list_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        capture_output=True,
    )
    if listed.returncode == 0:
        names = [Path(name) for name in listed.stdout.decode().split("\0") if name]
    else:  # an unpacked archive
        names = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
        names = [name for name in names if name.parts[0] not in ("build", ".git")]
    return sorted(name for name in names if (ROOT / name).is_file())


FILES = _list_files()
SOURCES = [path for path in FILES if path.suffix in (".cc", ".h")]
OURS = [path for path in SOURCES if path.parts[0] not in ("tests", "cmake")]


def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _arrows() -> tuple[dict[str, dict[str, set[str]]], dict[tuple[str, str], set[str]]]:
    """{ARROWS, LIBRARIES: {room: names}} and {(room, used room): header stems}."""
    sets: dict[str, dict[str, set[str]]] = {"ARROWS": {}, "LIBRARIES": {}}
    headers: dict[tuple[str, str], set[str]] = {}
    for kind, name, values in re.findall(
        r'^set\(OUTPOST_(ARROWS|LIBRARIES|HEADERS)_(\w+) "?([^")]*)"?\)', read(Path("cmake/arrows.cmake")), re.M
    ):
        if kind == "HEADERS":
            user, _, used = name.rpartition("_")
            headers[user, used] = set(values.split())
        else:
            sets[kind][name] = set(values.split())
    return sets, headers


def _rooms() -> dict[str, Room]:
    rooms = {}
    text = re.sub(r"#.*", "", read(Path("CMakeLists.txt")))
    for kind, arguments in re.findall(r"^outpost_(room|process)\(([^)]*)\)", text, re.M):
        words = arguments.split()
        name, folder = words[:2]
        uses: set[str] = set()
        if "USES" in words:
            for word in words[words.index("USES") + 1 :]:
                if word.isupper():
                    break
                uses.add(word)
        rooms[name] = Room(
            name=name,
            folder=folder,
            program=words[words.index("PROGRAM") + 1] if kind == "process" else None,
            uses=uses,
            may_use=_SETS["ARROWS"].get(name, set()),
            libraries=_SETS["LIBRARIES"].get(name, set()),
        )
    return rooms


_SETS, HEADER_LIMITS = _arrows()
ROOMS = _rooms()


def room_of(path: Path | str) -> Room | None:
    """The room with the longest folder that `path` is below."""
    found = [room for room in ROOMS.values() if str(path).startswith(room.folder + "/")]
    return max(found, key=lambda room: len(room.folder), default=None)


@dataclass
class Include:
    line: int
    name: str
    quoted: bool


def includes(path: Path) -> list[Include]:
    found = []
    for number, line in enumerate(read(path).splitlines(), 1):
        if match := re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line):
            found.append(Include(number, match[2], match[1] == '"'))
    return found


def owner_of_header(header: str) -> str | None:
    """The third-party library that a header belongs to; None for the C++ and C libraries; "unknown" for others."""
    for library, pattern in HEADERS.items():
        if re.match(pattern, header):
            return library
    if re.fullmatch(r"[a-z_0-9]+", header) or C_HEADERS.match(header):
        return None
    return "unknown"
