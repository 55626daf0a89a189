"""The largest packet, searched for in any path and found on real links."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import pathmtu
from checks.kit.net import Address, NetError
from checks.kit.pathmtu import Fit, Mtu
from tests.checks.way import drop, listening, lower, narrow, way
from tests.lab.namespaces import Office

V4, V6 = (Address("ipv4", (Office.SERVER[0], 80)), Address("ipv6", (Office.SERVER[1], 80, 0, 0)))
FOREVER = float("inf")
sizes = st.integers(576, 1500)


@given(sizes, st.sampled_from(["honest", "mute", "hole"]))
def test_any_path_is_measured_to_the_byte(link: int, kind: str) -> None:
    """Whether the router says what its link takes, only that it is too little, or nothing; in few packets."""
    asked: list[int] = []

    def fit(size: int) -> Fit:
        asked.append(size)
        if size <= link:
            return Fit("reached", size)
        return Fit("silent", size) if kind == "hole" else Fit("big", size, "r", link if kind == "honest" else 0)

    found = pathmtu.search(fit, 576, 1500, FOREVER)
    assert found.mtu == link
    assert found.blackhole == (kind == "hole" and link < 1500)
    assert found.limited_at == ("r" if kind != "hole" and link < 1500 else None)
    assert len(asked) <= (3 if kind == "honest" else 13)


@given(sizes, st.integers(0, 2**32 - 1))
def test_a_router_that_lies_about_its_link_is_not_believed(link: int, said: int) -> None:
    """What it says is tried, never taken; the search ends whatever it says."""
    found = pathmtu.search(
        lambda size: Fit("reached", size) if size <= link else Fit("big", size, "r", said), 576, 1500, FOREVER
    )
    assert found.mtu is not None
    assert found.mtu <= link
    assert found.mtu in (link, said)


def test_a_target_that_never_answers_is_unknown() -> None:
    """No size, and no black hole either."""
    assert pathmtu.search(lambda size: Fit("silent", size), 576, 1500, FOREVER) == Mtu(None, None, blackhole=False)


def test_a_search_that_runs_out_of_time_says_nothing() -> None:
    """Half a search would be a wrong number."""
    late = pathmtu.search(lambda size: Fit("reached", size), 576, 1500, time.monotonic())
    assert late == Mtu(None, None, blackhole=False)


def test_what_both_ends_agree_on_is_the_answer() -> None:
    """TCP lowered on the way tests less than it is asked to."""
    found = pathmtu.search(lambda size: Fit("reached", min(size, 1380)), 576, 1500, FOREVER)
    assert found == Mtu(1380, None, blackhole=False)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setitem(pathmtu.LOWEST, "ipv4", 1396)  # fewer steps
    monkeypatch.setitem(pathmtu.LOWEST, "ipv6", 1396)
    with way() as made:
        yield made


def _udp(made: Office, address: Address) -> Mtu:
    return made.pc.call(lambda: pathmtu.udp(address, time.monotonic() + 60))


def _tcp(made: Office, address: Address) -> Mtu:
    return made.pc.call(lambda: pathmtu.tcp(address, time.monotonic() + 60))


def test_a_plain_path_carries_a_whole_ethernet_packet(built: Office) -> None:
    """By UDP and by one full TCP segment, of both families."""
    with listening(built):
        for address in (V4, V6):
            assert (_udp(built, address).mtu, _tcp(built, address).mtu) == (1500, 1500)


def test_an_honest_link_is_found_and_named(built: Office) -> None:
    """UDP learns who limits it; TCP learns only the size."""
    narrow(built, honest=True)
    with listening(built):
        for index, address in enumerate((V4, V6)):
            tcp, udp = _tcp(built, address), _udp(built, address)
            assert (udp.mtu, udp.limited_at, udp.blackhole) == (1400, Office.ISP[index], False)
            assert (tcp.mtu, tcp.blackhole) == (1400, False)


def test_a_link_of_this_pc_limits_without_a_router(built: Office) -> None:
    """The PC's own interface takes 1400 bytes: nothing larger is sent."""
    built.pc.ip("link", "set", "router", "mtu", "1400")
    found = _udp(built, V4)
    assert (found.mtu, found.limited_at, found.blackhole) == (1400, None, False)


def test_a_black_hole_is_seen_without_rights(monkeypatch: pytest.MonkeyPatch, built: Office) -> None:
    """By UDP and by the segment that TCP sends in vain, of both families."""
    monkeypatch.setattr(pathmtu, "HIGHEST", 1404)
    narrow(built, honest=False)
    with listening(built):
        until = time.monotonic() + 60
        ways = [partial(method, address, until) for method in (pathmtu.tcp, pathmtu.udp) for address in (V4, V6)]
        found = built.pc.at_once(*ways)
    assert [(one.mtu, one.blackhole) for one in found] == [(1400, True)] * 4


def test_lowered_segments_pass_where_udp_does_not(built: Office) -> None:
    """A router that lowers what TCP agrees on hides a black hole from TCP, and so from people."""
    narrow(built, honest=False)
    lower(built)
    with listening(built):
        found = _tcp(built, V4)
    assert (found.mtu, found.blackhole) == (1380, False)


def test_no_server_is_no_measurement(built: Office) -> None:
    """TCP needs somebody to talk to; a target silent for UDP is unknown."""
    with pytest.raises(NetError) as caught:
        _tcp(built, V4)
    assert caught.value.reason == "tcp_refused"
    drop(built, "meta l4proto udp")
    assert _udp(built, V4).mtu is None
