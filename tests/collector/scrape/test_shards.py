"""Shards, and how Prometheus is told of them."""

from __future__ import annotations

import pytest

from collector.ingest import Refusal
from collector.scrape import shards
from collector.scrape.shards import SERIES, Shard

CODES = [f"{number:05}" for number in range(26000, 26168)]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 168, 1024])
def test_every_unit_is_in_exactly_one_shard(count: int) -> None:
    """However many there are."""
    for code in CODES:
        assert sum(Shard(index, count).holds(code) for index in range(count)) == 1


def test_a_unit_stays_where_it_is_and_moves_only_into_its_shards_half() -> None:
    """Written down: another hash would move every unit between targets at an upgrade."""
    assert [next(i for i in range(8) if Shard(i, 8).holds(code)) for code in ("26734", "27259", "00004")] == [6, 3, 4]
    for code in CODES:
        four = next(i for i in range(4) if Shard(i, 4).holds(code))
        eight = next(i for i in range(8) if Shard(i, 8).holds(code))
        assert eight % 4 == four


def test_there_are_as_many_shards_as_keep_each_small() -> None:
    """A power of two, none over SERIES while units can be parted, and no swinging at the edge."""
    small, city = dict.fromkeys(CODES, 100), dict.fromkeys(CODES, 2000)
    assert shards.enough({}) == 1
    assert shards.enough(small) == 1
    count = shards.enough(city)
    assert count in (8, 16)
    for index in range(count):
        assert sum(size for code, size in city.items() if Shard(index, count).holds(code)) <= SERIES
    assert shards.enough(dict.fromkeys(CODES, 1900), count) == count
    assert shards.enough(small, count) == 1
    assert shards.enough({"26734": 10 * SERIES}) == 1


@pytest.mark.parametrize(
    "text", ["", "1", "4/4", "-1/4", "0/0", "0/1025", "a/b", "1/2/3", " 0/4", "0/4\n", "٠/٤", "0x0/4", "0/99999", "/4"]
)
def test_what_is_no_shard_is_refused_with_its_text(text: str) -> None:
    """400, one line."""
    with pytest.raises(Refusal) as why:
        shards.read(text)
    assert (why.value.status, why.value.code) == (400, "bad_shard")
    assert str(why.value) == f"a shard is i/n with 0 <= i < n <= 1024, such as 0/4; got {text!r}"


@pytest.mark.parametrize("text", ["0", "-1", "1025", "x", "", "1.5", "10000"])
def test_what_is_no_number_of_shards_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as why:
        shards.read_count(text)
    assert str(why.value) == f"shards is a whole number from 1 to 1024; got {text!r}"


@pytest.mark.parametrize(("url", "target", "scheme", "path"), [
    ("https://sansang.example.vn", "sansang.example.vn:443", "https", "/metrics/devices"),
    ("http://10.1.2.3:8420/", "10.1.2.3:8420", "http", "/metrics/devices"),
    ("https://x.vn/ready/", "x.vn:443", "https", "/ready/metrics/devices"),
    ("http://[::1]:8420", "[::1]:8420", "http", "/metrics/devices"),
    ("http://[2001:db8::1]", "[2001:db8::1]:80", "http", "/metrics/devices"),
    ("http://user:secret@x.vn", "x.vn:80", "http", "/metrics/devices"),
])  # fmt: skip
def test_targets_are_shards_at_one_address(url: str, target: str, scheme: str, path: str) -> None:
    """With the label that keeps their `up` apart."""
    first, second = shards.targets(2, url)
    assert first == {
        "targets": [target],
        "labels": {
            "__scheme__": scheme, "__metrics_path__": path, "__param_shard": "0/2", "shard": "0/2",
        },
    }  # fmt: skip
    assert second["labels"]["__param_shard"] == second["labels"]["shard"] == "1/2"


@pytest.mark.parametrize("host", ["", "a b", "x/y", "x@y", 'x"', "x:123456", "[::1", "x\ny", "ví-dụ.vn"])
def test_a_host_that_is_no_address_makes_no_target(host: str) -> None:
    """It is what the client sent."""
    with pytest.raises(Refusal) as why:
        shards.here("http", host)
    assert str(why.value) == "the Host header names no address; set public_url in collector.yaml"
    assert shards.here("https", "Collector.example:8420") == "https://Collector.example:8420"
