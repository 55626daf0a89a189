"""Profiles on top of others: what a layer names goes before what lies below, and errors point to who wrote it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checks.kit.strict import ConfigError
from collector.readiness import profile_file
from collector.readiness.model import Verdict
from collector.readiness.profile import Profile, Requirement
from collector.readiness.schema import ChildFile, ProfileFile, RequirementFile
from tests.configs.loading import MEASURES

BASE = """\
id: base
version: 4
title: {vi: Gốc, en: Base}
freshness:
  lost_contact: {after: 30m, source: test}
  no_data: {after: 24h, source: test}
coverage: {minimum: 0.8, source: test}
requirements:
  - id: age
    title: {vi: Tuổi, en: Age}
    roles: [pc]
    fact: device.age_years
    unit: years
    bands: {ready: "<= 5", at_risk: "<= 7"}
    source: {vi: thử, en: test}
  - id: disk
    title: {vi: Ổ đĩa, en: Disk}
    fact: device.disk_kind
    mandatory: false
    bands: {ready: "== ssd"}
    source: {vi: thử, en: test}
"""
LINE = """\
  - id: memory
    title: {vi: Bộ nhớ, en: Memory}
    fact: device.memory_bytes
    unit: GB
    bands: {ready: ">= 8"}
    source: {vi: thử, en: test}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "base", BASE)
    return tmp_path


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name}.yaml"
    file.write_text(text, "utf-8")
    return file


def child(folder: Path, text: str, name: str = "child", extends: str = "base@4", version: int = 1) -> Path:
    return write(folder, name, f"id: {name}\nversion: {version}\nextends: {extends}\n{text}")


def load(file: Path) -> Profile:
    return profile_file.load(file, MEASURES)


def line(profile: Profile, name: str) -> Requirement:
    return next(line for line in profile.requirements if line.id == name)


def refused(file: Path) -> str:
    """The message, with the folder cut."""
    with pytest.raises(ConfigError) as why:
        load(file)
    return str(why.value).replace(f"{file.parent}/", "")


def test_a_child_that_says_nothing_is_its_parent_under_another_name(folder: Path) -> None:
    profile = load(child(folder, ""))
    assert (profile.name, profile.extends, profile.title["en"]) == ("child@1", "base", "Base")
    assert profile.requirements == load(folder / "base.yaml").requirements


def test_an_override_changes_the_keys_it_names_and_no_others(folder: Path) -> None:
    changed = line(load(child(folder, "requirements:\n  - id: age\n    coverage: 0.5\n    roles: []\n")), "age")
    assert (changed.coverage, changed.roles) == (0.5, ())
    assert changed.judge(6.0) is Verdict.AT_RISK
    assert (changed.unit, changed.name, changed.title["en"]) == ("years", "age_years", "Age")


def test_overridden_lines_keep_their_place_and_new_ones_follow(folder: Path) -> None:
    profile = load(child(folder, f"requirements:\n{LINE}  - id: age\n    coverage: 0.5\n"))
    assert [line.id for line in profile.requirements] == ["age", "disk", "memory"]
    assert line(profile, "age").coverage == 0.5


def test_new_bands_bring_their_own_source(folder: Path) -> None:
    bands = '    bands: {ready: "<= 3"}\n'
    text = f"requirements:\n  - id: age\n{bands}    source: {{vi: tỉnh, en: province}}\n"
    changed = line(load(child(folder, text)), "age")
    assert changed.source == {"vi": "tỉnh", "en": "province"}
    assert changed.judge(6.0) is Verdict.NOT_READY, "the parent's at_risk belongs to the parent's bands"


def test_a_dropped_line_is_gone_and_may_come_back_whole(folder: Path) -> None:
    child(folder, "drop: [age]\n" + f"requirements:\n{LINE}")
    assert [line.id for line in load(folder / "child.yaml").requirements] == ["disk", "memory"]
    back = BASE[BASE.index("  - id: age") : BASE.index("  - id: disk")]
    again = child(folder, f"requirements:\n{back}", name="again", extends="child@1")
    assert [line.id for line in load(again).requirements] == ["disk", "memory", "age"]


def test_layers_go_as_deep_as_one_likes(folder: Path) -> None:
    before = "base@4"
    for depth in range(12):
        name = f"layer-{depth}"
        child(folder, f"requirements:\n  - id: age\n    coverage: 0.{depth + 10}\n", name=name, extends=before)
        before = f"{name}@1"
    profile = load(folder / "layer-11.yaml")
    assert (profile.extends, line(profile, "age").coverage) == ("layer-10", 0.21)


def test_every_file_that_it_is_read_from_is_told(folder: Path) -> None:
    """Whoever watches for a change watches the parents, too."""
    child(folder, "", name="middle")
    profile, files = profile_file.load_with_files(child(folder, "", extends="middle@1"), MEASURES)
    assert profile.extends == "middle"
    assert files == tuple(folder / f"{name}.yaml" for name in ("child", "middle", "base"))


def test_what_a_parent_wrote_is_shown_in_the_parent(folder: Path) -> None:
    """The child is asked for; the wrong number stands in line 14 of the other file."""
    write(folder, "base", BASE.replace("<= 5", "<= -5"))
    text = f"requirements:\n{LINE}  - id: age\n    coverage: 0.5\n"
    told = "requirements[0].bands.ready: nothing can be <= -5 years: expected a limit from 0 years on"
    assert refused(child(folder, text)) == f"base.yaml:14:13: {told}"


def test_what_a_child_wrote_is_shown_where_it_stands_in_the_child(folder: Path) -> None:
    """The second line of the parent is the first of the child."""
    text = "requirements:\n  - id: disk\n    window: 24h\n"
    told = "requirements[0].window: expected now: only what is kept per unit has a past"
    assert refused(child(folder, text)) == f"child.yaml:6:5: {told}"


def test_a_key_that_nobody_wrote_is_missed_where_the_line_was_last_touched(folder: Path) -> None:
    text = "requirements:\n  - id: age\n    scope: unit\n    aggregate: count\n"
    told = 'requirements[0].where: is missing: count of which values, such as ">= 1"?'
    assert refused(child(folder, text)) == f"child.yaml:5:5: {told}"


def test_a_child_may_take_no_duty_away_altogether(folder: Path) -> None:
    told = "requirements: expected at least one mandatory requirement, else all is ready always"
    assert refused(child(folder, "requirements:\n  - id: age\n    mandatory: false\n")) == f"child.yaml:4:1: {told}"
    emptied = child(folder, "drop: [age, disk]\n")
    assert refused(emptied) == "child.yaml:4:1: drop: expected at least one requirement to be left"


def test_a_parent_that_moved_on_is_named_with_what_to_look_at(folder: Path) -> None:
    text = "requirements:\n  - id: age\n    coverage: 0.5\ndrop: [disk]\n"
    told = "extends: base is now at version 4: look at what is changed here (age, disk) beside it, then write base@4"
    assert refused(child(folder, text, extends="base@3")) == f"child.yaml:3:1: {told}"
    plain = child(folder, "", extends="base@3")
    assert refused(plain) == "child.yaml:3:1: extends: base is now at version 4: write base@4"


def test_a_grandparent_that_moved_on_stops_the_whole_chain(folder: Path) -> None:
    child(folder, "", name="middle", extends="base@3")
    told = "middle.yaml:3:1: extends: base is now at version 4: write base@4"
    assert refused(child(folder, "", extends="middle@1")) == told


def test_a_file_beside_the_child_goes_before_a_shipped_one(folder: Path) -> None:
    write(folder, "default", BASE.replace("id: base", "id: default"))
    assert len(load(child(folder, "", extends="default@4")).requirements) == 2
    (folder / "default.yaml").unlink()
    assert len(load(child(folder, "", extends="default@4")).requirements) > 20


def test_a_file_under_another_name_is_not_taken_for_the_parent(folder: Path) -> None:
    write(folder, "other", BASE)
    found = refused(child(folder, "", extends="other@4"))
    assert found == "child.yaml:3:1: extends: other.yaml calls itself 'base'"


def test_a_profile_that_extends_itself_is_circular(folder: Path) -> None:
    found = refused(child(folder, "", extends="child@1"))
    assert found == "child.yaml:3:1: extends: circular: child extends child"


def test_a_circle_further_down_is_shown_where_it_begins(folder: Path) -> None:
    child(folder, "", name="one", extends="two@1")
    child(folder, "", name="two", extends="one@1")
    found = refused(child(folder, "", extends="one@1"))
    assert found == "one.yaml:3:1: extends: circular: one extends two extends one"


def test_a_child_may_name_every_key_of_a_profile_and_of_a_line() -> None:
    """What is added to the one file's shape is in the other's."""
    assert ChildFile.__struct_fields__ == ProfileFile.__struct_fields__
    lines = ChildFile.__annotations__["requirements"].__args__[0]
    assert lines.__struct_fields__ == RequirementFile.__struct_fields__


def test_null_takes_a_parents_words_away(folder: Path) -> None:
    write(folder, "base", BASE.replace("    roles: [pc]\n", "    remedy: {vi: Thay, en: Replace}\n"))
    assert line(load(folder / "base.yaml"), "age").remedy
    assert line(load(child(folder, "requirements:\n  - id: age\n    remedy: null\n")), "age").remedy == {}


def test_a_broken_parent_is_named(folder: Path) -> None:
    (folder / "base.yaml").write_bytes(b"\xff")
    assert re.match(r"base\.yaml: expected UTF-8 text", refused(child(folder, "")))
