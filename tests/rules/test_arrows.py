"""Who includes whom: every #include line is held against cmake/arrows.cmake."""

from pathlib import Path

import house


def _complaints(rule):
    """What `rule(path, room, include)` says of each #include line of ours."""
    found = []
    for path in house.OURS:
        for include in house.includes(path):
            if reason := rule(path, house.room_of(path), include):
                found.append(f"{path}:{include.line}: {include.name}: {reason}")
    return found


def test_rule_reads_the_tree():
    assert {"sys", "ipc", "queue", "pickup", "smtp_client", "drop"} <= set(house.ROOMS)
    assert house.ROOMS["queue"].may_use == {"sys", "mail", "spool"}
    assert house.HEADER_LIMITS["queue", "spool"] == {"paths"}
    assert len(house.OURS) > 100
    assert any(include.quoted for path in house.OURS for include in house.includes(path))


def test_every_source_is_in_a_room():
    assert [str(path) for path in house.OURS if house.room_of(path) is None] == []


def test_every_arrow_is_of_a_room_to_a_room_and_none_leads_to_a_program():
    for room in house.ROOMS.values():
        assert room.may_use <= set(house.ROOMS), room.name
        assert [used for used in room.may_use if house.ROOMS[used].program] == [], room.name
        assert room.uses <= room.may_use, room.name


def test_arrows_make_no_circle():
    open_rooms = dict(house.ROOMS)
    while open_rooms:
        free = [name for name, room in open_rooms.items() if not room.may_use & set(open_rooms)]
        assert free, f"in a circle: {sorted(open_rooms)}"
        for name in free:
            del open_rooms[name]


def test_includes_follow_the_arrows():
    def rule(path, room, include):
        if not include.quoted:
            return None
        if not (house.ROOT / include.name).is_file():
            return "no such file from the root of the tree"
        used = house.room_of(include.name)
        if used is None:
            return "not a room's"
        if used.name != room.name and used.name not in room.uses:
            return f"{room.name} may not use {used.name}"
        allowed = house.HEADER_LIMITS.get((room.name, used.name))
        if allowed and Path(include.name).stem not in allowed:
            return f"{room.name} may use of {used.name} only {', '.join(sorted(allowed))}"
        return None

    assert _complaints(rule) == []


def test_third_party_headers_stand_where_they_are_allowed():
    def rule(_path, room, include):
        library = None if include.quoted else house.owner_of_header(include.name)
        if library and library not in room.libraries:
            return f"{room.name} may not use the library {library}"
        return None

    assert _complaints(rule) == []


def test_json_stays_out_of_headers():
    def rule(path, _room, include):
        if not include.quoted and house.owner_of_header(include.name) == "json" and path.suffix == ".h":
            return "JSON is for .cc files"
        return None

    assert _complaints(rule) == []


def test_own_header_comes_first():
    found = []
    for path in house.OURS:
        own = path.with_suffix(".h")
        listed = house.includes(path)
        if path.suffix == ".cc" and own in house.OURS and (not listed or listed[0].name != str(own)):
            found.append(str(path))
    assert found == []


def test_unit_tests_mirror_the_tree():
    """In folders; a test may be of several files together."""
    folders = {path.parent for path in house.OURS}
    tests = [path for path in house.SOURCES if path.is_relative_to("tests/unit")]
    assert [str(path) for path in tests if Path(*path.parts[2:-1]) not in folders] == []
