"""What no compiler checks about the text of our sources."""

import re

import house

# `namespace outpost::X` of a folder, where it is not the folder's last part.
NAMESPACES = {"conf/tables": "conf", "pickup/cleanup": "pickup", "admin/compat": "admin"}


def _lines_with(pattern, paths):
    expression = re.compile(pattern)
    return [
        f"{path}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(house.read(path).splitlines(), 1)
        if expression.search(line)
    ]


def test_nothing_is_left_for_later():
    words = r"(?i)\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "not imple" + "mented"]) + r")\b"
    text = [path for path in house.FILES if path.suffix in (".cc", ".h", ".py", ".cmake", ".md", ".scd", ".cf", "")]
    text = [path for path in text if path.parts[:2] != ("tests", "rules") and b"\0" not in (house.ROOT / path).read_bytes()]
    assert _lines_with(words, text) == []


def test_headers_begin_with_a_comment_and_pragma_once():
    wrong = []
    for path in house.SOURCES:
        if path.suffix == ".h" and not re.match(r"(//[^\n]*\n)+#pragma once\n", house.read(path)):
            wrong.append(str(path))
    assert wrong == []


def test_there_are_no_macros():
    assert _lines_with(r"^\s*#\s*define\b", house.OURS) == []


def test_headers_pass_no_bare_descriptors():
    # lib/sys is where they become UniqueFd and FdView.
    headers = [path for path in house.OURS if path.suffix == ".h" and path.parts[:2] != ("lib", "sys")]
    assert _lines_with(r"\bint\s+\w*(?:fd|descriptor|socket)\w*\s*[,;)=]", headers) == []


def test_namespaces_follow_folders():
    wrong = []
    for path in house.OURS:
        room = house.room_of(path)
        expected = NAMESPACES.get(room.folder) or room.name
        for found in re.findall(r"^namespace (outpost[\w:]*)", house.read(path), re.M):
            if found != f"outpost::{expected}" and not found.startswith(f"outpost::{expected}::"):
                wrong.append(f"{path}: {found}")
    assert wrong == []


def test_each_program_states_its_promise():
    wrong = []
    for room in house.ROOMS.values():
        if room.program:
            head = house.read(house.Path(room.folder) / "main.cc").split("#include")[0]
            missing = [word for word in ("runs as", "opens", "trusts", "promises", "if killed") if word not in head]
            if missing:
                wrong.append(f"{room.folder}/main.cc: {', '.join(missing)}")
    assert wrong == []
