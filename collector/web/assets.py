"""The pages' files, read once at start, named by their contents so that browsers may keep them for a year."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from pathlib import Path

from aiohttp import web
from msgspec import Struct

FOLDER = Path(__file__).parent / "static"
_URL = re.compile(r'url\("?([^")]+)"?\)')
_YEAR = "public, max-age=31536000, immutable"
_HOUR = "public, max-age=3600"


class Asset(Struct, frozen=True):
    body: bytes
    kind: str
    tag: str


class Assets:
    """Every file under `folder`. Those in ``vendor/`` come from packages (tools/assets.py) and may be absent:
    the pages are readable without them."""

    def __init__(self, folder: Path = FOLDER) -> None:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        self._found: dict[str, Asset] = {}
        for path in sorted(files, key=lambda path: path.suffix == ".css"):
            self._found[path.relative_to(folder).as_posix()] = self._read(path)

    def _read(self, path: Path) -> Asset:
        body = path.read_bytes()
        if path.suffix == ".css":
            body = _URL.sub(lambda found: f'url("{self.address(found[1]) or found[1]}")', body.decode()).encode()
        kind = "font/woff2" if path.suffix == ".woff2" else mimetypes.guess_type(path.name)[0]
        return Asset(body, kind or "application/octet-stream", hashlib.sha256(body).hexdigest()[:12])

    def has(self, name: str) -> bool:
        return name in self._found

    def address(self, name: str) -> str:
        """Where `name` is served, contents' hash and all; "" when there is no such file."""
        asset = self._found.get(name)
        return f"/static/{name}?v={asset.tag}" if asset else ""

    async def serve(self, request: web.Request) -> web.Response:
        asset = self._found.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound(text="not found")
        keep = _YEAR if request.query.get("v") == asset.tag else _HOUR
        headers = {"Cache-Control": keep, "X-Content-Type-Options": "nosniff"}
        return web.Response(body=asset.body, content_type=asset.kind, headers=headers)
