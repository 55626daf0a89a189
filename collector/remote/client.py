"""One receiver over HTTP: credentials, TLS, deadlines. Redirects are not followed: they would carry the credentials."""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from pathlib import Path

import aiohttp

from collector import VERSION
from collector.remote import answers
from collector.remote.answers import Answer, Fate
from collector.remote.proto import HEADERS
from collector.remote.settings import Endpoint

READ = 2048
"""Bytes of an answer that are read."""


class Client:
    """Posts bodies to `endpoint`, one connection at a time. Use from one event loop; close it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes) -> Answer:
        """What the receiver makes of `body`. Never raises for what a receiver or a file does."""
        try:
            return await self._post(body)
        except (OSError, UnicodeDecodeError, aiohttp.ClientError, ValueError) as why:
            return Answer(Fate.HELD, _failure(why), _said(why))

    async def _post(self, body: bytes) -> Answer:
        session, headers = await self._opened(), await asyncio.to_thread(self._headers)
        limit = aiohttp.ClientTimeout(total=self._endpoint.timeout_seconds)
        url = self._endpoint.url
        async with session.post(url, data=body, headers=headers, allow_redirects=False, timeout=limit) as reply:
            text = (await reply.content.read(READ)).decode("utf-8", "replace")
            return answers.read(reply.status, text, reply.headers.get("Retry-After", ""), time.time())

    async def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            context = await asyncio.to_thread(self._tls)
            connector = aiohttp.TCPConnector(limit=1, ssl=context)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    def _tls(self) -> ssl.SSLContext:
        file = self._endpoint.ca_file
        try:
            context = ssl.create_default_context(cafile=file or None)
        except OSError as why:  # an SSLError is one too
            raise CredentialsMissing(f"{file}: cannot be used: {(why.strerror or str(why)).lower()}") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _headers(self) -> dict[str, str]:
        """With the credentials as their files have them now. Raises CredentialsMissing."""
        endpoint = self._endpoint
        own = {**HEADERS, "User-Agent": f"sansang-collector/{VERSION}"}
        if endpoint.bearer_file:
            own["Authorization"] = f"Bearer {_secret(endpoint.bearer_file)}"
        elif endpoint.username:
            login = f"{endpoint.username}:{_secret(endpoint.password_file)}".encode()
            own["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
        return {**endpoint.headers, **own}

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


class CredentialsMissing(ValueError):
    """The file of a password, a token or an authority cannot be used."""


def _secret(file: str) -> str:
    """The first line of `file`."""
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as why:
        said = (getattr(why, "strerror", None) or "it is not text").lower()
        raise CredentialsMissing(f"{file}: cannot be read: {said}") from None
    if not lines or not lines[0].strip():
        raise CredentialsMissing(f"{file}: is empty")
    return lines[0].strip()


def _failure(why: Exception) -> str:
    if isinstance(why, CredentialsMissing):
        return "credentials"
    if isinstance(why, TimeoutError):
        return "timeout"
    if isinstance(why, aiohttp.ClientSSLError | ssl.SSLError | aiohttp.ServerFingerprintMismatch):
        return "tls"
    return "unreachable" if isinstance(why, aiohttp.ClientConnectorError) else "interrupted"


def _said(why: Exception) -> str:
    return " ".join(str(why).split())[:200] or type(why).__name__
