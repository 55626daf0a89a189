"""Drawings say their state without colour, and never carry markup from outside."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from markupsafe import Markup

from collector.web import svg
from collector.web.faces import FACES

EVIL = '"><script>x</script>&'
SVG = "{http://www.w3.org/2000/svg}"


def parse(drawing: Markup) -> ET.Element:
    return ET.fromstring(str(svg.standalone(drawing)))


def rects(drawing: Markup) -> list[dict[str, str]]:
    return [rect.attrib for rect in parse(drawing).iter(f"{SVG}rect") if rect.get("width") not in ("5", "1.6")]


def test_every_state_has_a_tile_of_its_own() -> None:
    """Without fills, no two tiles look alike but the hatched one and an empty outline, which differ in their line."""
    drawn = {key: str(svg.mark(key)).replace(face.fill or "?", "") for key, face in FACES.items()}
    assert len(set(drawn.values())) == len(FACES)


def test_tiles_name_their_unit_and_its_state_and_lead_there() -> None:
    """The title is read on hover and by screen readers."""
    tile = svg.Tile(2, 1, FACES["at_risk"], "Phường Xóm Chiếu: có nguy cơ", "/units/27259")
    link = next(parse(svg.tile_map([tile], "Bản đồ", "Mỗi ô")).iter(f"{SVG}a"))
    assert link.get("href") == "/units/27259"
    assert link.findtext(f"{SVG}title") == "Phường Xóm Chiếu: có nguy cơ"


def test_names_are_text_in_every_drawing() -> None:
    """Markup in a name stays a name."""
    tile = svg.Tile(0, 0, FACES["ready"], EVIL, EVIL)
    row = svg.Row(EVIL, [svg.Span(0, 5, FACES["ready"], EVIL)])
    for drawing in (
        svg.tile_map([tile], EVIL, EVIL),
        svg.state_bar(row.spans, 0, 10, EVIL),
        svg.timeline([row], [(0, EVIL)], 10, EVIL),
    ):
        root = parse(drawing)
        assert not list(root.iter(f"{SVG}script"))
        assert EVIL in "".join(root.itertext())


def test_a_bar_is_cut_to_its_window_and_leaves_gaps() -> None:
    """What is outside is not drawn, and an unknown past stays empty."""
    spans = [
        svg.Span(-50, 25, FACES["ready"]),
        svg.Span(50, 200, FACES["not_ready"]),
        svg.Span(300, 400, FACES["ready"]),
    ]
    drawn = rects(svg.state_bar(spans, 0, 100, "tuần", width=100, height=10))
    assert [(rect["x"], rect["width"]) for rect in drawn] == [("0.0", "25.0"), ("50.0", "50.0")]


def test_trouble_stands_taller_than_calm() -> None:
    """So a bar can be read without its colours."""
    heights = {
        key: float(rects(svg.state_bar([svg.Span(0, 1, FACES[key])], 0, 1, "", height=100))[0]["height"])
        for key in ("ready", "at_risk", "not_ready")
    }
    assert heights["ready"] < heights["at_risk"] < heights["not_ready"] == 100


def test_a_short_trouble_is_still_seen() -> None:
    """A minute in a week is drawn one pixel wide."""
    drawn = rects(svg.state_bar([svg.Span(0, 60, FACES["not_ready"])], 0, 7 * 86_400, ""))
    assert drawn[0]["width"] == "1.0"


@pytest.mark.parametrize(("width", "labels"), [(1200, 400), (328, 0)])
def test_a_long_name_does_not_run_into_the_drawing(width: int, labels: int) -> None:
    """It is cut, and whole in its title."""
    name = "Hệ thống bắt buộc truy cập được trong giờ làm việc của bảy ngày gần nhất, mọi máy trạm"
    root = parse(svg.timeline([svg.Row(name, [])], [(0, "20/11")], 10, "", width=width, labels=labels))
    text = list(root.iter(f"{SVG}text"))[1]
    assert text.text is not None
    assert text.text.endswith("…")
    assert len(text.text) * svg.LETTER <= (labels or width)
    assert text.findtext(f"{SVG}title") == name


@pytest.mark.parametrize("labels", [0, 280])
def test_a_timeline_labels_its_days_and_rows_directly(labels: int) -> None:
    """Wide or narrow, the words are inside the drawing."""
    rows = [svg.Row("Kết luận", [svg.Span(0, 5, FACES["ready"])], strong=True), svg.Row("Độ trễ", [])]
    root = parse(svg.timeline(rows, [(0, "20/11"), (5, "21/11")], 10, "7 ngày", labels=labels))
    assert [text.text for text in root.iter(f"{SVG}text")] == ["20/11", "21/11", "Kết luận", "Độ trễ"]
    assert root.findtext(f"{SVG}title") == "7 ngày"
