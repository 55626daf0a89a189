"""Results are decoded once: what was said before is the same object, and of many devices the newest are kept."""

from __future__ import annotations

import msgspec

from checks.kit.model import Outcome, Result, Sample
from collector import results
from collector.results import Decoded
from collector.store.devices import Device
from collector.store.states import Latest, State

AT = 1_800_000_000_000_000
WAY, DISK = ("connectivity", "portal"), ("storage", "")


def device(name: str = "a", moved_at: int | None = None) -> Device:
    return Device(
        id=name, unit="27259", role="pc", status="active", name="", public_key=b"", enrolled_at=0, moved_at=moved_at
    )


def latest(key: tuple[str, str], at: int = AT, value: float = 1.0) -> Latest:
    check, target = key
    result = Result(
        check=check, target=target, outcome=Outcome.OK, at=7, mono=0, boot="b", facts={"kind": "ssd"},
        samples=(Sample("connectivity_phase", value, {"phase": "tcp"}),),
    )  # fmt: skip
    return Latest(1, 1, at, msgspec.json.encode(result))


def state(name: str = "a", **changes: Latest) -> State:
    told = {"|".join(key): latest(key) for key in (WAY, DISK)}
    return State(device=name, results=told | {key.replace("_", "|"): one for key, one in changes.items()})


def test_a_result_is_as_it_was_sent_with_the_collectors_time() -> None:
    found = Decoded().of(device(), state())
    assert set(found) == {WAY, DISK}
    sent = msgspec.json.decode(latest(WAY).raw, type=Result)
    assert found[WAY] == msgspec.structs.replace(sent, at=AT)


def test_what_nothing_newer_came_of_is_not_decoded_again() -> None:
    decoded, first = Decoded(), state()
    found = decoded.of(device(), first)
    assert decoded.of(device(), first) is found
    news = decoded.of(device(), state(connectivity_portal=latest(WAY, AT + 5, 2.0)))
    assert news[DISK] is found[DISK]
    assert (news[WAY].at, news[WAY].samples[0].value) == (AT + 5, 2.0)
    assert found[WAY].at == AT


def test_a_state_read_from_the_store_again_is_the_same() -> None:
    """Replicas read each other's: the rows are equal, the objects are not."""
    decoded = Decoded()
    found = decoded.of(device(), state())
    assert all(decoded.of(device(), state())[key] is found[key] for key in (WAY, DISK))


def test_devices_have_names_and_labels_together() -> None:
    decoded = Decoded()
    one, other = (decoded.of(device(name), state(name))[WAY] for name in "ab")
    assert one.samples[0].labels is other.samples[0].labels
    assert one.samples[0].name is other.samples[0].name
    assert one.check is other.check


def test_what_a_moved_device_found_at_its_old_place_is_left_out() -> None:
    """Also when it is moved after its results were decoded; what is of the device itself stays."""
    decoded, before = Decoded(), state()
    assert set(decoded.of(device(), before)) == {WAY, DISK}
    assert set(decoded.of(device(moved_at=AT + 1), before)) == {DISK}
    assert set(decoded.of(device(moved_at=AT), before)) == {WAY, DISK}


def test_no_more_devices_are_kept_than_there_is_room_for() -> None:
    """Those that changed last; the others are decoded when they are asked for."""
    decoded = Decoded(kept=2)
    states = {name: state(name) for name in "abc"}
    found = {name: decoded.of(device(name), states[name]) for name in "abc"}
    assert decoded.of(device("c"), states["c"]) is found["c"]
    assert decoded.of(device("b"), states["b"]) is found["b"]
    again = decoded.of(device("a"), states["a"])
    assert again is not found["a"]
    assert again == found["a"]


def test_names_that_an_agent_makes_up_are_not_kept_for_ever() -> None:
    words: dict[str, str] = {}
    for number in range(results.WORDS + 2):
        results.shared(words, str(number), str(number))
    assert len(words) == 2


def test_of_a_device_that_never_spoke_nothing_is_kept() -> None:
    assert Decoded().of(device(), State(device="a")) == {}
