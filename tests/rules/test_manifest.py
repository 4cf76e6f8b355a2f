"""packaging/manifest: its grammar, and that it lists what a build installs."""

import os
import re
import subprocess
from pathlib import Path

import pytest

import house

LINE = re.compile(
    r"(?P<kind>dir|file\??|link) +(?P<path>/\S+) +(?P<owner>[a-z-]+) +(?P<group>[a-z-]+) +(?P<mode>-|0?[0-7]{4})"
    r"(?: +(?P<target>\S+))?"
)


def _entries():
    lines = [line for line in house.read(Path("packaging/manifest")).splitlines() if line and line[0] != "#"]
    found = [LINE.fullmatch(line.rstrip()) for line in lines]
    assert [line for line, entry in zip(lines, found) if not entry] == [], "lines that are not an entry"
    return [entry.groupdict() for entry in found]


def test_every_line_is_an_entry_of_its_own_path():
    paths = [entry["path"] for entry in _entries()]
    assert len(paths) == len(set(paths)) > 10
    for entry in _entries():
        if entry["kind"] == "link":
            assert (entry["owner"], entry["group"], entry["mode"]) == ("-", "-", "-") and entry["target"], entry
        else:
            assert entry["owner"] != "-" and entry["group"] != "-" and entry["mode"] != "-", entry
            assert entry["target"] is None, entry


def test_no_program_is_set_uid_and_one_is_set_gid():
    special = {
        entry["path"]: entry["mode"] for entry in _entries() if entry["kind"] == "file" and int(entry["mode"], 8) & 0o6000
    }
    assert special == {"/usr/libexec/outpost/outpost-drop": "2755"}


def test_others_write_nowhere():
    for entry in _entries():
        if entry["kind"] != "link":
            assert int(entry["mode"], 8) & 0o002 == 0, entry


def test_links_lead_to_listed_files():
    files = {entry["path"] for entry in _entries() if entry["kind"] in ("file", "file?")}
    for entry in _entries():
        if entry["kind"] == "link":
            assert os.path.normpath(Path(entry["path"]).parent / entry["target"]) in files, entry


def test_every_directory_of_the_spool_that_root_makes_is_listed():
    """Not those of private/: root follows no names in a directory of another user's."""
    header = house.read(Path("lib/spool/paths.h"))
    values = dict(re.findall(r'std::string (\w+)\(\) const \{ return (?:root_|Private\(\)) \+ "(/[^"]+)"', header))
    spool = "/var/spool/outpost"
    expected = {spool, *(spool + values[name] for name in ("Maildrop", "Public", "Private", "Corrupt"))}
    listed = {entry["path"] for entry in _entries() if entry["kind"] == "dir" and entry["path"].startswith(spool)}
    assert listed == expected


def test_it_lists_every_program_that_is_installed(tmp_path):
    build = Path(os.environ.get("OUTPOST_BUILD_DIR", ""))
    programs = {room.program for room in house.ROOMS.values() if room.program}
    if not all((build / "bin" / program).is_file() for program in programs):
        pytest.skip("no whole build (OUTPOST_BUILD_DIR)")
    done = subprocess.run(
        ["cmake", "--install", build, "--prefix", "/usr"],
        env={**os.environ, "DESTDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:  # as after a build of some targets
        pytest.skip("no whole build: " + " ".join(done.stderr.split()))
    installed = {f"/{path.relative_to(tmp_path)}" for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_mode & 0o111}
    listed = {entry["path"] for entry in _entries() if entry["kind"] == "file" and entry["path"].startswith("/usr/")}
    assert installed == listed
