"""Asks Windows by PowerShell, 2.0 of Windows 7 as well as 5.1 of Windows 11, in one format that both can write: lines
``name=value``. Not yet proven on a PC; tested on recorded output and with a program that stands for PowerShell.

A script writes with two functions that it finds: ``Say name value`` writes one line, ``SayAll name items fields``
writes ``name.0.field=value`` for every field of every item; what is null is not written. Windows PowerShell has
``Get-WmiObject`` in every version, so that one query serves all of them and its answers look alike; ``Get-CimInstance``
and ``ConvertTo-Json`` are missing in 2.0. Scripts that keep to cmdlets, casts and operators run in constrained
language mode (AppLocker) too.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_PRELUDE = """
$ErrorActionPreference = 'SilentlyContinue'
$ProgressPreference = 'SilentlyContinue'
try { [Console]::OutputEncoding = [Text.Encoding]::UTF8 } catch { }
function Say($name, $value) {
  if ($null -ne $value) { $name + '=' + (([string]$value) -replace '\\s+', ' ').Trim() }
}
function SayAll($name, $items, $fields) {
  $number = 0
  foreach ($item in @($items)) { if ($null -ne $item) {
    foreach ($field in $fields) { Say ($name + '.' + $number + '.' + $field) $item.$field }
    $number++
  } }
}
"""
_LINE = re.compile(r"(\w+(?:\.\d{1,3}\.\w+)*)=(.*)", re.ASCII)
_LINES, _LENGTH = 4096, 1024
_FALLBACK = "cp1258"
Answer = dict[str, Any]
"""Texts by name; ``name.0.field`` is ``{"name": [{"field": …}]}``."""


class PowerShellError(Exception):
    """PowerShell gave no answer; the message is one line without the script."""


def query(script: str, seconds: float) -> str:
    """What `script` writes, within `seconds`; blocks, to be called in a child. Cmdlets that fail are passed over.

    `script` holds no double quote: how they survive a command line differs between versions.
    Raises PowerShellError, and ValueError for a double quote.
    """
    import subprocess

    if '"' in script:
        raise ValueError("a script for PowerShell may hold no double quote")
    command = ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", _PRELUDE + script + "\nexit 0\n"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        raise PowerShellError(f"PowerShell gave no answer within {seconds:g} s") from None
    except OSError as why:
        raise PowerShellError(f"PowerShell cannot be started: {(why.strerror or 'unknown').lower()}") from None
    if done.returncode:
        raise PowerShellError(f"PowerShell ended with exit status {done.returncode}")
    return decode(done.stdout, _console())


def decode(data: bytes, console: str = _FALLBACK) -> str:
    """The text of what a Windows program wrote: UTF-8 with or without its mark when it is that; else, because old
    consoles ignore the wish for UTF-8 and programs do not know of it, in the code page `console`; else in cp1258, the
    Vietnamese one, with U+FFFD for what that does not have either.

    cp1258 writes a vowel and its tone as two characters: they are composed (NFC), so that names compare.
    """
    for encoding in ("utf-8-sig", console):
        try:
            return unicodedata.normalize("NFC", data.decode(encoding))
        except (UnicodeDecodeError, LookupError):
            continue
    return unicodedata.normalize("NFC", data.decode(_FALLBACK, "replace"))


def parse(text: str) -> Answer:
    """The lines ``name=value`` of an answer, others left out; an empty value is unknown and absent. Values are texts of
    at most 1,024 characters: ``msgspec.convert(parse(text), Type, strict=False)`` makes numbers and booleans of them.
    """
    found: Answer = {}
    for line in text.splitlines()[:_LINES]:
        match = _LINE.fullmatch(line.strip("\ufeff \r"))
        if match and match[2].strip():
            _put(found, match[1].split("."), match[2].strip()[:_LENGTH])
    return {name: _listed(value) if isinstance(value, dict) else value for name, value in found.items()}


def _put(found: Answer, path: list[str], value: str) -> None:
    for name in path[:-1]:
        below = found.setdefault(name, {})
        if not isinstance(below, dict):
            return
        found = below
    found.setdefault(path[-1], value)


def _listed(found: Answer) -> Any:
    """`found` with every level of numbers as a list, in their order."""
    below = {name: _listed(value) if isinstance(value, dict) else value for name, value in found.items()}
    if below and all(name.isdigit() for name in below):
        return [below[name] for name in sorted(below, key=int)]
    return below


def _console() -> str:
    import sys

    if sys.platform == "win32":
        import ctypes

        return f"cp{ctypes.windll.kernel32.GetOEMCP()}"
    return _FALLBACK
