"""What ``sansang-agent check --json`` prints, as a JSON Schema: a promise to whoever reads it with a program."""

from __future__ import annotations

from typing import Any

import msgspec

from checks.kit.model import Outcome, Reason, Result

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLACE = "checks/results.schema.json"
"""Where the same text is kept, for those who only have the files."""


def results() -> str:
    """The schema, derived from the results' own type, each line ended. ``reason`` is one of those that are known, and
    what failed or could not be measured has one."""
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "$id": "urn:sansang:results:1",
        "title": "Results of sansang-agent check --json",
        "description": "Times are microseconds: `at` since 1970 (UTC), `mono` since the device booted, `took` a "
        "length. A sample is its metric's name, its value in the base unit, and its labels. Keys with default values "
        "are left out.",
        **msgspec.json.schema(list[Result]),
    }
    result: dict[str, Any] = schema["$defs"]["Result"]
    result["properties"]["reason"] = {"enum": sorted(Reason)}
    result["if"] = {"properties": {"outcome": {"enum": [Outcome.FAILED, Outcome.ERROR]}}}
    result["then"] = {"required": ["reason"]}
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
