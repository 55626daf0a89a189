"""Localities written by a test, loaded as a collector would."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from collector import catalog, config
from collector.catalog import Catalog
from tests.configs.loading import MEASURES

HEAD = """\
id: test
title: {vi: Thử, en: Test}
province_code: "79"
profile: bare
timezone: ZONE
office_hours:
- {days: [mon, tue], from: "07:30", to: "11:30"}
- {days: [mon], from: "11:00", to: "12:00"}
- {days: [sun], from: "23:00", to: "24:00"}
"""
TARGETS = """\
targets:
- {id: portal, title: {vi: Cổng, en: Portal}, source: test, mandatory: true, url: "https://portal.example.vn/a"}
- {id: mail, title: {vi: Thư, en: Mail}, source: test, mandatory: true}
- {id: map, title: {vi: Bản đồ, en: Map}, source: test, url: "{collector}/map", params: {timeout: 7}}
"""
BARE = """\
id: bare
version: 1
title: {vi: Thử, en: Test}
freshness: {lost_contact: {after: 30m, source: test}, no_data: {after: 24h, source: test}}
coverage: {minimum: 0.8, source: test}
requirements:
- id: clock
  title: {vi: Giờ, en: Clock}
  fact: agent.clock_offset
  unit: s
  bands: {ready: "<= 5"}
  source: {vi: "[A] Thử", en: "[A] Test"}
"""


def pilot(folder: Path, rest: str, targets: str = TARGETS, zone: str = "Asia/Ho_Chi_Minh") -> Catalog:
    """The catalogue of a locality of two systems with an address and one without; `rest` are its jobs and so on."""
    for name, text in (
        ("localities/test.yaml", HEAD.replace("ZONE", zone) + targets + rest),
        ("profiles/bare.yaml", BARE),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    shipped = config.load(config.SHIPPED / "collector.yaml")
    return catalog.load(replace(shipped, locality=str(folder / "localities/test.yaml")), MEASURES)
