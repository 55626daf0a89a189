"""The sealed batch: round trip, and every way in which one can be wrong."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
import uuid
from typing import Any

import msgspec
import nacl.bindings
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit.model import INT63, Outcome, Result, Sample
from checks.kit.wire import (
    CONTEXT,
    HEADER,
    MAGIC,
    MAX_INFLATED,
    MAX_SEALED,
    PREFIX,
    Batch,
    Gap,
    WireError,
    digest,
    seal,
    take_apart,
    unseal,
)

AGENT = "5f0c7c0e-5f43-4c55-9a7e-2f3f6f0f2a11"


class Key:
    """A device's key pair from a fixed seed; signs and verifies."""

    def __init__(self, seed: int = 1) -> None:
        self.public, self._secret = nacl.bindings.crypto_sign_seed_keypair(bytes([seed]) * 32)

    def sign(self, message: bytes) -> bytes:
        return nacl.bindings.crypto_sign(message, self._secret)[:64]

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            nacl.bindings.crypto_sign_open(signature + message, self.public)
        except nacl.exceptions.BadSignatureError:
            return False
        return True


class Believer:
    """Takes every signature, to reach what lies behind."""

    def verify(self, message: bytes, signature: bytes) -> bool:
        return True


KEY = Key()


def _result(seq: int = 1, **more: Any) -> Result:
    known = {
        "check": "connectivity",
        "target": "dvc",
        "outcome": Outcome.OK,
        "at": 1_800_000_000_000_000,
        "mono": 5,
        "boot": "b",
    }
    return Result(seq=seq, **{**known, **more})


def _batch(**more: Any) -> Batch:
    known: dict[str, Any] = {
        "v": 1, "agent": AGENT, "epoch": 1, "boot": "b", "sent_at": 2, "sent_mono": 3, "oldest": 1,
        "results": [_result(1, samples=(Sample("x_up", 1.0), Sample("x_phase", 0.5, {"phase": "tcp"})),
                            facts={"tên": "máy trạm", "n": 1, "r": 0.5, "b": True, "u": None}),
                    _result(2, outcome=Outcome.FAILED, reason="tcp_refused", detail="chữ có dấu", took=7)],
        "gaps": [Gap(3, 4, "spool_cap")], "health": {"spool_records": 2.0}, "config": "e", "version": "0.1.0",
    }  # fmt: skip
    return Batch(**{**known, **more})


def _sealed(body: bytes, agent: str = AGENT, version: bytes = b"1") -> bytes:
    """An envelope around any compressed body, correctly signed."""
    header = MAGIC + version + uuid.UUID(agent).bytes
    return header + KEY.sign(CONTEXT + header + body) + body


def _raw(patch: dict[str, Any]) -> bytes:
    """A batch's JSON with fields replaced, written by the standard library (which writes NaN)."""
    known = json.loads(msgspec.json.encode(_batch()))
    return json.dumps({**known, **patch}).encode()


def _refusal(sealed: bytes, key: Any = KEY) -> tuple[str, str]:
    with pytest.raises(WireError) as caught:
        unseal(take_apart(sealed), key)
    return caught.value.code, str(caught.value)


def test_a_batch_comes_back_as_it_was() -> None:
    """Every field, every kind of value."""
    envelope = take_apart(seal(_batch(), KEY))
    assert envelope.agent == AGENT
    assert unseal(envelope, KEY) == _batch()


def test_text_that_only_looks_like_a_nul_character_is_taken() -> None:
    """A backslash before u0000, as an error message may quote it."""
    for detail in ("\\u0000", "\\\\u0000", 'x\\"\\u0000'):
        batch = _batch(results=[_result(detail=detail)])
        assert unseal(take_apart(seal(batch, KEY)), KEY) == batch
        hidden = _batch(results=[_result(detail=detail.replace("u0000", "\0"))])
        assert _refusal(seal(hidden, KEY))[0] == "forbidden_character"


def test_an_envelope_is_magic_version_agent_signature_and_gzip() -> None:
    """Another hand could write a receiver from this sentence."""
    sealed = seal(_batch(), KEY)
    assert (sealed[:4], uuid.UUID(bytes=sealed[4:HEADER])) == (b"SSB1", uuid.UUID(AGENT))
    assert KEY.verify(b"sansang.batch.v1\0" + sealed[:HEADER] + sealed[PREFIX:], sealed[HEADER:PREFIX])
    assert json.loads(gzip.decompress(sealed[PREFIX:]))["results"][0]["check"] == "connectivity"


def test_equal_batches_are_equal_bytes_with_one_name() -> None:
    """No time of packing inside: a retried batch is recognised by its digest."""
    assert seal(_batch(), KEY) == seal(_batch(), KEY)
    assert len(digest(seal(_batch(), KEY))) == 16
    assert digest(seal(_batch(), KEY)) != digest(seal(_batch(oldest=2), KEY))


def test_a_stored_result_is_the_same_json_as_in_a_batch() -> None:
    """A spool may keep results as bytes."""
    stored = msgspec.json.encode(_batch().results[0])
    assert stored in msgspec.json.encode(_batch())
    assert msgspec.json.decode(stored, type=Result) == _batch().results[0]


@given(
    st.lists(
        st.builds(
            _result,
            seq=st.integers(0, INT63),
            target=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
            took=st.integers(0, INT63),
            samples=st.lists(st.builds(Sample, st.just("x"), st.floats(allow_nan=False, allow_infinity=False))).map(
                tuple
            ),
        ),
        max_size=5,
    )
)
def test_any_result_survives_the_way(results: list[Result]) -> None:
    """Whatever stands in it."""
    batch = _batch(results=results)
    assert unseal(take_apart(seal(batch, KEY)), KEY) == batch


@pytest.mark.parametrize(
    ("sealed", "code", "message"),
    [
        (b"", "bad_magic", "this is not a batch: it does not begin with SSB"),
        (b"<html>captive portal</html>", "bad_magic", "this is not a batch: it does not begin with SSB"),
        (b"SSB2" + b"x" * 100, "unsupported_version", "batch format b'2' is not known here, only 1"),
        (b"SSB1" + b"x" * 80, "truncated", "the batch ends after 84 bytes, inside its header"),
        (b"SSB1" + b"x" * 100, "bad_signature", "the signature is not this device's"),
        (b"x" * (MAX_SEALED + 1), "too_large", "the batch is 262145 bytes, at most 262144 are taken"),
        (_sealed(b"plain"), "not_gzip",
         "the batch cannot be inflated: Error -3 while decompressing data: incorrect header check"),
        (_sealed(gzip.compress(b"{}", mtime=0)[:-1]), "truncated", "the batch ends before its compressed data does"),
        (_sealed(gzip.compress(b"{}", mtime=0) + b"more"), "not_gzip", "there are bytes after the compressed data"),
        (_sealed(gzip.compress(b"{", mtime=0)), "not_json", "Input data was truncated"),
        (_sealed(gzip.compress(b"{}", mtime=0)), "invalid", "Object missing required field `v`"),
        (_sealed(gzip.compress(_raw({}), mtime=0), agent=str(uuid.UUID(int=1))), "agent_mismatch",
         "the batch names another agent than its envelope"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)  # fmt: skip
def test_a_wrong_envelope_is_refused_with_its_code(sealed: bytes, code: str, message: str) -> None:
    """Codes are stable: clients and counters use them."""
    assert _refusal(sealed) == (code, message)


@pytest.mark.parametrize(
    ("patch", "code", "message"),
    [
        ({"v": 2}, "unsupported_version", "batch format 2 is not known here, only 1"),
        ({"epoch": 2**63}, "invalid", "Expected `int` <= 9223372036854775807 - at `$.epoch`"),
        ({"epoch": 2**64}, "invalid", None),
        ({"epoch": 0}, "invalid", "Expected `int` >= 1 - at `$.epoch`"),
        ({"oldest": -1}, "invalid", "Expected `int` >= 0 - at `$.oldest`"),
        ({"oldest": 1.5}, "invalid", "Expected `int`, got `float` - at `$.oldest`"),
        ({"agent": None}, "invalid", "Expected `str`, got `null` - at `$.agent`"),
        ({"boot": "a\0b"}, "forbidden_character", "the batch holds a NUL character"),
        ({"boot": "\ud800"}, "not_json", None),
        ({"health": {"x": float("nan")}}, "not_json", None),
        ({"health": {"x": float("inf")}}, "not_json", None),
        ({"results": [{}]}, "invalid", "Object missing required field `check` - at `$.results[0]`"),
        ({"results": {}}, "invalid", "Expected `array`, got `object` - at `$.results`"),
        ({"gaps": [[1, 2, "x"]] * 1001}, "invalid", "Expected `array` of length <= 1000 - at `$.gaps`"),
    ],
)
def test_wrong_content_is_refused_with_its_code(patch: dict[str, Any], code: str, message: str | None) -> None:
    """What one database would make NULL and the other refuse never reaches either."""
    found = _refusal(_sealed(gzip.compress(_raw(patch), mtime=0)))
    assert found[0] == code
    assert message in {None, found[1]}


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("field", [b"results", b"unknown"])
def test_deep_nesting_is_refused(opening: bytes, field: bytes) -> None:
    """Also in a field that nobody reads."""
    raw = _raw({})[:-1] + b', "' + field + b'": ' + opening * 100_000
    assert _refusal(_sealed(gzip.compress(raw, mtime=0)))[0] in {"too_deep", "not_json", "invalid"}


def test_what_is_cut_anywhere_is_refused() -> None:
    """At every length, and with a signature that holds too: never another exception."""
    sealed = seal(_batch(), KEY)
    for length in range(len(sealed)):
        assert _refusal(sealed[:length])[0] in {"bad_magic", "unsupported_version", "truncated", "bad_signature"}
    body = sealed[PREFIX:]
    for length in range(1, len(body)):
        assert _refusal(_sealed(body[:length]))[0] == "truncated"


def test_what_is_flipped_anywhere_is_refused() -> None:
    """One bit in every byte: the signature covers all of it."""
    sealed = seal(_batch(), KEY)
    for index in range(len(sealed)):
        flipped = bytearray(sealed)
        flipped[index] ^= 1 << (index % 8)
        assert _refusal(bytes(flipped))[0] in {"bad_magic", "unsupported_version", "bad_signature"}


def test_garbage_behind_a_good_signature_is_a_wire_error() -> None:
    """A device that was taken over still cannot raise anything else: one byte changed everywhere, believed."""
    raw = msgspec.json.encode(_batch())
    for index in range(len(raw)):
        flipped = raw[:index] + bytes([raw[index] ^ 0x15]) + raw[index + 1 :]
        try:
            unseal(take_apart(_sealed(gzip.compress(flipped, 1, mtime=0))), Believer())
        except WireError:
            continue


def test_another_devices_signature_does_not_hold() -> None:
    """Nor does a signature over other words of the same device."""
    assert _refusal(seal(_batch(), Key(2)))[0] == "bad_signature"
    sealed = seal(_batch(), KEY)
    other = KEY.sign(b"sansang.get.v1\0" + sealed[:HEADER] + sealed[PREFIX:])
    assert _refusal(sealed[:HEADER] + other + sealed[PREFIX:])[0] == "bad_signature"


def test_a_bomb_is_refused_in_bounded_memory_and_time() -> None:
    """100 MB inflated: 2 MB are unpacked, once the signature holds; none before."""
    bomb = _sealed(gzip.compress(b" " * 100_000_000, mtime=0))
    assert len(bomb) <= MAX_SEALED
    envelope = take_apart(bomb)
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(WireError) as caught:
        unseal(envelope, Key(2))
    assert (caught.value.code, tracemalloc.get_traced_memory()[1] < 1_000_000) == ("bad_signature", True)
    with pytest.raises(WireError) as caught:
        unseal(envelope, KEY)
    spent, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (caught.value.code, str(caught.value)) == ("inflated_too_large", "the batch inflates past 2097152 bytes")
    assert peak < 4 * MAX_INFLATED
    assert spent < 1.0


def test_a_batch_too_large_is_not_sealed() -> None:
    """The sender learns it before the network does."""
    with pytest.raises(WireError) as caught:
        seal(_batch(results=[_result(n, detail="x" * 512) for n in range(4000)]), KEY)
    assert caught.value.code == "too_large"
    assert str(caught.value).endswith(" bytes uncompressed, at most 2097152 are taken")
    noise = [_result(n, boot=uuid.uuid5(uuid.NAMESPACE_OID, str(n)).hex * 2, detail=_noise(n)) for n in range(1500)]
    with pytest.raises(WireError) as caught:
        seal(_batch(results=noise), KEY)
    assert caught.value.code == "too_large"
    assert str(caught.value).endswith(" bytes, at most 262144 are taken")


def _noise(seed: int) -> str:
    return "".join(uuid.uuid5(uuid.NAMESPACE_URL, f"{seed}-{part}").hex for part in range(15))
