"""The opening handshake of a WebSocket, as RFC 6455 writes it."""

from __future__ import annotations

import pytest

from checks.kit.websocket import accept, closing, wrong

KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
RIGHT = {"upgrade": "WebSocket", "connection": "keep-alive, Upgrade", "sec-websocket-accept": ACCEPT}


def test_the_key_of_the_rfc_gets_the_answer_of_the_rfc() -> None:
    """§1.3."""
    assert accept(KEY) == ACCEPT
    assert wrong(RIGHT, KEY) == ""


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"upgrade": "h2c"}, "the answer 101 upgrades to something else"),
        ({"connection": "close"}, "the answer 101 lacks Connection: Upgrade"),
        ({"sec-websocket-accept": "x"}, "the answer 101 does not know our key"),
        ({"sec-websocket-extensions": "permessage-deflate"},
         "the answer 101 names an extension or a protocol that was not asked for"),
        ({"sec-websocket-protocol": "chat"}, "the answer 101 names an extension or a protocol that was not asked for"),
    ],
)  # fmt: skip
def test_what_does_not_answer_the_handshake_is_said(changed: dict[str, str], fault: str) -> None:
    """§4.1, each rule."""
    assert wrong({**RIGHT, **changed}, KEY) == fault


def test_the_close_frame_is_masked_and_says_done() -> None:
    """§5.5.1: code 1000, under the mask every client frame has."""
    assert closing(bytes(4)) == bytes.fromhex("8882 00000000 03e8")
    assert closing(bytes.fromhex("01020304")) == bytes.fromhex("8882 01020304 02ea")
