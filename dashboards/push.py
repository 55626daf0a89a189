"""Grafana's HTTP API as far as a push needs it, through grafana-api: the only module that knows that library.

The library follows redirects with the token, takes any page for JSON and has no bound, so every answer is checked in
a hook of its session before it sees it.
"""

from __future__ import annotations

import json
import re
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

import requests
from grafana_api.grafana_face import GrafanaFace
from msgspec import Struct

from dashboards import said
from dashboards.compare import Board
from dashboards.failure import Failed

ANSWER_LIMIT = 16_000_000
"""Bytes; a dashboard of ours has 120,000."""


class Held(Struct, frozen=True):
    """A dashboard as Grafana holds it, and what Grafana says about it: ``folderUid``, ``provisioned``, ``updatedBy``,
    ``updated`` ..."""

    dashboard: Board
    meta: dict[str, Any]


class Change(Struct, frozen=True):
    """The newest entry of a dashboard's history."""

    by: str
    at: str
    message: str


class Unfit(Exception):
    """An answer with an error's status. ``status`` is HTTP's, ``kind`` what Grafana calls it (412 only)."""

    def __init__(self, status: int, said: str, kind: str = "") -> None:
        super().__init__(f"{status} {said}")
        self.status, self.said, self.kind = status, said, kind


class Grafana:
    """The Grafana at `url` for the holder of `token`, a service account's. `timeout` in seconds bounds the wait for a
    connection, for the first of an answer and for the rest of it, each. Every method raises Failed."""

    def __init__(self, url: str, token: str, timeout: float, ca_file: str = "") -> None:
        parts = urllib.parse.urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        prefix = f"{parts.path.strip('/')}/" if parts.path.strip("/") else ""
        self.url, self._token, self._timeout = url.rstrip("/"), token, timeout
        self._face = GrafanaFace(token, host, parts.port, prefix, parts.scheme, ca_file or True, timeout)
        self._face.api.s.hooks["response"].append(self._checked)

    def close(self) -> None:
        self._face.api.s.close()

    def folder(self, title: str, uid: str) -> str | None:
        """The uid of the folder called `title`, else of the one with `uid`, whatever it is called."""
        answer = self._ask(self._face.folder.get_all_folders, "read folders", "đọc thư mục")
        folders = [one for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []
        named = [str(one.get("uid")) for one in folders if one.get("title") == title]
        return next(iter([*named, *(uid for one in folders if uid and one.get("uid") == uid)]), None)

    def create_folder(self, title: str, uid: str) -> str:
        """The uid of the new folder, `uid` unless that is ""."""
        answer = self._ask(
            lambda: self._face.folder.create_folder(title, uid or None), "create a folder", "tạo thư mục"
        )
        return str(_dict(answer, self.url).get("uid"))

    def dashboard(self, uid: str) -> Held | None:
        """None where there is none."""
        try:
            answer = self._ask(lambda: self._face.dashboard.get_dashboard(uid), "read dashboards", "đọc bảng", but=404)
        except Unfit:
            return None
        found = _dict(answer, self.url)
        return Held(_dict(found.get("dashboard"), self.url), _dict(found.get("meta"), self.url))

    def last_change(self, uid: str) -> Change | None:
        """None where this Grafana keeps no history, or does not tell it."""
        path = f"/dashboards/uid/{uid}/versions?limit=1"
        try:
            answer = self._ask(lambda: self._face.api.GET(path), "read the history", "đọc lịch sử", but=404)
        except Unfit:
            return None
        listed = answer.get("versions") if isinstance(answer, dict) else answer
        entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        if not entries:
            return None
        newest = max(entries, key=lambda one: one["version"] if isinstance(one.get("version"), int) else 0)
        by, at, message = (str(newest.get(key) or "") for key in ("createdBy", "created", "message"))
        return Change(self._plain(by), self._plain(at), message)

    def save(self, board: Board, folder: str, message: str, version: int | None, overwrite: bool) -> None:
        """Puts `board` into the folder with the uid `folder`, over the `version` that is there (None: there is none).
        Raises Unfit with 412 where that is not what is there any more."""
        whole = {**board, "id": None, **({} if version is None else {"version": version})}
        request = {"dashboard": whole, "folderUid": folder, "message": message, "overwrite": overwrite}
        self._ask(
            lambda: self._face.dashboard.update_dashboard(request), "write to this folder", "ghi vào thư mục này",
            but=412,
        )  # fmt: skip

    def _ask(self, call: Callable[[], Any], what: str, what_vi: str, but: int = 0) -> Any:
        """The answer of `call`. An answer with the status `but` is raised as Unfit, anything else wrong as Failed."""
        try:
            return call()
        except Unfit as why:
            if why.status == but:
                raise
            raise said.refused(self.url, why.status, why.said, (what, what_vi)) from None
        except requests.RequestException as why:
            raise self._unreached(why) from None

    def _checked(self, response: requests.Response, **_: Any) -> None:
        """Raises Unfit or Failed for what is not JSON under a status of success."""
        if response.is_redirect:
            there = urllib.parse.urljoin(response.url, response.headers.get("location", ""))
            raise said.redirected(self.url, self._plain(there.partition("?")[0]))
        body = self._read(response)
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        fields = answer if isinstance(answer, dict) else {}
        if response.status_code >= 400:
            message = str(fields.get("message") or "") or _title(body) or str(response.reason)
            raise Unfit(response.status_code, self._plain(message), self._plain(str(fields.get("status") or "")))
        if answer is None:
            raise said.a_page(self.url, self._plain(_title(body)))

    def _read(self, response: requests.Response) -> bytes:
        until, body = time.monotonic() + self._timeout, bytearray()
        for part in response.iter_content(65536):
            body += part
            if time.monotonic() > until:
                raise requests.Timeout
            if len(body) > ANSWER_LIMIT:
                raise said.too_much(self.url, ANSWER_LIMIT)
        response._content = bytes(body)
        return bytes(body)

    def _unreached(self, why: Exception) -> Failed:
        if isinstance(why, requests.Timeout):
            return said.slow(self.url, self._timeout)
        reason = self._plain(_innermost(why))
        distrusted = isinstance(why, requests.exceptions.SSLError)
        return said.distrusted(self.url, reason) if distrusted else said.unreached(self.url, reason)

    def _plain(self, text: str) -> str:
        """One short line that can be shown, without the token."""
        shown = "".join(char if char.isprintable() else " " for char in text.replace(self._token, "[token]"))
        return " ".join(shown.split())[:200]


def _dict(answer: Any, url: str) -> dict[str, Any]:
    if isinstance(answer, dict):
        return answer
    raise said.other_fields(url)


def _title(body: bytes) -> str:
    found = re.search(rb"<title[^>]*>([^<]{0,200})", body[:65536], re.IGNORECASE)
    return found[1].decode("utf-8", "replace") if found else ""


def _innermost(why: BaseException) -> str:
    """What the operating system or OpenSSL said, out of the layers around it."""
    text = str(why)
    for pattern in (r"\[Errno -?\d+\] ([^'\")\]]+)", r"certificate verify failed: ([^(\"']+)", r"\] ([^(\"']+) \(_ssl"):
        found = re.search(pattern, text)
        if found:
            return found[1].strip()
    return text.partition("(Caused by")[0] or type(why).__name__
