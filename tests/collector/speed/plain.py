"""An ndt7 client written from the specification and RFC 6455 alone: nothing of ours, nothing of aiohttp's."""

from __future__ import annotations

import asyncio
import os
import ssl
import struct

PROTOCOL = "net.measurementlab.ndt.v7"


class Plain:
    """One connection. Frames are sent as the test wants them, right or wrong."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer, self.head = reader, writer, ""

    @classmethod
    async def ask(
        cls, port: int, target: str, *, protocol: str = PROTOCOL, tls: ssl.SSLContext | None = None, **headers: str
    ) -> Plain:
        """Sends the upgrade; ``head`` is the answer's head."""
        self = cls(*await asyncio.open_connection("127.0.0.1", port, ssl=tls))
        asked = {
            "Host": "speed.example", "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "DOdm+5/Cm3WwvhfcAlhJoQ==", "Sec-WebSocket-Protocol": protocol,
        } | {name.replace("_", "-"): value for name, value in headers.items()}  # fmt: skip
        lines = "".join(f"{name}: {value}\r\n" for name, value in asked.items() if value)
        self.writer.write(f"GET {target} HTTP/1.1\r\n{lines}\r\n".encode())
        self.head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        return self

    @property
    def status(self) -> int:
        return int(self.head.split()[1])

    async def receive(self) -> tuple[int, bytes]:
        """Opcode and payload of one whole frame."""
        first, length = await self.reader.readexactly(2)
        assert first & 0xF0 == 0x80, "a server's frame is final, without extensions, and not masked"
        if length > 125:
            size = {126: 2, 127: 8}[length]
            length = int.from_bytes(await self.reader.readexactly(size), "big")
        return first & 0x0F, await self.reader.readexactly(length)

    def send(self, opcode: int, payload: bytes = b"", *, final: bool = True, masked: bool = True, rsv: int = 0) -> None:
        first, size, flag = (0x80 if final else 0) | rsv | opcode, len(payload), 0x80 if masked else 0
        if size < 126:
            head = struct.pack("!BB", first, flag | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", first, flag | 126, size)
        else:
            head = struct.pack("!BBQ", first, flag | 127, size)
        mask = os.urandom(4) if masked else b""
        self.writer.write(head + mask + (_hidden(payload, mask) if masked else payload))

    async def until_closed(self) -> tuple[int, str, list[bytes], int]:
        """Code and reason of the server's close frame, the texts before it, and how many bytes of binary messages."""
        texts: list[bytes] = []
        count = 0
        while True:
            opcode, payload = await self.receive()
            if opcode == 8:
                return struct.unpack("!H", payload[:2])[0], payload[2:].decode(), texts, count
            if opcode == 1:
                texts.append(payload)
            elif opcode == 2:
                count += len(payload)

    def close(self, code: int = 1000) -> None:
        self.send(8, struct.pack("!H", code))

    async def gone(self) -> None:
        """Until the server has closed the connection."""
        self.close()
        while await self.reader.read(65_536):
            pass
        self.writer.close()


def _hidden(payload: bytes, mask: bytes) -> bytes:
    key = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(len(payload), "big")
