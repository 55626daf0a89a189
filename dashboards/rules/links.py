"""Where an alert leads: the runbook's section about it, and the product's page of what it is about.

Both are pages of the collector that told what the alert is about, whose address its own series tell: links work without
typing one, also with the collectors of several localities, and without any host outside.
"""

from __future__ import annotations

from collections.abc import Sequence

RUNBOOK = "RUNBOOK.md"
COLLECTORS = 'sansang_collector_info{url!=""}'
OWN = {
    "unit": "sansang_unit_info{unit=%q}",
    "finding": "sansang_finding{id=%q}",
    "instance": "sansang_collector_info{instance=%q}",
    "locality": "sansang_unit_info{locality=%q}",
}
"""By label of an alert the series that its collector exports; the first label that the alert has tells."""
PAGES = {"device": "/devices/", "unit": "/units/", "finding": "/findings/"}
"""By label the page about what it names; the first that the alert has is the nearest to what is wrong."""


def anchor(name: str) -> str:
    """Where RUNBOOK.md explains an alert."""
    return f"#alert-{name.lower()}"


def runbook_url(name: str, labels: Sequence[str]) -> str:
    """A template: the section about the alert `name`, which has `labels`. Where its own collector is not known, as when
    it is down, the first of the others by address; where none is, the file's name."""
    return f"{_with(labels, others=True)}/runbook{{{{ else }}}}{RUNBOOK}{{{{ end }}}}{anchor(name)}"


def page_url(labels: Sequence[str]) -> str:
    """A template: the page of what an alert with `labels` is about, "" where its own collector is not known. One that
    is about all of them leads to the first page of the first by address."""
    label = next((one for one in PAGES if one in labels), "")
    path = f"{PAGES[label]}{{{{ $labels.{label} }}}}" if label else "/"
    return f"{_with(labels, others=False)}{path}{{{{ end }}}}"


def _with(labels: Sequence[str], *, others: bool) -> str:
    """Begins a ``with`` and says the collector's address."""
    label = next((one for one in OWN if one in labels), "")
    own = f"{COLLECTORS} and on (instance) {OWN[label]}" if label else COLLECTORS
    asked = f"{own} or on () {COLLECTORS}" if others and label else own
    query = f"printf `{asked}` $labels.{label} | query" if label else f"query `{asked}`"
    return f"{{{{ with {query} | sortByLabel `url` }}}}{{{{ . | first | label `url` }}}}"
