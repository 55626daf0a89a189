"""Whether a Linux PC keeps out what nobody asked for: by the program that keeps the rules, else by the rules."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from checks.kit.host import Host
from checks.kit.support_state import Finding


def linux(ufw: str, running: frozenset[str], ruleset: str | None, host: Host) -> Finding:
    """By the program that keeps it, else by the kernel's rules. Rules that only keep some out are not judged."""
    if re.search(r"^\s*ENABLED=[\"']?yes", ufw, re.M):
        return Finding(True, "ufw")
    if "firewalld" in running:
        return Finding(True, "firewalld")
    if ruleset is None:
        return Finding(None, "needs_rights")
    if found := parse_ruleset(ruleset):
        return found
    old = host.read("/proc/net/ip_tables_names")
    return Finding(None, "rules_unjudged") if old is None or old.strip() else Finding(False, "no_rules")


def parse_ruleset(text: str) -> Finding | None:
    """``nft -j list ruleset``: yes when a chain of the hook ``input`` drops what it does not know, by its policy or by
    a rule for all packets; None when there is no such chain."""
    try:
        items = msgspec.json.decode(text.encode(), type=dict[str, list[dict[str, Any]]]).get("nftables", [])
    except (msgspec.DecodeError, UnicodeEncodeError):
        return Finding(None, "rules_unjudged")
    chains = [one for item in items if isinstance(one := item.get("chain"), dict) and one.get("hook") == "input"]
    if not chains:
        return None
    names = {(one.get("family"), one.get("table"), one.get("name")) for one in chains}
    rules = [one for item in items if isinstance(one := item.get("rule"), dict)
             and (one.get("family"), one.get("table"), one.get("chain")) in names]  # fmt: skip
    drops = any(one.get("policy") == "drop" for one in chains) or any(_drops_all(one.get("expr")) for one in rules)
    return Finding(True, "nftables") if drops else Finding(None, "rules_unjudged")


def _drops_all(expressions: Any) -> bool:
    if not isinstance(expressions, list):
        return False
    names = {name for one in expressions if isinstance(one, dict) for name in one}
    return bool(names & {"drop", "reject"}) and names <= {"drop", "reject", "counter", "log"}
