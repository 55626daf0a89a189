"""A server that answers as Grafana's HTTP API is documented to, as far as a push uses it. It is not Grafana.

After the pages Dashboard, Folder and Dashboard Versions of the HTTP API's reference, Grafana 11.
"""

from __future__ import annotations

import asyncio
import copy
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

TOKEN = "glsa_Xq7ab92kq_0f3c"
WHEN = "2026-11-22T08:00:00+07:00"
Body = dict[str, Any]


class Grafana:
    """What it holds, and what it was asked. ``before_save`` runs ahead of every save; ``answer``, once set, is all it
    says."""

    def __init__(self) -> None:
        self.url = ""
        self.token, self.may_write, self.keeps_history = TOKEN, True, True
        self.folders: list[Body] = []
        self.boards: dict[str, Body] = {}
        self.histories: dict[str, list[Body]] = {}
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self.mismatch = {"status": "version-mismatch"}
        self.before_save: Callable[[], None] = lambda: None
        self.rewrites: Callable[[Body], None] = lambda board: None
        self.answer: Callable[[], web.Response] | None = None

    @property
    def writes(self) -> list[str]:
        return [one for one in self.asked if not one.startswith("GET")]

    def save(self, board: Body, folder: str, by: str, message: str) -> None:
        """Keeps `board` as a new version."""
        uid = board["uid"]
        version = len(self.histories.setdefault(uid, [])) + 1
        kept = copy.deepcopy(board) | {"id": 7, "version": version}
        self.rewrites(kept)
        self.boards[uid] = {"dashboard": kept, "folder": folder, "by": by}
        entry = {"version": version, "createdBy": by, "created": WHEN, "message": message}
        self.histories[uid].insert(0, entry)

    def edited(self, uid: str, by: str = "nguyen.an") -> None:
        """Somebody changes a title in the browser."""
        held = self.boards[uid]
        self.save(held["dashboard"] | {"title": "Edited"}, held["folder"], by, "")

    @web.middleware
    async def guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        self.tokens.add(request.headers.get("Authorization", ""))
        if self.answer:
            return self.answer()
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return said(401, "Invalid API key")
        if request.method == "POST" and not self.may_write:
            return said(403, "You'll need additional permissions to perform this action.")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def list_folders(self, request: web.Request) -> web.Response:
        return web.json_response(self.folders)

    async def create_folder(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if any(one["title"] == asked["title"] for one in self.folders):
            return said(409, "a folder with the same name already exists in the current location")
        folder = {"id": 1, "uid": asked.get("uid") or f"generated{len(self.folders)}", "title": asked["title"]}
        self.folders.append(folder)
        return web.json_response(folder)

    async def get_board(self, request: web.Request) -> web.Response:
        held = self.boards.get(request.match_info["uid"])
        if held is None:
            return said(404, "Dashboard not found")
        meta = {"folderUid": held["folder"], "provisioned": held.get("provisioned", False), "updatedBy": held["by"]}
        return web.json_response({"dashboard": held["dashboard"], "meta": meta})

    async def save_board(self, request: web.Request) -> web.Response:
        self.before_save()
        asked = await request.json()
        board = asked["dashboard"]
        held = self.boards.get(board["uid"])
        if held and held["dashboard"]["version"] != board.get("version") and not asked["overwrite"]:
            return said(412, "The dashboard has been changed by someone else", **self.mismatch)
        if asked["folderUid"] not in [folder["uid"] for folder in self.folders]:
            return said(400, "folder not found")
        self.save(board, asked["folderUid"], "sa-1-sansang", asked["message"])
        return web.json_response({"status": "success", "uid": board["uid"]})

    async def versions(self, request: web.Request) -> web.Response:
        if not self.keeps_history:
            return said(404, "Not found")
        found = self.histories.get(request.match_info["uid"], [])[: int(request.query["limit"])]
        return web.json_response({"continueToken": "", "versions": found})


def said(code: int, message: str, **more: str) -> web.Response:
    return web.json_response({"message": message, **more}, status=code)


def page(status: int, html: str) -> web.Response:
    return web.Response(status=status, text=html, content_type="text/html")


@contextmanager
def running(prefix: str = "", tls: ssl.SSLContext | None = None) -> Iterator[Grafana]:
    """One on a free port of 127.0.0.1, below the path `prefix`."""
    grafana, loop, started = Grafana(), asyncio.new_event_loop(), threading.Event()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        loop.run_until_complete(site.start())
        started.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    app = web.Application(middlewares=[grafana.guard])
    app.router.add_get(f"{prefix}/api/folders", grafana.list_folders)
    app.router.add_post(f"{prefix}/api/folders", grafana.create_folder)
    app.router.add_get(f"{prefix}/api/dashboards/uid/{{uid}}", grafana.get_board)
    app.router.add_get(f"{prefix}/api/dashboards/uid/{{uid}}/versions", grafana.versions)
    app.router.add_post(f"{prefix}/api/dashboards/db", grafana.save_board)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert started.wait(30)
        port = runner.addresses[0][1]
        grafana.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}{prefix}"
        yield grafana
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
