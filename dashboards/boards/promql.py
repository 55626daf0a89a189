"""What several panels ask in the same words. Dashboard variables stand in the text: ``$locality``, ``$provider``,
``$unit``, ``$requirement``. Every side that is joined to is made unique first, so that two collectors that export the
same unit for a while (one takes over) are no error."""

from __future__ import annotations

VERDICTS = (("not_ready", "3 * "), ("at_risk", "2 * "), ("unknown", ""), ("ready", "0 * "))
UNMET = VERDICTS[:3]
UNITS = 'sansang_unit_info{locality=~"$locality"}'
HERE = '{unit=~"$unit"}'


def named(expr: str, labels: str = "name") -> str:
    """`expr`, by unit, of the chosen localities, with the unit's `labels`."""
    return f"({expr}) * on (unit) group_left ({labels}) max by (unit, {labels}) ({UNITS})"


def among(expr: str) -> str:
    """`expr` of the chosen localities' units only."""
    return f"({expr}) and on (unit) {UNITS}"


def selector(*matchers: str) -> str:
    said = ", ".join(each for each in matchers if each)
    return f"{{{said}}}" if said else ""


def equal(label: str, value: str) -> str:
    return f'{label}="{value}"'


def rank(back: str = "", unit: str = "") -> str:
    """Each unit's verdict as a number (:data:`dashboards.boards.look.RANKS`); `back` is ``offset 1d``."""
    sets = (f"{scale}sansang_unit_verdict{selector(unit, equal('verdict', each))}" for each, scale in VERDICTS)
    return f"max by (unit) ({' or '.join(f'{each} {back}'.rstrip() for each in sets)})"


def requirement_rank(unit: str = "") -> str:
    """The same of each requirement."""
    sets = (f"{scale}sansang_unit_requirement{selector(unit, equal('state', each))}" for each, scale in VERDICTS)
    return f"max by (unit, requirement) ({' or '.join(sets)})"


def unmet(unit: str = "") -> str:
    """The same of those requirements only that are not met; of a whole country these are few."""
    sets = (f"{scale}(sansang_unit_requirement{selector(unit, equal('state', each))} == 1)" for each, scale in UNMET)
    return f"max by (unit, requirement) ({' or '.join(sets)})"


def counting(unit: str = "") -> str:
    """The same without those that are waived, which no verdict counts."""
    return f'({unmet(unit)} unless on (unit, requirement) sansang_unit_requirement_waived{{kind="waiver"}})'


def titled(expr: str, lang: str, matchers: str = "", labels: str = "") -> str:
    """`expr`, by requirement, with the requirement's title and more of its `labels`; only those `matchers` name."""
    wanted = f"title_{lang}{', ' + labels if labels else ''}"
    info = f"max by (requirement, {wanted}) (sansang_requirement_info{selector(matchers)})"
    return f"({expr}) * on (requirement) group_left ({wanted}) {info}"


def system(expr: str, lang: str) -> str:
    """`expr`, by target, with the system's title."""
    return f"({expr}) * on (target) group_left (title_{lang}) max by (target, title_{lang}) (sansang_target_info)"


def limit(requirement: str, band: str) -> str:
    """One limit of the profile, without labels; nothing where the profile has none, so that what is compared with it is
    empty and not good."""
    return f'max(sansang_requirement_threshold{{requirement="{requirement}", band="{band}"}})'


def compared(expr: str, sign: str, requirement: str, band: str) -> str:
    """`expr` where it stands so to that limit."""
    return f"({expr}) {sign} on () group_left () {limit(requirement, band)}"


def findings(expr: str) -> str:
    """`expr`, by finding, of those that stop a unit of the chosen localities."""
    return f"({expr}) and on (id) (sansang_finding_unit and on (unit) {UNITS})"


def lowest(count: int, expr: str) -> str:
    return f"bottomk({count}, {expr})"


def highest(count: int, expr: str) -> str:
    return f"topk({count}, {expr})"


def or_zero(expr: str) -> str:
    """A count of nothing is 0, as long as any unit is known at all."""
    return f"({expr}) or on () (0 * count(sansang_unit_info))"
