"""Pieces of PromQL and of message templates that many rules share."""

from __future__ import annotations

from collector.catalog import meanings

MEANINGS = meanings()
CONTEXT = "unit:sansang_unit_info:finding"
"""By unit its name and locality, and the finding that explains it where one does; recorded in :mod:`recording`."""
FINDINGS = "finding:sansang_finding_units:located"
"""By finding all its labels and its locality; the value is the number of units it stops."""
SERVER_LEFT = "target:sansang_connectivity_certificate_left_seconds:median"
"""What is left of a system's certificate, by the median of devices: one with a wrong clock does not decide."""
DAY = 86400


def indented(text: str) -> str:
    """`text`, two spaces further in."""
    return "\n".join("  " + line for line in text.splitlines())


def of_unit(expr: str) -> str:
    """`expr` by unit, with the unit's name and locality."""
    return f"(\n{indented(expr)}\n)\n* on (unit) group_left (name, locality) {CONTEXT}"


def explained(expr: str) -> str:
    """As `of_unit`, with the finding that explains it: while that one is told, Alertmanager keeps this one back."""
    return f"(\n{indented(expr)}\n)\n* on (unit) group_left (name, locality, finding) {CONTEXT}"


def held(expr: str, sign: str, requirement: str, band: str, by: str = "unit") -> str:
    """`expr` where it stands so to a limit of the profile, in base units, by which its unit is judged, or all of its
    `by`; nothing where the profile has none. Localities in one Prometheus keep their own: a collector judges by one."""
    limit = f'max by (instance) (sansang_requirement_threshold{{requirement="{requirement}",band="{band}"}})'
    return (
        f"{expr}\n{sign} on ({by}) group_left ()\n"
        f"  max by ({by}) (\n    sansang_unit_info * on (instance) group_left () {limit}\n  )"
    )


def place(lang: str) -> str:
    """``Phường Xóm Chiếu, máy Q1``: a device by its station, or by its id where the roster has none."""
    query = 'sansang_device_info{device=%q,station!=""}'
    return f"{{{{ $labels.name }}}}, {'PC' if lang == 'en' else 'máy'} {looked_up(query, 'station', 'device')}"


def left(lang: str) -> str:
    """``còn 20 ngày``, or that it is over: the value is what is left."""
    over, told = ("has expired", "has {} left") if lang == "en" else ("đã hết hạn", "còn {}")
    value = told.format("{{ $value | humanizeDuration }}")
    return f"{{{{ if gt $value 0.0 }}}}{value}{{{{ else }}}}{over}{{{{ end }}}}"


def looked_up(query: str, label: str, by: str) -> str:
    """What `label` is on the first result of `query`, whose ``%q`` is the alert's label `by`; else that label. For
    titles: as labels of the alert they would make a new alert whenever they change."""
    other = f"{{{{ $labels.{by} }}}}"
    found = f"{{{{ . | first | label {_quoted(label)} }}}}"
    return f"{{{{ with printf {_quoted(query)} $labels.{by} | query }}}}{found}{{{{ else }}}}{other}{{{{ end }}}}"


def worded(label: str, kind: str, lang: str, *, coded: bool = False, first: bool = False) -> str:
    """What the alert's `label` is called by the closed table `kind` (:func:`collector.meaning.meanings`), with its
    value behind it where that is `coded`, to be looked up, and a capital where it comes `first`. The value alone where
    the table lacks it."""
    cases: list[str] = []
    for value, pair in MEANINGS[kind].items():
        said = pair[lang == "en"] + (f" ({value})" if coded else "")
        said = said[0].upper() + said[1:] if first else said
        cases.append(f'{{{{ {"else if" if cases else "if"} eq $labels.{label} "{value}" }}}}{said}')
    return "".join(cases) + f"{{{{ else }}}}{{{{ $labels.{label} }}}}{{{{ end }}}}"


def listed(query: str, label: str, by: str) -> str:
    """`label` of each result of `query`, as above, set apart by semicolons; a dash where there is none."""
    each = f"{{{{ if $i }}}}; {{{{ end }}}}{{{{ $one | label {_quoted(label)} }}}}"
    rows = f"{{{{ range $i, $one := printf {_quoted(query)} $labels.{by} | query | sortByLabel {_quoted(label)} }}}}"
    return f"{rows}{each}{{{{ else }}}}–{{{{ end }}}}"


def _quoted(text: str) -> str:
    return "`" + text + "`"
