"""What a scrape joins is what a rendering from scratch would be, whatever has changed in which order."""

from __future__ import annotations

import gzip
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_classic

from checks.kit.model import Metric
from collector.scrape.deflate import file, pack
from collector.scrape.formats import Format
from collector.scrape.page import KEPT, Exposition, Page
from collector.scrape.section import BLOCK, Section
from collector.scrape.shards import Shard
from collector.textformat import Lines, line

UP = Metric(name="connectivity_up", title={}, unit="", help="Up.")
SENT = Metric(name="uplink_sent", title={}, unit="bytes", help="Octets.", counter=True)
UNITS, DEVICES = ("26000", "27259"), tuple(f"device-{number}" for number in range(12))


def said(unit: str, device: str, values: Iterable[tuple[Metric, int]]) -> Lines:
    """Lines of a device: any metrics, of any size."""
    labels = {"unit": unit, "device": device, "pad": "x" * 900}
    return {
        metric.series: "".join(line(metric.series, value + at, labels | {"at": str(at)}) for at in range(value % 9 + 1))
        for metric, value in values
    }


def gunzipped(page: Page, form: Format) -> str:
    return gzip.decompress(b"".join(file(page.packed(form), pack(form.end.encode())))).decode()


def plain(page: Page, form: Format) -> str:
    return "".join(page.texts(form)) + form.end


def rows(text: str) -> list[str]:
    """Within a family, the order is not the same compressed and plain."""
    return sorted(text.splitlines())


VALUES = st.lists(st.tuples(st.sampled_from((UP, SENT)), st.integers(0, 30)), min_size=1, max_size=2)
Step = tuple[str, str, object, list[tuple[Metric, int]]]
STEPS: st.SearchStrategy[list[Step]] = st.lists(st.one_of(
    st.tuples(st.just("put"), st.sampled_from(UNITS), st.sampled_from(DEVICES), VALUES),
    st.tuples(st.just("keep"), st.sampled_from(UNITS), st.sets(st.sampled_from(DEVICES)), st.just([])),
    st.tuples(st.just("scrape"), st.just(""), st.sampled_from((None, UP.series, SENT.series)), st.just([])),
    st.tuples(st.just("publish"), st.just(""), st.just(""), st.just([])),
), min_size=5, max_size=60)  # fmt: skip


@settings(deadline=None)
@given(STEPS)
def test_joined_after_any_changes_it_is_as_if_rendered_anew(
    steps: list[Step],
) -> None:
    """Devices come, change, move and go, scrapes of all or of a part come between: it is the text of what is there."""
    exposition, there = Exposition([UP, SENT]), dict[tuple[str, str], Lines]()
    for what, unit, who, values in steps:
        if what == "put":
            there[unit, str(who)] = said(unit, str(who), values)
            exposition.put_device(unit, str(who), there[unit, str(who)])
        elif what == "keep" and isinstance(who, set):
            there = {key: lines for key, lines in there.items() if key[0] != unit or key[1] in who}
            exposition.keep_devices(unit, who)
        elif what == "scrape":
            exposition.devices_page(only=frozenset((who,)) if isinstance(who, str) else None).packed(Format.CLASSIC)
        else:
            exposition.publish()
    exposition.publish()
    fresh = Exposition([UP, SENT])
    for (unit, device), lines in sorted(there.items(), reverse=True):
        fresh.put_device(unit, device, lines)
    fresh.publish()
    for form in Format:
        assert plain(exposition.devices_page(), form) == plain(fresh.devices_page(), form)
        assert gunzipped(exposition.devices_page(), form) == gunzipped(fresh.devices_page(), form)
        assert rows(gunzipped(fresh.devices_page(), form)) == rows(plain(fresh.devices_page(), form))
    parts = [exposition.devices_page(only=frozenset((metric.series,))) for metric in (UP, SENT)]
    assert "".join(gunzipped(page, Format.CLASSIC) for page in parts) == gunzipped(fresh.devices_page(), Format.CLASSIC)
    assert sum(exposition.device_series.values()) == plain(fresh.devices_page(), Format.CLASSIC).count("\nsansang_")


def city(devices: int = 60) -> Exposition:
    exposition = Exposition([UP, SENT])
    for number in range(devices):
        device = f"device-{number}"
        exposition.put_device("27259", device, said("27259", device, [(UP, 8), (SENT, 8)]))
    exposition.publish()
    return exposition


def test_both_formats_are_read_and_say_the_same() -> None:
    """By prometheus-client's parsers, compressed and not; families are whole, a counter is one."""
    page = city(3).devices_page()
    found = {}
    for form, parse in ((Format.CLASSIC, parse_classic), (Format.OPENMETRICS, parse_openmetrics)):
        families = list(parse(gunzipped(page, form)))
        assert [(one.name, one.type) for one in families] == [
            ("sansang_connectivity_up", "gauge"), ("sansang_uplink_sent_bytes", "counter"),
        ]  # fmt: skip
        found[form] = sorted(str(sample) for one in families for sample in one.samples)
        assert sorted(str(sample) for one in parse(plain(page, form)) for sample in one.samples) == found[form]
    assert found[Format.CLASSIC] == found[Format.OPENMETRICS]
    assert len(found[Format.CLASSIC]) == 2 * 3 * 9


def test_only_what_changed_is_compressed_again() -> None:
    """The blocks of the other family, and those that the changed device is not in, stay the same objects."""
    section = Section(city().devices_page().views[0].families)
    for number in range(60):
        section.put("27259", f"device-{number}", said("27259", f"device-{number}", [(UP, 8), (SENT, 8)]))
    section.publish()
    before = section.parts["27259"].packed()
    assert len(before[UP.series].blocks) > 4
    assert min(block.size for block in before[UP.series].blocks) > BLOCK / 8
    section.put("27259", "device-7", said("27259", "device-7", [(UP, 7), (SENT, 8)]))
    section.publish()
    after = section.parts["27259"].packed()
    assert after[SENT.series] is before[SENT.series]
    pairs = zip(after[UP.series].blocks, before[UP.series].blocks, strict=True)
    assert sum(new is not old for new, old in pairs) == 1
    section.put("27259", "device-7", said("27259", "device-7", [(UP, 7), (SENT, 8)]))
    assert not section.publish()


def test_a_page_keeps_its_state_whatever_comes_after() -> None:
    """What is put is not seen before it is published, and a page that was taken before never sees it."""
    exposition = city(20)
    taken, before = exposition.devices_page(), plain(exposition.devices_page(), Format.CLASSIC)
    for number in range(10):
        exposition.put_device("27259", f"device-{number}", said("27259", f"device-{number}", [(UP, 1)]))
    assert exposition.devices_text() == before
    exposition.keep_devices("27259", {"device-3"})
    exposition.publish()
    assert plain(taken, Format.CLASSIC) == before
    assert rows(gunzipped(taken, Format.CLASSIC)) == rows(before)
    assert exposition.devices_text().count("\nsansang_") == 2


def test_a_unit_is_alone_on_its_page_and_a_shard_has_the_units_of_its_hash() -> None:
    """The shards together are everything, and nothing is in two."""
    exposition = Exposition([UP])
    codes = [f"{number:05}" for number in range(26000, 26060)]
    for code in codes:
        exposition.put_device(code, "d", {UP.series: line(UP.series, 1, {"unit": code})})
    exposition.publish()
    assert exposition.devices_text("26007").count("\nsansang_") == 1
    assert exposition.devices_text("99999") == ""
    pages = [plain(exposition.devices_page(shard=Shard(index, 4)), Format.CLASSIC) for index in range(4)]
    found = [row for page in pages for row in page.splitlines() if not row.startswith("#")]
    assert sorted(found) == [f'{UP.series}{{unit="{code}"}} 1' for code in codes]


def test_compressed_pages_are_kept_until_something_changes() -> None:
    """So many of them, and none of another generation."""
    exposition = city(2)
    page = exposition.devices_page()
    packed = page.packed(Format.CLASSIC)
    exposition.keep(page, Format.CLASSIC, packed, exposition.generation)
    assert exposition.kept(exposition.devices_page(), Format.CLASSIC) is packed
    assert exposition.kept(page, Format.OPENMETRICS) is None
    for count in range(1, KEPT + 1):
        other = exposition.devices_page(shard=Shard(0, count))
        exposition.keep(other, Format.CLASSIC, packed, exposition.generation)
    assert exposition.kept(page, Format.CLASSIC) is None
    old = exposition.generation
    exposition.publish()
    assert exposition.generation == old
    exposition.put_standards("# HELP a b\n# TYPE a gauge\na 1\n")
    exposition.publish()
    exposition.keep(page, Format.CLASSIC, packed, old)
    assert exposition.kept(page, Format.CLASSIC) is None
    assert (exposition.unit_series, exposition.generation) == (1, old + 1)
