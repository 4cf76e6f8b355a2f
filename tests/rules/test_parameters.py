"""The registry of parameters, the settings that read them, the installed main.cf: they speak of the same names."""

import re

import house


def _registry():
    """{name: doc} of conf/parameters.cc."""
    table = re.findall(
        r'^\s*\{"(\w+)", [A-Z]\w+\(.*?\), ".*?", k[^"]*"((?:[^"\\]|\\.)*)"\},$',
        house.read(house.Path("conf/parameters.cc")),
        re.M,
    )
    return dict(table)


def test_rule_reads_the_registry():
    registry = _registry()
    lines = re.findall(r'^\s*\{"\w+", [A-Z]', house.read(house.Path("conf/parameters.cc")), re.M)
    assert len(registry) == len(lines) > 50
    assert "relayhost" in registry


def test_every_parameter_is_read():
    """By name in one of conf's .cc files, or as another one's default."""
    conf = {path: house.read(path) for path in house.OURS if path.parts[0] == "conf" and path.suffix == ".cc"}
    table = conf.pop(house.Path("conf/parameters.cc"))
    readers = "".join(conf.values())
    assert [name for name in _registry() if f'"{name}"' not in readers and f"${name}" not in table] == []


def test_every_parameter_is_explained():
    assert [name for name, doc in _registry().items() if len(doc) < 10 or not doc.endswith(".")] == []


def test_installed_main_cf_names_only_parameters():
    text = house.read(house.Path("conf/main.cf"))
    named = re.findall(r"^#?([a-zA-Z_]+) *=", text, re.M)
    assert named
    assert [name for name in named if name not in _registry()] == []


def test_manual_pages_name_only_parameters():
    """*name* in bold with an underscore is a parameter in our manual pages."""
    wrong = []
    for path in house.FILES:
        if path.suffix == ".scd":
            for name in re.findall(r"\*([a-z]+(?:_[a-zA-Z]+)+)\*", house.read(path)):
                if name not in _registry():
                    wrong.append(f"{path}: {name}")
    assert wrong == []
