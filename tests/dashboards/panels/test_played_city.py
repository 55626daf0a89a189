"""Every panel and annotation in Grafana's own library, with what a real Prometheus holds of a played city."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import pytest
from msgspec import Struct

from dashboards.boards import build
from tests.dashboards.panels.judge import complaints
from tests.dashboards.panels.library import Board, Judged, Marked, Offered, ask, judged, steps
from tests.peers.observability import UNITS, Town
from tests.peers.test_expressions import ASKED, EMPTY, MAY, PATIENCE
from tests.peers.test_expressions import city as city
from tools.contact_panels import Asked, Drawing
from tools.contact_sheet import Source, seconds
from tools.contact_texts import shown

BOARDS: list[Board] = [json.loads(text) for text in build.files().values()]
UIDS = sorted(board["uid"] for board in BOARDS)
CHOSEN = {"unit": "26878", "requirement": "system_rtt", "collector": "http://127.0.0.1:8420"}
"""A ward with a full disk and an absent token."""
YEARS = 10 * 365 * 86_400
ABSENT = ("no query yields the column 'volume'",)
"""No volume of this city refuses writes."""


class Seen(Struct, frozen=True):
    """All of it at the time `now`, in seconds since the epoch."""

    panels: list[Judged]
    marks: list[Marked]
    offers: list[Offered]
    now: float

    def of(self, uid: str) -> list[Judged]:
        return [one for one in self.panels if one.uid == uid]


@pytest.fixture(scope="module")
def seen(city: Town) -> Seen:
    """Once what can return something does."""
    for name in sorted(name for name in ASKED.keys() - EMPTY.keys() - MAY.keys() if name.startswith("sansang-")):
        assert city.ask(ASKED[name], PATIENCE), name
    now = time.time()
    address = f"http://127.0.0.1:{city.prometheus}"
    asked = [ask(board, Source(address, CHOSEN, seconds(board["time"]["from"]), now), CHOSEN) for board in BOARDS]
    return Seen(*judged(asked, now), now)


@pytest.mark.xdist_group("city")
@pytest.mark.parametrize("uid", UIDS)
def test_grafanas_own_library_shows_what_is_meant(seen: Seen, uid: str) -> None:
    """Joined, in named columns, with words for values and links to the row's own page."""
    found = [each for one in seen.of(uid) for each in complaints(one)]
    assert [each for each in found if not each.endswith(ABSENT)] == []


@pytest.mark.xdist_group("city")
@pytest.mark.parametrize("uid", UIDS)
def test_panels_have_something_to_judge(seen: Seen, uid: str) -> None:
    """Few of them are empty in this city."""
    panels = seen.of(uid)
    empty = [one.panel["title"] for one in panels if not any(one.answers.values())]
    assert len(empty) <= len(panels) / 5, empty


@pytest.mark.xdist_group("city")
def test_annotations_stand_at_the_time_that_is_their_value(seen: Seen) -> None:
    """In milliseconds, not in the future, with a name and a text."""
    assert len(seen.marks) == sum(len(board["annotations"]["list"]) for board in BOARDS)
    found = [mark for one in seen.marks for mark in one.marks]
    times = [at for mark in found for at in mark.times]
    assert times
    assert (seen.now - YEARS) * 1000 < min(times) <= max(times) <= (seen.now + 1) * 1000
    assert [mark for mark in found if not mark.text or not mark.title] == []


@pytest.mark.xdist_group("city")
@pytest.mark.parametrize("uid", UIDS)
def test_variables_offer_names_for_codes(seen: Seen, uid: str) -> None:
    """Every unit of the town by its name, requirements by their titles, the collector by its address."""
    offers = {one.name: {choice.value: choice.text for choice in one.choices} for one in seen.offers if one.uid == uid}
    assert len(offers["collector"]) == 1
    assert next(iter(offers["collector"])).startswith("http://127.0.0.1:")
    if "unit" in offers:
        assert offers["unit"].keys() == set(UNITS)
        assert {text.split()[0] for text in offers["unit"].values()} == {"Phường", "Đặc"}
    if "requirement" in offers:
        assert offers["requirement"].keys() >= {"system_rtt", "disk_free", "pc_age"}
        assert all(text and text != value for value, text in offers["requirement"].items())


@pytest.mark.xdist_group("city")
def test_a_requirement_is_drawn_in_its_own_unit_and_its_lines_keep_their_colours(seen: Seen) -> None:
    """The unit comes from a query; round trips are seconds."""
    (one,) = (one for one in seen.of("sansang-ward-vi") if "configFromData" in steps(one.panel))
    drawn = [field for field in one.fields() if field.type == "number"]
    assert {field.unit for field in drawn} == {"s"}
    assert len({field.fill for field in drawn}) == len(drawn) == 3


@pytest.mark.xdist_group("city")
@pytest.mark.parametrize("uid", UIDS)
def test_the_contact_sheet_shows_the_same_tables(seen: Seen, uid: str) -> None:
    """The same columns, the same rows, the same texts: what it draws may be trusted."""
    for one in seen.of(uid):
        if one.panel["type"] == "table" and any(one.answers.values()):
            drawing = Drawing(one.panel, _asked(one), 800, 400, seen.now, 3600)
            fields, rows = drawing.cells()
            texts = [[shown(value, field)[0] for value, field in zip(row, fields, strict=True)] for row in rows]
            columns = [field for field in one.fields() if not field.hidden]
            assert [field["displayName"] for field in fields] == [field.shown for field in columns], one.name
            assert sorted(texts) == sorted(map(list, zip(*(field.texts for field in columns), strict=True))), one.name


def _asked(one: Judged) -> Sequence[Asked]:
    return [Asked(target, one.answers[target["refId"]]) for target in one.panel["targets"]]
