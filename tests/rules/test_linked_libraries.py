"""What each built program needs at run time: the libraries of its rooms, and no others."""

import os
import re
import subprocess
from pathlib import Path

import pytest

import house

C_LIBRARY = {"libc", "libm", "ld-linux-x86-64", "ld-linux-aarch64"}
BUILD = Path(os.environ.get("OUTPOST_BUILD_DIR", ""))
PROGRAMS = [room for room in house.ROOMS.values() if room.program]


def _needed(program: Path) -> set[str]:
    listed = subprocess.run(["readelf", "-d", program], check=True, capture_output=True, text=True).stdout
    return {name.split(".so")[0] for name in re.findall(r"\(NEEDED\).*\[(.*)\]", listed)}


def _allowed(room: house.Room) -> set[str]:
    libraries = set(room.libraries)
    for used in room.uses:
        libraries |= house.ROOMS[used].libraries
    return C_LIBRARY.union(*(house.SHARED_OBJECTS[library] for library in libraries))


@pytest.mark.parametrize("room", PROGRAMS, ids=lambda room: room.program)
def test_program_needs_only_the_libraries_of_its_rooms(room):
    program = BUILD / "bin" / room.program
    if not program.is_file():
        pytest.skip(f"no {program} (OUTPOST_BUILD_DIR)")
    needed = _needed(program)
    if "libasan" in needed:
        pytest.skip("a build with sanitizers")
    assert needed - _allowed(room) == set()


def test_programs_that_start_for_each_message_need_the_c_library_alone():
    """Loading libssl and libsqlite3 costs 2 ms a start, five times that of a small program."""
    for room in PROGRAMS:
        if room.program in ("sendmail", "outpost-drop"):
            assert _allowed(room) == C_LIBRARY, room.program
