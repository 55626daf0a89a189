"""What several panels ask in the same words. Dashboard variables stand in the text: ``$locality``, ``$provider``,
``$unit``, ``$requirement``. Every side that is joined to is made unique first, so that two collectors that export the
same unit for a while (one takes over) are no error. A collector judges one locality by one profile: what is said of
requirements and systems is joined by ``instance`` to the units that the same collector tells of, so that localities in
one Prometheus keep their own titles and limits."""

from __future__ import annotations

VERDICTS = (("not_ready", "3 * "), ("at_risk", "2 * "), ("unknown", ""), ("ready", "0 * "))
UNMET = VERDICTS[:3]
UNITS = 'sansang_unit_info{locality=~"$locality"}'
HERE = '{unit=~"$unit"}'
UNIT_HERE = f"sansang_unit_info{HERE}"


def named(expr: str, labels: str = "name") -> str:
    """`expr`, by unit, of the chosen localities, with the unit's `labels`."""
    return f"({expr}) * on (unit) group_left ({labels}) max by (unit, {labels}) ({UNITS})"


def among(expr: str) -> str:
    """`expr` of the chosen localities' units only."""
    return f"({expr}) and on (unit) {UNITS}"


def told(series: str, units: str = UNITS) -> str:
    """`series` of ``/metrics`` as the collectors of `units` tell it."""
    return f"{series} and on (instance) {units}"


def one(by: str, labels: str, series: str) -> str:
    """`series` with these labels, one for each value of the label `by`, though collectors tell it differently."""
    return f"topk by ({by}) (1, max by ({by}, {labels}) ({series}))"


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
    """The same of each requirement, by the collector that tells it."""
    sets = (f"{scale}sansang_unit_requirement{selector(unit, equal('state', each))}" for each, scale in VERDICTS)
    return f"max by (instance, unit, requirement) ({' or '.join(sets)})"


def unmet(unit: str = "") -> str:
    """The same of those requirements only that are not met; of a whole country these are few."""
    sets = (f"{scale}(sansang_unit_requirement{selector(unit, equal('state', each))} == 1)" for each, scale in UNMET)
    return f"max by (instance, unit, requirement) ({' or '.join(sets)})"


def counting(unit: str = "") -> str:
    """The same without those that are waived, which no verdict counts."""
    return f'({unmet(unit)} unless on (unit, requirement) sansang_unit_requirement_waived{{kind="waiver"}})'


def titled(expr: str, lang: str, matchers: str = "", labels: str = "") -> str:
    """`expr`, by requirement and by the collector that tells it, with the title that the requirement has there and more
    of its `labels`; only those `matchers` name."""
    wanted = f"title_{lang}{', ' + labels if labels else ''}"
    info = f"max by (instance, requirement, {wanted}) (sansang_requirement_info{selector(matchers)})"
    return f"max without (instance) (({expr}) * on (instance, requirement) group_left ({wanted}) {info})"


def system(expr: str, lang: str, units: str = UNITS) -> str:
    """`expr`, by target, with the title that the system has where `units` are."""
    title = f"title_{lang}"
    info = one("target", title, told("sansang_target_info", units))
    return f"({expr}) * on (target) group_left ({title}) {info}"


def checked(expr: str, lang: str) -> str:
    """`expr`, by check, with the check's title as the label ``said``: ``title_vi`` may be a system's."""
    title = f"title_{lang}"
    info = f'label_replace({one("check", title, "sansang_check_info")}, "said", "$1", "{title}", "(.*)")'
    return f"({expr}) * on (check) group_left (said) {info}"


def placed(expr: str, here: str = "") -> str:
    """`expr`, by device, with the label ``place``: the device's station, or its id where the roster has none. `here`
    selects the devices."""
    known = f'label_replace(sansang_device_info{here}, "place", "$1", "device", "(.*)")'
    place = f'label_replace({known}, "place", "$1", "station", "(.+)")'
    return f"({expr}) * on (device) group_left (place) {one('device', 'place', place)}"


def limit(requirement: str, band: str, units: str = UNITS) -> str:
    """One limit of the profile that `units` are held to, without labels: the highest where there are several profiles,
    nothing where none has it, so that what is compared with it is empty and not good."""
    return f"max({_limits(requirement, band, units)})"


def compared(expr: str, sign: str, requirement: str, band: str) -> str:
    """`expr`, by unit, where it stands so to the limit that its unit is held to."""
    return f"({expr}) {sign} on (unit) group_left () max by (unit) ({_limits(requirement, band, UNITS)})"


def _limits(requirement: str, band: str, units: str) -> str:
    said = f'max by (instance) (sansang_requirement_threshold{{requirement="{requirement}", band="{band}"}})'
    return f"{units} * on (instance) group_left () {said}"


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
